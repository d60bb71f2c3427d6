package bot

import (
	"context"
	"strings"
	"testing"
	"time"

	"unrollbot/unroll"
)

func TestWatchAnswers(t *testing.T) {
	inTown(t, func(w *town) {
		p := w.start()
		defer p.end()
		said := func(room, command, text, want string) {
			t.Helper()
			if got := p.say(room, command, text); !strings.Contains(got, want) {
				t.Errorf("%s %s in %s: %q, want %q", command, text, room, got, want)
			}
		}
		said("room", "watch", "", "see no link")
		said("room", "unwatch", "", "do not watch that")
		said("room", "unwatch", link, "do not watch that")
		said("room", "watch", link, "🔔 I watch this thread, 2 posts long so far")
		said("room", "watch", "https://x.com/jack/status/21", "already, 2 posts")
		said("room", "watch", "", "Threads I watch here:\nhttps://unroll.example/x/20")
		said("den", "watch", "", "or reply “watch”")
		said("den", "unwatch", "https://x.com/jack/status/21", "do not watch that")
		said("room", "unwatch", "https://x.com/jack/status/21", "no longer watch that")
		said("room", "watch", link, "I watch this thread")
		said("room", "unwatch", "", "no longer watch that")
		said("room", "watch", "https://x.com/jack/status/99", "deleted by its author")
		if _, err := p.service.OptOut(context.Background(), unroll.X, "ada"); err != nil {
			t.Fatal(err)
		}
		said("room", "watch", link, "does not want their threads unrolled")
	})
}

// ending is a Responder that cannot write for long.
type ending struct {
	outbox
	until time.Time
}

func (e *ending) Address() ([]byte, time.Time) { return nil, e.until }

func TestWatchWhereNothingCanBeSentLater(t *testing.T) {
	inTown(t, func(w *town) {
		p := w.start()
		defer p.end()
		soon := &ending{until: time.Now().Add(15 * time.Minute)}
		for res, box := range map[Responder]*outbox{&outbox{}: nil, soon: &soon.outbox} {
			if box == nil {
				box = res.(*outbox)
			}
			if err := p.handler.Handle(context.Background(), Request{Platform: "chat", Command: "watch", Message: Message{Text: link}}, res); err != nil {
				t.Fatal(err)
			}
			if got := box.replies[0]; !strings.Contains(got.Text, "cannot write to you here later") || !strings.HasSuffix(got.Text, "https://unroll.example/x/20") {
				t.Errorf("%+v", got)
			}
		}
		if n := w.author.looked(); n != 0 {
			t.Errorf("%d looks for nothing", n)
		}
	})
}

// alone is such a Responder whose answers are for one person.
type alone struct{ ending }

func (*alone) Personal() {}

func TestWatchWhereOneAnswerIsAll(t *testing.T) {
	inTown(t, func(w *town) {
		p := w.start()
		defer p.end()
		res := &alone{ending{until: time.Unix(0, 0)}}
		if err := p.handler.Handle(context.Background(), Request{Platform: "chat", Command: "watch", Message: Message{Text: link}}, res); err != nil {
			t.Fatal(err)
		}
		if got := res.replies[0].Text; !strings.Contains(got, "only once here") || !strings.HasSuffix(got, "https://unroll.example/x/20") {
			t.Errorf("%q", got)
		}
	})
}

func TestWatchBounds(t *testing.T) {
	inTown(t, func(w *town) {
		p := w.start()
		defer p.end()
		p.watch("room")
		bounds := unroll.AgendaBounds{Topics: 1, Each: 1, Waiting: 1}
		lookout := func(b unroll.AgendaBounds) *Lookout {
			return NewLookout(LookoutConfig{Bounds: b}, p.store, &core{}, messages(t), nil)
		}
		for _, tt := range []struct {
			room   string
			bounds unroll.AgendaBounds
			want   string
		}{
			{"room", bounds, "I watch 1 thread here"},
			{"den", bounds, "I can take no more"},
			{"den", unroll.AgendaBounds{}, "I watch this thread, 1 post"},
		} {
			req := &Request{Platform: "chat", Chat: tt.room, User: "u"}
			got := lookout(tt.bounds).Watch(context.Background(), req, ref2, &call{phone: p.phone, address: tt.room})
			if !strings.Contains(got.Text, tt.want) {
				t.Errorf("%q, want %q", got.Text, tt.want)
			}
		}
		var last Reply
		for range 100 {
			req := &Request{Platform: "chat", Chat: "other", User: "u"}
			last = lookout(unroll.AgendaBounds{}).Watch(context.Background(), req, ref2, &call{phone: p.phone, address: "other"})
		}
		if last.Kind != unroll.KindRateLimited {
			t.Errorf("the hundredth: %+v", last)
		}
	})
}
