package fxtwitter

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
	"unrollbot/unroll/source/sourcetest"
)

// TestFakenet reads worlds of every kind from the demo's own FxTwitter.
func TestFakenet(t *testing.T) {
	t.Parallel()
	read := func(t *testing.T, w fakenet.World, cfg fakenet.FxTwitterConfig, id string) (unroll.Conversation, *fakenet.FxTwitter, error) {
		t.Helper()
		net := fakenet.NewFxTwitter(w, cfg)
		base, d := sourcetest.Serve(t, net)
		s, err := New(Config{BaseURL: base}, d)
		if err != nil {
			t.Fatal(err)
		}
		conv, err := s.Fetch(t.Context(), ref(id))
		return conv, net, err
	}
	chains := []struct {
		name  string
		cfg   fakenet.FxTwitterConfig
		asked string
		calls int
	}{
		{"from the root", fakenet.FxTwitterConfig{}, "1000001", 1},
		{"from the middle", fakenet.FxTwitterConfig{}, "1000015", 1},
		{"from the end", fakenet.FxTwitterConfig{}, "1000030", 1},
		{"twice each", fakenet.FxTwitterConfig{Duplicates: true}, "1000001", 1},
		{"cut silently", fakenet.FxTwitterConfig{Below: 7}, "1000001", 5},
	}
	for _, tc := range chains {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			conv, net, err := read(t, fakenet.Chain(30), tc.cfg, tc.asked)
			if err != nil {
				t.Fatal(err)
			}
			thread, err := unroll.Assemble(conv)
			if err != nil || thread.Len() != 30 || thread.Verdict.State != unroll.Complete {
				t.Errorf("%d posts, verdict %+v, %v", thread.Len(), thread.Verdict, err)
			}
			if n := net.Calls("/2/thread/"); n != tc.calls {
				t.Errorf("%d calls, want %d", n, tc.calls)
			}
		})
	}
	t.Run("any world", func(t *testing.T) {
		t.Parallel()
		for seed := range uint64(60) {
			w := fakenet.Random(rand.New(rand.NewPCG(seed, 1)), 40)
			for _, p := range w.Posts[:4] {
				conv, _, err := read(t, w, fakenet.FxTwitterConfig{Below: int(seed % 5)}, p.ID)
				if err != nil {
					continue
				}
				sourcetest.CheckConversation(t, conv)
				if _, err := unroll.Assemble(conv); err != nil && unroll.KindOf(err) == unroll.KindInternal {
					t.Error(err)
				}
			}
		}
	})
}

func TestBudget(t *testing.T) {
	t.Parallel()
	base, d := sourcetest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var id int
		_, _ = fmt.Sscanf(r.URL.Path, "/2/thread/%d", &id)
		self, next := fmt.Sprintf("%d<%d@ada,ada,1", id, id-1), fmt.Sprintf("%d<%d@ada,ada,1", id+1, id)
		if id == 1 {
			self = "1<0,ada,1"
		}
		tell(self, self, next)(w, r) // never ends
	}))
	s, err := New(Config{BaseURL: base, MaxCalls: 4}, d)
	if err != nil {
		t.Fatal(err)
	}
	conv, err := s.Fetch(t.Context(), ref("1"))
	if err != nil {
		t.Fatal(err)
	}
	want := []unroll.Cut{{After: "5", Reason: unroll.CutBudget}}
	if diff := cmp.Diff(want, conv.Cuts); diff != "" || len(conv.Posts) != 5 {
		t.Errorf("%d posts, cuts: %s", len(conv.Posts), diff)
	}
}

// BenchmarkWalk is to grow as the number of posts does.
func BenchmarkWalk(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		env := &envelope{}
		for i := 1; i <= n; i++ {
			replies := 1
			env.Thread = append(env.Thread, &status{
				ID: fmt.Sprint(i), Author: author{ID: "1", ScreenName: "ada"}, RawText: rawText{Text: "A post of a few words."},
				ReplyingTo: &replyTo{"ada", fmt.Sprint(i - 1)}, Replies: &replies,
			})
		}
		env.Status = env.Thread[0]
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := newWalk(env)
				w.next()
				w.finish()
			}
		})
	}
}
