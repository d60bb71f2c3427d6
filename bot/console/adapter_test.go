package console_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot"
	"unrollbot/bot/console"
	"unrollbot/unroll"
)

var update = flag.Bool("update", false, "write the golden files anew")

// library is an Unroller that knows one thread.
type library struct{ thread unroll.Thread }

func (l library) Unroll(_ context.Context, ref unroll.Ref) (unroll.Thread, error) {
	switch {
	case l.thread.Has(ref.ID):
		return l.thread, nil
	case ref.ID == "503":
		return unroll.Thread{}, &unroll.Error{Kind: unroll.KindUpstream, Op: "test"}
	default:
		return unroll.Thread{}, &unroll.Error{Kind: unroll.KindNotFound, Op: "test"}
	}
}

func (l library) Refresh(ctx context.Context, ref unroll.Ref) (unroll.Thread, error) {
	return l.Unroll(ctx, ref)
}

// thread has what is hard to show in a terminal.
func thread() unroll.Thread {
	post := func(id, text string, facets ...unroll.Facet) unroll.Post {
		return unroll.Post{ID: id, URL: "https://x.com/ines/status/" + id, Text: text, Facets: facets}
	}
	at := time.Date(2026, 5, 2, 19, 5, 0, 0, time.UTC)
	covered := post("14", "The keeper's chair.")
	covered.Warning, covered.Sensitive = "fire", true
	covered.Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://img.example/chair.png", Alt: "A chair with a hole burnt through it."}}
	lens := post("12", "See the chart, and mind the escape \x1b[2J\u202e.", unroll.Facet{Start: 4, End: 13, Kind: unroll.FacetLink, URL: "https://charts.example/vane-point"})
	lens.Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://img.example/lens.png", Alt: "A lens cut in rings."}}
	return unroll.Thread{
		Schema: unroll.SchemaVersion,
		Ref:    unroll.Ref{Network: unroll.X, ID: "11"},
		Author: unroll.Author{ID: "1", Handle: "ines", Name: "Ines Halloran", URL: "https://x.com/ines"},
		Posts: []unroll.Post{
			post("11", "One small lamp, seen from twenty miles out at sea. No laser, no magic, just glass in the right place."),
			lens,
			post("13", "כל מגדלור חייב לו משהו. 織布 👩‍🔬"),
			covered,
			{ID: "15", Gap: &unroll.Gap{Reason: unroll.GapDeleted}},
			post("16", "Keep the glass clean."),
		},
		Branches:  []unroll.Branch{{After: "12", Posts: []unroll.Post{post("21", "An aside.")}}},
		Verdict:   unroll.Verdict{State: unroll.Partial, Evidence: []unroll.Evidence{{Rule: unroll.RuleGap, State: unroll.Partial, Post: "15"}}},
		Source:    "test",
		FetchedAt: at,
	}
}

func handler(t *testing.T) bot.Handler {
	t.Helper()
	return bot.NewAnswerer(bot.AnswererConfig{PublicURL: "http://localhost:8080"}, bot.NewTriggers([]string{"unroll"}), library{thread()}, phrases(t))
}

func phrases(t *testing.T) *bot.Messages {
	t.Helper()
	p, err := bot.NewMessages()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// chat runs a whole chat and gives what stood on the terminal.
func chat(t *testing.T, cfg console.Config, d bot.Dispatch, lines ...string) string {
	t.Helper()
	var out strings.Builder
	cfg.In, cfg.Out = strings.NewReader(strings.Join(lines, "\n")), &out
	a, err := console.New(cfg, d, phrases(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTranscripts(t *testing.T) {
	said := []console.Message{
		{From: "Nell", Text: "Have you seen this? https://x.com/ines/status/12"},
		{From: "Théo \x1b]0;pwned\x07", Text: "It is about lamps.\nAnd glass."},
	}
	for name, tt := range map[string]struct {
		cfg   console.Config
		lines []string
	}{
		"link":    {console.Config{Width: 60}, []string{"https://x.com/ines/status/11", "/show 2", "/show 1"}},
		"command": {console.Config{Width: 100}, []string{"/unroll https://x.com/ines/status/16", "/quit", "never read"}},
		"reply":   {console.Config{Width: 60, Lines: 12, Messages: said}, []string{"> 1 unroll", "2", "1", "/press 2", "/press 7"}},
		"refused": {console.Config{Messages: said}, []string{"> 2 unroll", "> 9 unroll", "hello", "https://x.com/a/status/404", "https://x.com/a/status/503", "1", "/show 77"}},
		"help":    {console.Config{Name: "bot"}, []string{"/start", "", "/help"}},
		"color":   {console.Config{Width: 60, Color: true}, []string{"https://x.com/ines/status/11"}},
		"german":  {console.Config{Width: 60, Locale: "de"}, []string{"https://x.com/ines/status/11"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := chat(t, tt.cfg, console.Inline{Handler: handler(t)}, tt.lines...)
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("transcript (-want +got):\n%s", diff)
			}
		})
	}
}

// The pool answers from another goroutine; the chat waits for it all the same.
func TestTranscriptIsTheSameThroughTheDispatcher(t *testing.T) {
	d := bot.NewDispatcher(bot.DispatcherConfig{}, handler(t))
	defer func() { _ = d.Close(context.Background()) }()
	lines := []string{"https://x.com/ines/status/11 https://x.com/a/status/404 and https://x.com/a/status/503", "hello", "/help"}
	inline := chat(t, console.Config{}, console.Inline{Handler: handler(t)}, lines...)
	if diff := cmp.Diff(inline, chat(t, console.Config{}, d, lines...)); diff != "" {
		t.Errorf("(-inline +dispatcher):\n%s", diff)
	}
}

// One line may get several answers; all come before the next line is asked for.
func TestAllAnswersComeBeforeThePrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := bot.HandlerFunc(func(ctx context.Context, _ bot.Request, res bot.Responder) error {
			for _, text := range []string{"one", "two"} {
				time.Sleep(time.Second)
				if err := res.Send(ctx, bot.Reply{Text: text}); err != nil {
					return err
				}
			}
			return nil
		})
		d := bot.NewDispatcher(bot.DispatcherConfig{}, slow)
		got := chat(t, console.Config{}, d, "hello")
		if err := d.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(got, "#2 unrollbot\n   one\n\n#3 unrollbot\n   two\n\n#4 you> \n") {
			t.Errorf("transcript %q", got)
		}
	})
}

type refusing struct{ err error }

func (r refusing) Dispatch(context.Context, bot.Request, bot.Responder) error { return r.err }

func TestDispatchRefuses(t *testing.T) {
	if got := chat(t, console.Config{}, refusing{bot.ErrBusy}, "hello"); !strings.Contains(got, "Too many people") {
		t.Errorf("busy: %q", got)
	}
	if got := chat(t, console.Config{}, refusing{bot.ErrClosed}, "hello", "again"); strings.Contains(got, "again") {
		t.Errorf("closed: %q", got)
	}
	if got := chat(t, console.Config{Patience: time.Millisecond}, refusing{}, "hello", "again"); !strings.Contains(got, "#2 you> again") {
		t.Errorf("never answered: %q", got)
	}
	endless := bot.HandlerFunc(func(_ context.Context, _ bot.Request, res bot.Responder) error {
		return res.Send(context.Background(), bot.Reply{Text: "once"})
	})
	if got := chat(t, console.Config{}, console.Inline{Handler: endless}, "hello"); !strings.Contains(got, "once") {
		t.Errorf("a context without an end: %q", got)
	}
	broken := bot.HandlerFunc(func(context.Context, bot.Request, bot.Responder) error { return errors.New("no way") })
	if got := chat(t, console.Config{}, console.Inline{Handler: broken}, "hello"); !strings.Contains(got, "(no way)") {
		t.Errorf("broken handler: %q", got)
	}
}

func TestRequests(t *testing.T) {
	var got []bot.Request
	note := bot.HandlerFunc(func(_ context.Context, req bot.Request, _ bot.Responder) error {
		got = append(got, req)
		return nil
	})
	cfg := console.Config{Locale: "de", Messages: []console.Message{{From: "Nell", Text: "look: https://x.com/a/status/1"}}}
	chat(t, cfg, console.Inline{Handler: note}, "> 1 unroll", "/unroll x")
	ids := map[string]bool{}
	for i := range got {
		ids[got[i].ID] = true
		got[i].ID = ""
	}
	base := bot.Request{Platform: "console", Chat: "terminal", User: "you", Locale: "de", Private: true}
	first, second := base, base
	first.Message, first.Replied = bot.Message{Text: "unroll"}, &bot.Message{Text: "look: https://x.com/a/status/1"}
	second.Command, second.Message = "unroll", bot.Message{Text: "x"}
	if diff := cmp.Diff([]bot.Request{first, second}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if len(ids) != 2 || ids[""] {
		t.Errorf("IDs %v", ids)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	in, typing := io.Pipe()
	defer typing.Close()
	a, err := console.New(console.Config{In: in, Out: io.Discard}, refusing{}, phrases(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestTooLongALine(t *testing.T) {
	a, err := console.New(console.Config{In: strings.NewReader(strings.Repeat("x", 70_000)), Out: io.Discard}, refusing{}, phrases(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("error %v", err)
	}
}
