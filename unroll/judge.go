package unroll

import "slices"

// judge works out the verdict on an assembled thread from what the source
// said about the conversation. Every rule is one function; each says only
// what it can prove.
func judge(t *Thread, c *Conversation) Verdict {
	var v Verdict
	for _, rule := range []func(*Thread, *Conversation) []Evidence{
		judgeGaps, judgeHead, judgeTexts, judgeCuts, judgeCounter, judgeNumbering, judgeOpener, judgeEnds, judgeChainOnly,
	} {
		v.Evidence = append(v.Evidence, rule(t, c)...)
	}
	counted := v.counted()
	v.State = Complete // every thread has evidence: judgeEnds always finds some
	for _, e := range v.Evidence {
		if e.Rule == RuleOpenEnd && counted {
			continue // unseen replies to a thread that was counted to its end are other people's
		}
		if rank(e.State) > rank(v.State) {
			v.State = e.State
		}
	}
	return v
}

// counted tells whether the service or the author counted the thread, and we
// hold as many posts.
func (v *Verdict) counted() bool {
	return slices.ContainsFunc(v.Evidence, func(e Evidence) bool {
		return e.State == Complete && (e.Rule == RuleCounter || e.Rule == RuleNumbering)
	})
}

func rank(s State) int {
	switch s {
	case Complete:
		return 0
	case Unknown:
		return 1
	case Partial:
		return 2
	default:
		return 1
	}
}

// judgeGaps: a missing post is proof that the thread is not whole.
func judgeGaps(t *Thread, _ *Conversation) []Evidence {
	var found []Evidence
	for p := range t.All {
		if p.Gap != nil {
			found = append(found, Evidence{Rule: RuleGap, State: Partial, Post: p.ID})
		}
	}
	return found
}

// judgeHead: the first post answers one that we do not hold. Whether that is
// the author's, nobody says; where somebody does, there is a gap instead.
func judgeHead(t *Thread, _ *Conversation) []Evidence {
	head := &t.Posts[0]
	if head.ParentID != head.ID && t.Has(head.ParentID) { // a circle, which has no beginning
		return []Evidence{{Rule: RuleHead, State: Unknown, Post: head.ID}}
	}
	if head.Gap != nil || head.ParentID == "" || head.ParentID == head.ID || head.ParentAuthorID != "" {
		return nil
	}
	if t.ReplyTo != nil && t.ReplyTo.Gap == nil {
		return nil
	}
	return []Evidence{{Rule: RuleHead, State: Unknown, Post: head.ID}}
}

// judgeTexts: a text that was cut is a part of the thread that is missing.
func judgeTexts(t *Thread, _ *Conversation) []Evidence {
	var found []Evidence
	for p := range t.All {
		if p.Cut {
			found = append(found, Evidence{Rule: RuleCutText, State: Partial, Post: p.ID})
		}
	}
	return found
}

// judgeCuts: where reading stopped below a post of the thread, more may
// follow; below strangers' posts it does not matter.
func judgeCuts(t *Thread, c *Conversation) []Evidence {
	var found []Evidence
	for _, cut := range c.Cuts {
		switch {
		case !t.Has(cut.After):
		case cut.Reason == CutNoThread:
			found = append(found, Evidence{Rule: RuleNoThread, State: Unknown, Post: cut.After})
		default:
			found = append(found, Evidence{Rule: RuleCut, State: Partial, Post: cut.After})
		}
	}
	return found
}

// judgeCounter: the service's own count of the thread. Services count one line
// of it, and not always the longest: a count that is neither the main chain's
// nor the whole thread's is of another line, and proves nothing.
func judgeCounter(t *Thread, c *Conversation) []Evidence {
	main := 0
	for i := range t.Posts {
		if t.Posts[i].Gap == nil {
			main++
		}
	}
	switch all := t.Len(); {
	case c.Count <= 0:
		return nil
	case c.Count > all:
		return []Evidence{{Rule: RuleCounter, State: Partial, Have: all, Want: c.Count}}
	case c.Count == main || c.Count == all:
		return []Evidence{{Rule: RuleCounter, State: Complete, Have: c.Count, Want: c.Count}}
	default:
		return nil
	}
}

// judgeNumbering: the author counted. A hole between neighbours, or an end
// before the promised total, is proof; gaps that we show fill holes.
func judgeNumbering(t *Thread, _ *Conversation) []Evidence {
	var found []Evidence
	last, lastAt, have, total := 0, -1, 0, 0
	for i := range t.Posts {
		if t.Posts[i].Gap == nil {
			have++
		}
		n := t.Posts[i].Numbering
		if n == nil {
			continue
		}
		total = max(total, n.Total)
		missing := n.N - last - 1
		if lastAt >= 0 {
			missing -= i - lastAt - 1 // posts between that carry no number, or are gaps
		} else {
			missing -= i
		}
		if missing > 0 {
			found = append(found, Evidence{Rule: RuleNumbering, State: Partial, Post: t.Posts[i].ID, Have: n.N - missing, Want: n.N})
		}
		last, lastAt = n.N, i
	}
	rest := len(t.Posts) - 1 - lastAt // unnumbered posts at the end
	switch {
	case total == 0:
	case last+rest < total:
		found = append(found, Evidence{Rule: RuleNumbering, State: Partial, Post: t.Posts[lastAt].ID, Have: last + rest, Want: total})
	case len(found) == 0:
		found = append(found, Evidence{Rule: RuleNumbering, State: Complete, Have: have, Want: total})
	}
	return found
}

// judgeOpener: a lone post that says it opens a thread is not a thread of one,
// whatever the service shows below it.
func judgeOpener(t *Thread, _ *Conversation) []Evidence {
	if len(t.Posts) != 1 || len(t.Branches) != 0 || !OpensThread(t.Posts[0].Text) {
		return nil
	}
	return []Evidence{{Rule: RuleOpener, State: Unknown, Post: t.Posts[0].ID}}
}

// judgeEnds: below the last post, and below every other one, there is nothing
// of the author's that we did not see.
func judgeEnds(t *Thread, c *Conversation) []Evidence {
	seen := func(p *Post) bool {
		replies, known := c.Replies[p.ID]
		return p.Gap != nil || c.Seen[p.ID] || (known && replies == 0)
	}
	last := &t.Posts[len(t.Posts)-1]
	if !seen(last) {
		return []Evidence{{Rule: RuleOpenEnd, State: Unknown, Post: last.ID}}
	}
	if !c.ChainOnly {
		for p := range t.All {
			if !seen(p) {
				return []Evidence{{Rule: RuleOpenEnd, State: Unknown, Post: p.ID}}
			}
		}
	}
	return []Evidence{{Rule: RuleEnd, State: Complete, Post: last.ID}}
}

// judgeChainOnly reminds that the source hides side branches. It is no doubt
// about the main chain.
func judgeChainOnly(_ *Thread, c *Conversation) []Evidence {
	if !c.ChainOnly {
		return nil
	}
	return []Evidence{{Rule: RuleChainOnly, State: Complete}}
}
