package unroll

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func texts(c Conversation, texts ...string) Conversation {
	for i, t := range texts {
		c.Posts[i].Text = t
	}
	return c
}

func TestVerdict(t *testing.T) {
	chain := func() Conversation { return sketch("a1", "a1", "a2 < a1", "a3 < a2") }
	with := func(change func(*Conversation)) Conversation {
		c := chain()
		change(&c)
		return c
	}
	tests := []struct {
		name string
		c    Conversation
		want State
		rule Rule // that must be among the evidence
	}{
		{"everything below every post was seen", chain(), Complete, RuleEnd},
		{"a gap", sketch("a1", "a1", "a2 < a1 !", "a3 < a2"), Partial, RuleGap},
		{"a gap in a branch", sketch("a1", "a1", "a2 < a1", "a3 < a2", "a4 < a1 !", "a5 < a4"), Partial, RuleGap},
		{"a cut text", with(func(c *Conversation) { c.Posts[1].Cut = true }), Partial, RuleCutText},
		{"the source stopped", with(func(c *Conversation) { c.Cuts = []Cut{{After: "a3", Reason: CutLimit}} }), Partial, RuleCut},
		{"the source stopped below a stranger", with(func(c *Conversation) { c.Cuts = []Cut{{After: "b3", Reason: CutLimit}} }), Complete, RuleEnd},
		{"the post came without its thread", with(func(c *Conversation) { c.Cuts = []Cut{{After: "a1", Reason: CutNoThread}} }), Unknown, RuleNoThread},
		{"the source counts more", with(func(c *Conversation) { c.Count = 4 }), Partial, RuleCounter},
		{"the source counts as many", with(func(c *Conversation) { c.Count = 3 }), Complete, RuleCounter},
		{"and so replies that were not seen are not the author's", with(func(c *Conversation) { c.Count = 3; delete(c.Seen, "a3") }), Complete, RuleCounter},
		{"the source counts another line", with(func(c *Conversation) { c.Count = 2; delete(c.Seen, "a3") }), Unknown, RuleOpenEnd},
		{"the source counts the main chain and no branches", func() Conversation {
			c := sketch("a1", "a1", "a2 < a1", "a3 < a2", "a4 < a1")
			c.Count = 3
			return c
		}(), Complete, RuleCounter},
		{"replies at the end were not seen", with(func(c *Conversation) { delete(c.Seen, "a3"); c.Replies = map[string]int{"a3": 2} }), Unknown, RuleOpenEnd},
		{"nobody knows of replies at the end", with(func(c *Conversation) { delete(c.Seen, "a3") }), Unknown, RuleOpenEnd},
		{"there are none at the end", with(func(c *Conversation) { delete(c.Seen, "a3"); c.Replies = map[string]int{"a3": 0} }), Complete, RuleEnd},
		{"replies in the middle were not seen", with(func(c *Conversation) { delete(c.Seen, "a2") }), Unknown, RuleOpenEnd},
		{"the same from a source that shows chains only", with(func(c *Conversation) { delete(c.Seen, "a2"); c.ChainOnly = true }), Complete, RuleChainOnly},
		{"numbered to the end, whatever hangs below", texts(with(func(c *Conversation) { delete(c.Seen, "a3") }), "1/3 x", "2/3 y", "3/3 z"), Complete, RuleNumbering},
		{"numbered beyond the end", texts(chain(), "1/5 x", "2/5 y", "3/5 z"), Partial, RuleNumbering},
		{"a hole in the numbers", texts(chain(), "1/ x", "2/ y", "5/ z"), Partial, RuleNumbering},
		{"the chain starts in the middle of the numbers", texts(chain(), "4/6 x", "5/6 y", "6/6 z"), Partial, RuleNumbering},
		{"unnumbered posts among numbered ones are no holes", texts(chain(), "intro", "1/2 y", "2/2 z"), Complete, RuleNumbering},
		{"one number proves nothing", texts(chain(), "1/2 cup of flour", "stir", "bake"), Complete, RuleEnd},
		{"numbers that fall prove nothing", texts(chain(), "3/4 x", "2/4 y", "1/4 z"), Complete, RuleEnd},
		{"a lone post that opens a thread", texts(sketch("a1", "a1"), "How tides work 🧵"), Unknown, RuleOpener},
		{"a lone post numbered 1 of many", texts(sketch("a1", "a1"), "1/12 How tides work"), Unknown, RuleOpener},
		{"a lone post", texts(sketch("a1", "a1"), "Good morning"), Complete, RuleEnd},
		{"the head answers a post nobody holds", with(func(c *Conversation) { c.Posts[0].ParentID = "z9" }), Unknown, RuleHead},
		{"the head answers somebody", sketch("a1", "a1 < b1", "a2 < a1"), Complete, RuleEnd},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			thread, err := Assemble(tt.c)
			if err != nil {
				t.Fatal(err)
			}
			if got := thread.Verdict; got.State != tt.want {
				t.Errorf("state %s, want %s; evidence %+v", got.State, tt.want, got.Evidence)
			}
			for _, e := range thread.Verdict.Evidence {
				if e.Rule == tt.rule {
					return
				}
			}
			t.Errorf("no evidence by rule %s: %+v", tt.rule, thread.Verdict.Evidence)
		})
	}
}

func TestJudgeNumberingCounts(t *testing.T) {
	thread, err := Assemble(texts(sketch("a1", "a1", "a2 < a1", "a3 < a2"), "1/12 x", "2/12 y", "3/12 z"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range thread.Verdict.Evidence {
		if e.Rule == RuleNumbering && (e.Have != 3 || e.Want != 12) {
			t.Errorf("%+v, want 3 of 12", e)
		}
	}
}

func TestNumberIn(t *testing.T) {
	tests := []struct {
		text     string
		n, total int
		without  string // the text without its number
	}{
		{"1/12 Once", 1, 12, "Once"},
		{"1/ Once", 1, 0, "Once"},
		{"(3/12) Once", 3, 12, "Once"},
		{"[3/12] Once", 3, 12, "Once"},
		{"3/12: Once", 3, 12, "Once"},
		{"3) Once", 3, 0, "Once"},
		{"3. Once", 3, 0, "Once"},
		{"🧵 1/5 Once", 1, 5, "🧵 Once"},
		{"1/5🧵 Once", 1, 5, "🧵 Once"},
		{"  1/5\n\nOnce", 1, 5, "  Once"},
		{"Once. 4/9", 4, 9, "Once."},
		{"Once (4/9)", 4, 9, "Once"},
		{"Once\n\n[4/9]", 4, 9, "Once"},
		{"Once 1/2 🧵", 1, 2, "Once 🧵"},
		{"12/\nOnce", 12, 0, "Once"},
		{"2 / 7 Once", 2, 7, "Once"},
		{"3/12", 3, 12, ""},
		{"Once upon", 0, 0, "Once upon"},
		{"3.5 metres", 0, 0, "3.5 metres"},
		{"13/12 no", 0, 0, "13/12 no"},
		{"0/3 no", 0, 0, "0/3 no"},
		{"3/0 no", 0, 0, "3/0 no"},
		{"https://example.org/1/2", 0, 0, "https://example.org/1/2"},
		{"24/11/2026 a date", 0, 0, "24/11/2026 a date"},
		{"99999/1 no", 0, 0, "99999/1 no"},
		{"", 0, 0, ""},
	}
	for _, tt := range tests {
		got, ok := NumberIn(tt.text)
		if got.N != tt.n || got.Total != tt.total || ok != (tt.n != 0) {
			t.Errorf("NumberIn(%q) = %+v, %v, want %d of %d", tt.text, got, ok, tt.n, tt.total)
		}
		if without := tt.text[:got.Start] + tt.text[got.End:]; without != tt.without {
			t.Errorf("%q without its number is %q, want %q", tt.text, without, tt.without)
		}
	}
}

func FuzzNumberIn(f *testing.F) {
	for _, s := range []string{"1/12 Once", "Once (4/9)", "🧵 1/5 x", "3)", " 2 / 7 ", "a\n3/\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := NumberIn(text)
		if ok != (n.N > 0) || n.Start < 0 || n.End > len(text) || n.Start > n.End || ok && n.Start == n.End {
			t.Fatalf("%q: %+v, %v", text, n, ok)
		}
		if s := text[n.Start:n.End]; strings.Trim(s, "0123456789/()[].: \t\r\n\f\v") != "" {
			t.Fatalf("%q: hides %q", text, s)
		}
		OpensThread(text)
	})
}

func TestNumberingIsKeptWhereItIsProven(t *testing.T) {
	marks := func(posts []Post) (out []int) {
		for _, p := range posts {
			n := 0
			if p.Numbering != nil {
				n = p.Numbering.N
			}
			out = append(out, n)
		}
		return out
	}
	tests := []struct {
		name         string
		c            Conversation
		main, branch []int
	}{
		{"counted through", texts(sketch("a1", "a1", "a2 < a1", "a3 < a2"), "1/3 x", "2/3 y", "z 3/3"), []int{1, 2, 3}, nil},
		{"with posts between", texts(sketch("a1", "a1", "a2 < a1", "a3 < a2", "a4 < a3"), "intro", "1/2 x", "2/2 y", "credits"), []int{0, 1, 2, 0}, nil},
		{"a measure is none", texts(sketch("a1", "a1", "a2 < a1"), "1/2 cup", "stir"), []int{0, 0}, nil},
		{"two measures are none", texts(sketch("a1", "a1", "a2 < a1"), "1/2 cup", "1/4 spoon"), []int{0, 0}, nil},
		{"two totals are none", texts(sketch("a1", "a1", "a2 < a1"), "1/2 cup", "2/3 spoon"), []int{0, 0}, nil},
		{"a branch counts for itself", texts(sketch("a1", "a1", "a2 < a1", "a3 < a2", "a4 < a3", "a5 < a1", "a6 < a5"), "x", "y", "z", "z", "1/2", "2/2"), []int{0, 0, 0, 0}, []int{1, 2}},
		{"what a source claims is nothing", func() Conversation {
			c := sketch("a1", "a1", "a2 < a1")
			c.Posts[0].Numbering = &Numbering{N: 9, End: 99}
			return c
		}(), []int{0, 0}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Assemble(tt.c)
			if err != nil {
				t.Fatal(err)
			}
			var branch []int
			for _, b := range got.Branches {
				branch = append(branch, marks(b.Posts)...)
			}
			if diff := cmp.Diff([][]int{tt.main, tt.branch}, [][]int{marks(got.Posts), branch}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpensThread(t *testing.T) {
	for text, want := range map[string]bool{
		"A story 🧵": true, "🧵 A story": true, "Thread: a story": true, "A thread 👇": true, "1/ A story": true, "1/9 A story": true,
		"A story 🧵 #tides https://example.org/a": true, "A story (thread)": true, "On tides. A thread.": true, "Tides ⬇️": true,
		"I bought 🧵 and a needle": false, "There is a thread loose here": false, "A thread, they said, is enough": false,
		"A story": false, "I threaded a needle": false, "1/1 done": false, "2/9 more": false, "": false,
	} {
		if got := OpensThread(text); got != want {
			t.Errorf("OpensThread(%q) = %v", text, got)
		}
	}
}
