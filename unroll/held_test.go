package unroll

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// network is a Source with the habits of those it stands for: from above it
// shows nothing below a deleted post, and from below nothing above it.
type network struct {
	script
	posts   map[string]Post
	order   []string
	gone    map[string]bool
	chain   bool // shows one line of the author's
	forgets bool // tells no root, and no parent that is gone
	failing map[string]Kind
}

func newNetwork(lines ...string) *network {
	n := &network{posts: map[string]Post{}, gone: map[string]bool{}, failing: map[string]Kind{}}
	n.name = "network"
	for _, p := range sketch("", lines...).Posts {
		n.posts[p.ID] = p
		n.order = append(n.order, p.ID)
	}
	return n
}

func (n *network) Fetch(_ context.Context, ref Ref) (Conversation, error) {
	n.calls.Add(1)
	n.asked = append(n.asked, ref)
	return n.around(ref.ID)
}

func (n *network) around(id string) (Conversation, error) {
	if kind := n.failing[id]; kind != "" {
		return failing(kind)(x(id))
	}
	if _, known := n.posts[id]; !known || n.gone[id] {
		return failing(KindNotFound)(x(id))
	}
	shown, asked := map[string]bool{}, id
	for at := id; at != "" && !n.gone[at]; at = n.posts[at].ParentID {
		shown[at] = true
	}
	for _, other := range n.order { // parents stand before their replies
		up := n.posts[other].ParentID
		if n.gone[other] || !shown[up] || n.chain && n.has(shown, up) && up != id {
			continue
		}
		shown[other] = true
		if n.chain {
			id = other
		}
	}
	c := Conversation{Asked: asked, Ref: x(asked), Authors: map[string]Author{}, Seen: map[string]bool{}, ChainOnly: n.chain}
	for _, other := range n.order {
		if !shown[other] {
			continue
		}
		p := n.posts[other]
		if n.forgets {
			p.RootID = ""
			if n.gone[p.ParentID] {
				p.ParentID = ""
			}
		}
		c.Posts = append(c.Posts, p)
		c.Seen[other] = true
		c.Authors[p.AuthorID] = Author{ID: p.AuthorID}
	}
	return c, nil
}

func (n *network) has(shown map[string]bool, up string) bool {
	for id := range shown {
		if n.posts[id].ParentID == up {
			return true
		}
	}
	return false
}

func TestReadingAnewLosesNothing(t *testing.T) {
	chain := []string{"a1 of a1", "a2 < a1 of a1", "a3 < a2 of a1", "a4 < a3 of a1", "a5 < a4 of a1", "a6 < a5 of a1"}
	tests := []struct {
		name   string
		posts  []string
		build  func(*network) // before the first reading
		change func(*network) // between the first reading and the second
		first  string         // the post that is asked for first
		want   string
		asked  string // the posts asked for the second time
		kind   Kind
	}{
		{
			name: "a thread that did not change costs one call, at its last post", posts: chain, first: "a1",
			want: "a1 a2 a3 a4 a5 a6", asked: "a6",
		},
		{
			name: "one that goes on is topped up from its last post", posts: chain, first: "a1",
			change: func(n *network) {
				n.posts["a7"] = sketch("", "a7 < a6 of a1").Posts[0]
				n.order = append(n.order, "a7")
			},
			want: "a1 a2 a3 a4 a5 a6 a7", asked: "a6",
		},
		{
			name: "posts below one that was deleted stay", posts: chain, first: "a6",
			change: func(n *network) { n.gone["a3"] = true },
			want:   "a1 a2 [a3] a4 a5 a6", asked: "a6 a1",
		},
		{
			name: "and those below one that was deleted before", posts: chain, first: "a6",
			build: func(n *network) { n.gone["a3"] = true },
			want:  "[a3] a4 a5 a6", asked: "a6",
		},
		{
			name: "the place of a deleted post is known from when it was there", posts: chain, first: "a1",
			build: func(n *network) { n.forgets = true }, change: func(n *network) { n.gone["a3"] = true },
			want: "a1 a2 [a3] a4 a5 a6", asked: "a6 a1 a3",
		},
		{
			name: "of two in a row too", posts: chain, first: "a1",
			build: func(n *network) { n.forgets = true }, change: func(n *network) { n.gone["a3"], n.gone["a4"] = true, true },
			want: "a1 a2 [a3] [a4] a5 a6", asked: "a6 a1 a4 a3",
		},
		{
			name: "posts between two that were deleted stay", posts: chain, first: "a1",
			change: func(n *network) { n.gone["a2"], n.gone["a5"] = true, true },
			want:   "a1 [a2] a3 a4 [a5] a6", asked: "a6 a1 a4",
		},
		{
			name: "a deleted last post goes away", posts: chain, first: "a1",
			change: func(n *network) { n.gone["a6"] = true },
			want:   "a1 a2 a3 a4 a5", asked: "a6 a5",
		},
		{
			name: "the root is asked for when the end is gone", posts: chain, first: "a1",
			change: func(n *network) { n.gone["a6"], n.gone["a5"] = true, true },
			want:   "a1 a2 a3 a4", asked: "a6 a5 a1",
		},
		{
			name: "a thread that is gone is gone", posts: chain, first: "a1",
			change: func(n *network) {
				n.gone = map[string]bool{"a1": true, "a2": true, "a3": true, "a4": true, "a5": true, "a6": true}
			},
			kind: KindNotFound, asked: "a6 a5 a1",
		},
		{
			name: "an author's wish ends it at once", posts: chain, first: "a1",
			change: func(n *network) { n.failing["a6"] = KindOptedOut },
			kind:   KindOptedOut, asked: "a6",
		},
		{
			name: "while the source fails, what we hold is given", posts: chain, first: "a3",
			change: func(n *network) { n.failing["a6"] = KindUpstream },
			want:   "a1 a2 a3 a4 a5 a6", asked: "a6",
		},
		{
			name: "a side branch is seen from the last post", posts: append(slices.Clone(chain), "a9 < a2 of a1"), first: "a1",
			want: "a1 a2 a3 a4 a5 a6 | a2: a9", asked: "a6",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := newNetwork(tt.posts...)
				if tt.build != nil {
					tt.build(src)
				}
				s := service(t, newMemory(), nil, src)
				if _, err := s.Unroll(t.Context(), x(tt.first)); err != nil {
					t.Fatal(err)
				}
				if tt.change != nil {
					tt.change(src)
				}
				src.asked = nil
				time.Sleep(time.Hour)
				got, err := s.Refresh(t.Context(), x(tt.first))
				if KindOf(err) != tt.kind || outline(got) != tt.want {
					t.Errorf("got %q, %v, want %q", outline(got), err, tt.want)
				}
				if diff := cmp.Diff(tt.asked, ids(src.asked)); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
				time.Sleep(time.Hour)
				if got, err := s.Refresh(t.Context(), x(tt.first)); tt.kind == "" && (err != nil || outline(got) != tt.want) {
					t.Errorf("and once more: %q, %v, want %q", outline(got), err, tt.want)
				}
			})
		})
	}
}

func ids(refs []Ref) string {
	var out []string
	for _, r := range refs {
		out = append(out, r.ID)
	}
	return strings.Join(out, " ")
}

// A source that shows one line of the author's gives another thread for each
// post that it is asked for.
func TestLinesOfAThreadAreKeptTogether(t *testing.T) {
	build := func() (*network, *Service) {
		src := newNetwork("a1 of a1", "a2 < a1 of a1", "a3 < a2 of a1", "a4 < a3 of a1", "a8 < a2 of a1", "a9 < a8 of a1")
		src.chain = true
		return src, service(t, newMemory(), nil, src)
	}
	const both = "a1 a2 a3 a4 | a2: a8 a9"
	t.Run("a link to a branch adds it to the thread", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			src, s := build()
			for id, want := range map[string]string{"a1": "a1 a2 a3 a4", "a9": "a1 a2 a8 a9 | a2: a3 a4"} {
				if id == "a9" {
					if _, err := s.Unroll(t.Context(), x("a1")); err != nil {
						t.Fatal(err)
					}
				}
				if got, err := s.Unroll(t.Context(), x(id)); err != nil || id == "a9" && outline(got) != want {
					t.Errorf("Unroll(%s) = %q, %v, want %q", id, outline(got), err, want)
				}
			}
			if got, err := s.Unroll(t.Context(), x("a1")); err != nil || outline(got) != both {
				t.Errorf("then the root gives %q, %v, want %q", outline(got), err, both)
			}
			time.Sleep(24 * time.Hour)
			src.asked = nil
			if got, err := s.Refresh(t.Context(), x("a1")); err != nil || outline(got) != both {
				t.Errorf("read anew: %q, %v, want %q", outline(got), err, both)
			}
			if got := ids(src.asked); got != "a4 a9" {
				t.Errorf("asked for %s, want the ends of both lines", got)
			}
			time.Sleep(24 * time.Hour)
			src.gone["a8"], src.gone["a9"] = true, true
			if got, err := s.Refresh(t.Context(), x("a1")); err != nil || outline(got) != "a1 a2 a3 a4" {
				t.Errorf("with the branch deleted: %q, %v", outline(got), err)
			}
		})
	})
	t.Run("a branch that cannot be read just now stays", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			src, s := build()
			for _, id := range []string{"a1", "a9"} {
				if _, err := s.Unroll(t.Context(), x(id)); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(24 * time.Hour)
			src.failing["a9"] = KindUpstream
			if got, err := s.Refresh(t.Context(), x("a1")); err != nil || outline(got) != both {
				t.Errorf("got %q, %v, want %q", outline(got), err, both)
			} else if !got.FetchedAt.Equal(time.Now()) {
				t.Errorf("read at %v", got.FetchedAt) // else it would never be fresh
			}
		})
	})
}

// Whatever is deleted between two readings, the second shows all the rest, and
// says so where something is missing.
func TestReadingAnewLosesNothingWhateverIsDeleted(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		synctest.Test(t, func(t *testing.T) {
			lines := []string{"a1 of a1"}
			n := 2 + r.IntN(12)
			for i := 2; i <= n; i++ {
				up := i - 1
				if r.IntN(6) == 0 {
					up = 1 + r.IntN(i-1)
				}
				lines = append(lines, fmt.Sprintf("a%d < a%d of a1", i, up))
			}
			src := newNetwork(lines...)
			src.forgets = r.IntN(2) == 0
			s := service(t, newMemory(), nil, src)
			before, err := s.Unroll(t.Context(), x(fmt.Sprintf("a%d", 1+r.IntN(n))))
			if err != nil || before.Len() != n {
				t.Fatalf("%v: %q, %v", lines, outline(before), err)
			}
			for range 1 + r.IntN(2) {
				src.gone[fmt.Sprintf("a%d", 2+r.IntN(n-1))] = true
			}
			time.Sleep(time.Hour)
			src.asked = nil
			got, err := s.Refresh(t.Context(), x("a1"))
			if err != nil {
				t.Fatalf("%v without %v: %v", lines, src.gone, err)
			}
			if got.Len() != n-len(src.gone) || got.Ref != x("a1") {
				t.Fatalf("%v without %v: %q", lines, src.gone, outline(got))
			}
			for p := range got.All {
				if p.Gap == nil && src.gone[p.ID] {
					t.Fatalf("%v without %v: %q shows what is gone", lines, src.gone, outline(got))
				}
				if p.Gap == nil && src.gone[p.ParentID] && got.Verdict.State != Partial {
					t.Fatalf("%v without %v: %q is %s", lines, src.gone, outline(got), got.Verdict.State)
				}
			}
		})
	}
}
