package bot

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
)

// shelf is a store of values that counts its reads.
type shelf struct {
	data  map[string][]byte
	reads int
	err   error
}

func (s *shelf) Value(_ context.Context, key string) ([]byte, bool, error) {
	s.reads++
	v, ok := s.data[key]
	return v, ok, s.err
}

func (s *shelf) SetValue(_ context.Context, key string, value []byte, _ time.Duration) error {
	if s.data == nil {
		s.data = make(map[string][]byte)
	}
	s.data[key] = value
	return s.err
}
func (s *shelf) DeleteValue(context.Context, string) error                  { return s.err }
func (s *shelf) Claim(context.Context, string, time.Duration) (bool, error) { return true, s.err }

func TestSettingsCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var values shelf
		store := NewSettingsStore(&values)
		here, there := NewSettingsCache("chat", store), NewSettingsCache("chat", store)
		want := func(c *SettingsCache, s Settings, reads int) {
			t.Helper()
			got, err := c.Settings(t.Context(), "1")
			if diff := cmp.Diff(s, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
			if values.reads != reads {
				t.Errorf("%d reads, want %d", values.reads, reads)
			}
		}
		want(there, Settings{}, 1)
		quiet := Settings{Quiet: true, Auto: true, AutoPosts: 5, Keywords: []string{"thread"}}
		if err := here.Change(t.Context(), "1", quiet); err != nil {
			t.Fatal(err)
		}
		want(here, quiet, 1)
		want(there, Settings{}, 1) // not yet
		time.Sleep(settingsFresh + time.Second)
		want(there, quiet, 2)

		values.err = errors.New("the store is away")
		time.Sleep(settingsFresh + time.Second)
		if got, err := there.Settings(t.Context(), "1"); err == nil || !got.Quiet {
			t.Errorf("without the store: %+v, %v", got, err)
		}
		want(there, quiet, 3) // the failure is not met again at once
	})
}

func TestSettingsCacheIsBounded(t *testing.T) {
	c := NewSettingsCache("chat", NewSettingsStore(&shelf{}))
	for i := range maxCached + 10 {
		_, _ = c.Settings(t.Context(), strings.Repeat("x", i%100)+string(rune('0'+i%10))+time.Duration(i).String())
	}
	if n := c.chats.Len(); n != maxCached {
		t.Errorf("%d chats are held", n)
	}
}

// long is an Unroller whose threads have n posts, or that fails.
type long struct {
	n   int
	err error
}

func (l long) Unroll(_ context.Context, ref unroll.Ref) (unroll.Thread, error) {
	return unroll.Thread{Ref: ref, Posts: make([]unroll.Post, l.n)}, l.err
}

func (l long) Refresh(ctx context.Context, ref unroll.Ref) (unroll.Thread, error) {
	return l.Unroll(ctx, ref)
}

func TestOffers(t *testing.T) {
	auto := Settings{Auto: true}
	for _, tt := range []struct {
		name  string
		req   Request
		core  long
		offer bool
	}{
		{"a thread", Request{Message: Message{Text: "see " + link}, Settings: auto}, long{n: 3}, true},
		{"too short", Request{Message: Message{Text: link}, Settings: auto}, long{n: 2}, false},
		{"too short for this chat", Request{Message: Message{Text: link}, Settings: Settings{Auto: true, AutoPosts: 5}}, long{n: 4}, false},
		{"cannot be read", Request{Message: Message{Text: link}, Settings: auto}, long{err: errors.New("no")}, false},
		{"not wanted here", Request{Message: Message{Text: link}}, long{n: 30}, false},
		{"not for us", Request{Message: Message{Text: "<" + link + ">"}, Settings: auto}, long{n: 30}, false},
		{"not for us either", Request{Message: Message{Text: "$" + link}, Settings: auto}, long{n: 30}, false},
		{"another bot's command", Request{Command: "ban", Message: Message{Text: link}, Settings: auto}, long{n: 30}, false},
		{"asked for", Request{Command: "unroll", Message: Message{Text: link}, Settings: auto}, long{n: 30}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out outbox
			if err := answerer(t, tt.core, nil).Handle(t.Context(), tt.req, &out); err != nil {
				t.Fatal(err)
			}
			asked := tt.req.Command == "unroll"
			if got := len(out.replies) == 1 && out.replies[0].Offer; got != tt.offer || (len(out.replies) > 0) != (tt.offer || asked) {
				t.Errorf("replies: %+v", out.replies)
			}
			if (out.worked > 0) != asked {
				t.Error("an offer shows no work")
			}
		})
	}
}

func TestDeclinedRequestIsNotAnswered(t *testing.T) {
	out := outbox{err: ErrDeclined}
	if err := answerer(t, long{n: 3}, nil).Handle(t.Context(), Request{Command: "unroll", Message: Message{Text: link}}, &out); err != nil || len(out.replies) > 0 {
		t.Errorf("%v, %+v", err, out.replies)
	}
}
