package xapi

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// randomWorld is a conversation of n posts by three people: mostly ada's
// thread with branches, answers by others and to others, quotes, and posts
// that are gone.
func randomWorld(r *rand.Rand, begin time.Time, n int) []string {
	lines := []string{"0 ada -"}
	for i := 1; i < n; i++ {
		who, up := "ada", max(0, i-1-r.IntN(3))
		if r.IntN(4) == 0 {
			who = []string{"bob", "cyd"}[r.IntN(2)]
		}
		line := fmt.Sprintf("%d %s %d", i, who, up)
		switch r.IntN(8) {
		case 0:
			line += " gap=" + []string{"deleted", "private", "suspended"}[r.IntN(3)]
		case 1:
			line += fmt.Sprintf(" quotes=%d", r.IntN(i))
		}
		lines = append(lines, line)
	}
	return lines
}

// TestSameThread: with a search that sees all, the assembled thread is the one
// that somebody who knows the whole conversation would assemble: the same
// posts in the same order, however one comes in.
func TestSameThread(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 11))
	for range 25 {
		begin := now.Add(-time.Duration(1+r.IntN(20*24)) * time.Hour)
		lines := randomWorld(r, begin, 2+r.IntN(25))
		w := world(begin, lines...)
		x, s := start(t, w, fakenet.XAPIConfig{FullArchive: true, Page: 1 + r.IntN(30)}, Config{}, nil)
		for _, p := range w.Posts {
			want, wantErr := unroll.Assemble(w.Conversation(p.ID))
			c, err := s.Fetch(t.Context(), ref(p.ID))
			if p.Gap != nil {
				if err == nil {
					t.Errorf("%s can be read", p.ID)
				}
				continue
			}
			if err != nil || wantErr != nil {
				t.Fatalf("%v, %v\n%s", err, wantErr, strings.Join(lines, "\n"))
			}
			got, err := unroll.Assemble(c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(outline(begin, &want), outline(begin, &got)); diff != "" {
				t.Fatalf("post %s: %s\n%s\ncalls %s", outlineID(begin, p.ID), diff, strings.Join(lines, "\n"), calls(x))
			}
			for _, cut := range c.Cuts {
				t.Errorf("cut %+v", cut)
			}
			for _, e := range got.Verdict.Evidence {
				if e.Rule == unroll.RuleOpenEnd {
					t.Errorf("post %s: an end is not proven: %+v\n%s", outlineID(begin, p.ID), e, strings.Join(lines, "\n"))
				}
			}
		}
	}
}

func outlineID(begin time.Time, id string) string {
	return fmt.Sprint(int(idTime(id).Sub(begin).Round(time.Minute) / time.Minute))
}

// outline writes a thread's posts, branches in brackets, gaps with "!".
func outline(begin time.Time, th *unroll.Thread) string {
	chain := func(posts []unroll.Post) string {
		var all []string
		for _, p := range posts {
			s := outlineID(begin, p.ID)
			if p.Gap != nil {
				s = "!" + s
			}
			all = append(all, s)
		}
		return strings.Join(all, " ")
	}
	out := chain(th.Posts)
	for _, b := range th.Branches {
		out += " [" + outlineID(begin, b.After) + ": " + chain(b.Posts) + "]"
	}
	return out
}

// TestMissedBySearch: a search that leaves out what is known from elsewhere
// proves nothing.
func TestMissedBySearch(t *testing.T) {
	t.Parallel()
	begin := now.Add(-time.Hour)
	lines := []string{"0 ada -", "1 ada 0", "2 ada 1", "3 ada 2"}
	for ask, want := range map[int]string{
		0: "0 1 2 3; limit 3", // 2 is missed as what 3 answers
		2: "0 1 2 3; limit 3",
	} {
		_, s := start(t, world(begin, lines...), fakenet.XAPIConfig{Unindexed: map[string]bool{idOf(begin, 2): true}}, Config{}, nil)
		posts, cuts := short(begin, fetch(t, s, idOf(begin, ask)))
		if got := posts + "; " + cuts; got != want {
			t.Errorf("asked for %d: %q, want %q", ask, got, want)
		}
	}
}

// TestEdited: every version of a post leads to the current one, and so do the
// replies to older versions.
func TestEdited(t *testing.T) {
	t.Parallel()
	begin := now.Add(-time.Hour)
	w := world(begin, "0 ada -", "5 ada 0", "6 ada 5 quotes=0", "7 bob 6")
	old, older := idOf(begin, 2), idOf(begin, 1)
	w.Posts[2].ParentID = older // written before the edits
	api := fakenet.XAPIConfig{Edits: map[string][]string{w.Posts[1].ID: {older, old, w.Posts[1].ID}}}
	for name, id := range map[string]string{"current": w.Posts[1].ID, "old": old, "older": older, "first": w.Posts[0].ID} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, s := start(t, w, api, Config{}, nil)
			c := fetch(t, s, id)
			thread, err := unroll.Assemble(c)
			if err != nil {
				t.Fatal(err)
			}
			if got := outline(begin, &thread); got != "0 5 6" || thread.Posts[1].Text != "post 5" {
				t.Errorf("thread %s, its second post %q", got, thread.Posts[1].Text)
			}
			p := thread.Posts[1]
			if !p.At.Equal(idTime(older)) || !p.EditedAt.Equal(idTime(w.Posts[1].ID)) {
				t.Errorf("written %v, edited %v", p.At, p.EditedAt)
			}
			if name != "first" && c.Asked != w.Posts[1].ID {
				t.Errorf("asked for %s", c.Asked)
			}
			if n := len(calls(x)); n > 3 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

// TestEditedAlone: an old version of a lone post leads to the current one.
func TestEditedAlone(t *testing.T) {
	t.Parallel()
	begin := now.Add(-time.Hour)
	w := world(begin, "5 ada -")
	old := idOf(begin, 2)
	api := fakenet.XAPIConfig{Edits: map[string][]string{w.Posts[0].ID: {old, w.Posts[0].ID}}}
	x, s := start(t, w, api, Config{}, nil)
	c := fetch(t, s, old)
	if c.Asked != w.Posts[0].ID || len(c.Posts) != 1 || c.Posts[0].Text != "post 5" {
		t.Errorf("asked %s, posts %+v", c.Asked, c.Posts)
	}
	if got := calls(x); got != "lrl" {
		t.Errorf("calls %s", got)
	}
}

// TestVerdicts: what the source proves, and what it does not, arrives in the
// verdict.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	recent, old := now.Add(-time.Hour), now.Add(-30*24*time.Hour)
	for name, tc := range map[string]struct {
		begin time.Time
		lines []string
		api   fakenet.XAPIConfig
		want  unroll.State
		rule  unroll.Rule
	}{
		"all found, replies by others unseen": {recent, []string{"0 ada -", "1 ada 0", "2 bob 1"}, fakenet.XAPIConfig{}, unroll.Complete, unroll.RuleEnd},
		"an old one, from the archive":        {old, []string{"0 ada -", "1 ada 0", "2 bob 1"}, fakenet.XAPIConfig{FullArchive: true}, unroll.Complete, unroll.RuleEnd},
		"an old one, from a timeline":         {old, []string{"0 ada -", "1 ada 0", "2 bob 1"}, fakenet.XAPIConfig{}, unroll.Partial, unroll.RuleCut},
		"a deleted post":                      {recent, []string{"0 ada -", "1 ada 0 gap=deleted", "2 ada 1"}, fakenet.XAPIConfig{}, unroll.Partial, unroll.RuleGap},
		"an answer to somebody":               {recent, []string{"0 bob -", "1 ada 0", "2 ada 1"}, fakenet.XAPIConfig{}, unroll.Complete, unroll.RuleEnd},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, s := start(t, world(tc.begin, tc.lines...), tc.api, Config{}, nil)
			ask := 0
			if strings.HasPrefix(tc.lines[0], "0 bob") {
				ask = 1
			}
			thread, err := unroll.Assemble(fetch(t, s, idOf(tc.begin, ask)))
			if err != nil {
				t.Fatal(err)
			}
			found := slices.ContainsFunc(thread.Verdict.Evidence, func(e unroll.Evidence) bool { return e.Rule == tc.rule })
			if thread.Verdict.State != tc.want || !found {
				t.Errorf("%+v", thread.Verdict)
			}
			if ask == 1 && (thread.ReplyTo == nil || thread.ReplyTo.Author.Handle != "bob") {
				t.Errorf("answers %+v", thread.ReplyTo)
			}
		})
	}
}
