package unroll

import (
	"testing"
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
		text string
		want number
	}{
		{"1/12 Once", number{1, 12}},
		{"1/ Once", number{1, 0}},
		{"(3/12) Once", number{3, 12}},
		{"[3/12] Once", number{3, 12}},
		{"3) Once", number{3, 0}},
		{"3. Once", number{3, 0}},
		{"🧵 1/5 Once", number{1, 5}},
		{"Once. 4/9", number{4, 9}},
		{"Once (4/9)", number{4, 9}},
		{"Once 1/2 🧵", number{1, 2}},
		{"12/\nOnce", number{12, 0}},
		{"2 / 7 Once", number{2, 7}},
		{"Once upon", number{}},
		{"3.5 metres", number{}},
		{"13/12 no", number{}},
		{"0/3 no", number{}},
		{"https://example.org/1/2", number{}},
		{"24/11/2026 a date", number{}},
		{"99999/1 no", number{}},
		{"", number{}},
	}
	for _, tt := range tests {
		if got, ok := numberIn(tt.text); got != tt.want || ok != (tt.want != number{}) {
			t.Errorf("numberIn(%q) = %v, %v, want %v", tt.text, got, ok, tt.want)
		}
	}
}

func TestOpensThread(t *testing.T) {
	for text, want := range map[string]bool{
		"A story 🧵": true, "🧵 A story": true, "Thread: a story": true, "A thread 👇": true, "1/ A story": true, "1/9 A story": true,
		"A story": false, "I threaded a needle": false, "1/1 done": false, "2/9 more": false, "": false,
	} {
		if got := opensThread(text); got != want {
			t.Errorf("opensThread(%q) = %v", text, got)
		}
	}
}
