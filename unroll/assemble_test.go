package unroll

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sketch builds a conversation from lines such as "a2 < a1": post a2 replies
// to a1. The letters of an id are its author. "a2 < a1 !" is a gap whose
// author the source tells, "?2 < a1 !" one whose author it does not.
// "a6 <- a5 of a1" tells the root of the conversation.
func sketch(asked string, lines ...string) Conversation {
	c := Conversation{
		Asked: asked, Ref: Ref{Network: X, ID: asked}, Source: "sketch",
		Authors: map[string]Author{}, Seen: map[string]bool{},
	}
	owner := func(id string) string { return strings.TrimRight(strings.TrimLeft(id, "?"), "0123456789.") }
	for i, line := range lines {
		f := strings.Fields(line)
		p := Post{ID: f[0], AuthorID: owner(f[0]), At: time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC), Text: f[0]}
		for j := 1; j < len(f); j++ {
			switch f[j] {
			case "<":
				j++
				p.ParentID, p.ParentAuthorID = f[j], owner(f[j])
			case "of":
				j++
				p.RootID = f[j]
			case "!":
				p.Gap, p.Text = &Gap{Reason: GapDeleted}, ""
			}
		}
		c.Authors[p.AuthorID] = Author{ID: p.AuthorID, Handle: p.AuthorID}
		c.Seen[p.ID] = true
		c.Posts = append(c.Posts, p)
	}
	return c
}

// outline writes a thread in one line: gaps in brackets, branches after "|".
func outline(t Thread) string {
	var b strings.Builder
	write := func(posts []Post) {
		for _, p := range posts {
			if p.Gap != nil {
				fmt.Fprintf(&b, " [%s]", p.ID)
				continue
			}
			b.WriteString(" " + p.ID)
		}
	}
	write(t.Posts)
	for _, br := range t.Branches {
		b.WriteString(" | " + br.After + ":")
		write(br.Posts)
	}
	return strings.TrimSpace(b.String())
}

func TestAssemble(t *testing.T) {
	tests := []struct {
		name  string
		asked string
		posts []string
		want  string
	}{
		{"a chain from its root", "a1", []string{"a1", "a2 < a1", "a3 < a2"}, "a1 a2 a3"},
		{"a chain from its middle", "a2", []string{"a1", "a2 < a1", "a3 < a2"}, "a1 a2 a3"},
		{"posts in any order", "a3", []string{"a3 < a2", "a1", "a2 < a1"}, "a1 a2 a3"},
		{"strangers stay out", "a1", []string{"a1", "b1 < a1", "a2 < a1", "b2 < a2", "b3 < b2"}, "a1 a2"},
		{"the author's answers to others stay out", "a1", []string{"a1", "b1 < a1", "a9 < b1", "a10 < a9", "a2 < a1"}, "a1 a2"},
		{"the longest chain wins over the first reply", "a1", []string{"a1", "a1.1 < a1", "a2 < a1", "a3 < a2"}, "a1 a2 a3 | a1: a1.1"},
		{"ties go to the earliest", "a1", []string{"a1", "a2 < a1", "a3 < a1"}, "a1 a2 | a1: a3"},
		{"branches of branches follow theirs", "a1", []string{"a1", "a2 < a1", "a3 < a2", "a4 < a3", "a5 < a1", "a6 < a5", "a7 < a5"}, "a1 a2 a3 a4 | a1: a5 a6 | a5: a7"},
		{"a lone reply by a stranger means the thread it answers", "b1", []string{"a1", "a2 < a1", "b1 < a1"}, "a1 a2"},
		{"an answer to that reply too", "a9", []string{"a1", "a2 < a1", "b1 < a1", "a9 < b1"}, "a1 a2"},
		{"a thread under a stranger's post is its own", "b1", []string{"a1", "a2 < a1", "b1 < a1", "b2 < b1"}, "b1 b2"},
		{"and so it is from its second post", "b2", []string{"a1", "a2 < a1", "b1 < a1", "b2 < b1"}, "b1 b2"},
		{"a gap whose author is told", "a1", []string{"a1", "a2 < a1 !", "a3 < a2"}, "a1 [a2] a3"},
		{"a gap of nobody between the author's posts", "a3", []string{"a1", "?2 < a1 !", "a3 < ?2"}, "a1 [?2] a3"},
		{"two gaps of nobody in a row", "a4", []string{"a1", "?2 < a1 !", "?3 < ?2 !", "a4 < ?3"}, "a1 [?2] [?3] a4"},
		{"a gap of nobody below a stranger is not the author's", "a3", []string{"b1", "?2 < b1 !", "a3 < ?2"}, "a3"},
		{"a reply to an own post that nobody holds", "a3", []string{"a3 < a2", "a4 < a3"}, "[a2] a3 a4"},
		{"what a deleted post cut off is joined", "a1", []string{"a1 of a1", "a2 < a1 of a1", "a4 < a3 of a1", "a5 < a4 of a1"}, "a1 a2 [a3] a4 a5"},
		{"from below too", "a5", []string{"a1 of a1", "a2 < a1 of a1", "a4 < a3 of a1", "a5 < a4 of a1"}, "a1 a2 [a3] a4 a5"},
		{"two holes", "a1", []string{"a1 of a1", "a3 < a2 of a1", "a5 < a4 of a1"}, "a1 [a2] a3 [a4] a5"},
		{"a cut-off side branch hangs where it began", "a1", []string{"a1 of a1", "a9 < a8 of a1", "a2 < a1 of a1", "a3 < a2 of a1"}, "a1 a2 a3 | a1: [a8] a9"},
		{"what was cut off in another conversation stays out", "a1", []string{"a1 of a1", "a2 < a1 of a1", "a5 < a4 of b1"}, "a1 a2"},
		{"duplicates count once", "a1", []string{"a1", "a2 < a1", "a2 < a1", "a1"}, "a1 a2"},
		{"a post that can be read replaces its gap", "a1", []string{"a1", "a2 < a1 !", "a2 < a1"}, "a1 a2"},
		{"a cycle", "a1", []string{"a1 < a3", "a2 < a1", "a3 < a2"}, "a2 a3 a1"},
		{"a post that replies to itself", "a1", []string{"a1 < a1", "a2 < a1"}, "a1 a2"},
		{"a deleted post as the way in", "?2", []string{"a1", "?2 < a1 !", "a3 < ?2"}, "a1 [?2] a3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Assemble(sketch(tt.asked, tt.posts...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, outline(got)); diff != "" {
				t.Errorf("thread (-want +got):\n%s", diff)
			}
			if got.Ref.ID != got.Posts[0].ID {
				t.Errorf("the thread's ref is %v, its first post %s", got.Ref, got.Posts[0].ID)
			}
		})
	}
}

func TestAssembleFails(t *testing.T) {
	tests := []struct {
		name string
		c    Conversation
		want Kind
	}{
		{"nothing", Conversation{}, KindNotFound},
		{"the asked post is not there", sketch("a9", "a1"), KindNotFound},
		{"nothing but a deleted post", sketch("a1", "a1 !"), KindDeleted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Assemble(tt.c); KindOf(err) != tt.want {
				t.Errorf("got %v, want kind %s", err, tt.want)
			}
		})
	}
}

func TestAssembleKeepsWhatTheRootAnswers(t *testing.T) {
	got, err := Assemble(sketch("b2", "a1", "b1 < a1", "b2 < b1"))
	if err != nil {
		t.Fatal(err)
	}
	if got.ReplyTo == nil || got.ReplyTo.Text != "a1" || got.ReplyTo.Author.Handle != "a" {
		t.Errorf("ReplyTo = %+v, want a's a1", got.ReplyTo)
	}
}

func TestThrough(t *testing.T) {
	thread, err := Assemble(sketch("a1", "a1", "a2 < a1", "a3 < a2", "a4 < a3", "a5 < a1", "a6 < a5", "a7 < a5"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ id, want string }{
		{"a3", "a1 a2 a3 a4 | a1: a5 a6 | a5: a7"},
		{"a6", "a1 a5 a6 | a1: a2 a3 a4 | a5: a7"},
		{"a7", "a1 a5 a7 | a1: a2 a3 a4 | a5: a6"},
		{"nobody", "a1 a2 a3 a4 | a1: a5 a6 | a5: a7"},
	} {
		before := outline(thread)
		if got := outline(thread.Through(tt.id)); got != tt.want {
			t.Errorf("Through(%s) = %s, want %s", tt.id, got, tt.want)
		}
		if after := outline(thread); after != before {
			t.Errorf("Through(%s) changed the thread itself: %s", tt.id, after)
		}
	}
}

func BenchmarkAssemble(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		lines := []string{"a1"}
		for i := 2; i <= n; i++ {
			lines = append(lines, fmt.Sprintf("a%d < a%d", i, i-1), fmt.Sprintf("b%d < a%d", i, i-1))
		}
		c := sketch("a1", lines...)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Assemble(c); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/post")
		})
	}
}
