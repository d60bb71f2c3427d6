package console_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot"
	"unrollbot/bot/console"
)

// keep is a Dispatch that keeps what it was given, and answers in a word.
type keep struct{ res bot.Responder }

func (k *keep) Dispatch(ctx context.Context, req bot.Request, res bot.Responder) error {
	k.res = res
	return console.Inline{Handler: bot.HandlerFunc(func(ctx context.Context, _ bot.Request, res bot.Responder) error {
		return res.Send(ctx, bot.Reply{Text: "Noted."})
	})}.Dispatch(ctx, req, res)
}

// News comes into the chat by itself, and the next line is asked for again.
func TestNews(t *testing.T) {
	var out strings.Builder
	k := &keep{}
	a, err := console.New(console.Config{In: strings.NewReader("/watch x"), Out: &out, Width: 60, Lines: 20}, k, phrases(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	address, until := k.res.(bot.Addressed).Address()
	if !until.IsZero() {
		t.Errorf("the address ends at %s", until.Format(time.RFC3339))
	}
	res, err := a.Recall(t.Context(), bot.Request{}, address)
	if err != nil {
		t.Fatal(err)
	}
	th := thread()
	if err := res.Send(t.Context(), bot.Reply{Thread: &th, PageURL: "http://localhost:8080/x/11", Page: 1, NewFrom: "14"}); err != nil {
		t.Fatal(err)
	}
	want := `
#3 unrollbot
   🔔 2 new posts by Ines Halloran

   Content warning: fire
   ▒▒▒ covered; /show 3 uncovers it

   A post is missing here: deleted by its author.

   Keep the glass clean.
   Open page: http://localhost:8080/x/11#p-14

#4 you> `
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Error(d)
	}
}
