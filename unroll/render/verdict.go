package render

import (
	"slices"

	"unrollbot/unroll"
)

// strength orders rules by how much they tell a reader, strongest first.
var strength = [...]unroll.Rule{
	unroll.RuleGap, unroll.RuleHead, unroll.RuleCounter, unroll.RuleNumbering, unroll.RuleCutText,
	unroll.RuleCut, unroll.RuleNoThread, unroll.RuleOpener, unroll.RuleOpenEnd, unroll.RuleEnd, unroll.RuleChainOnly,
}

// Strongest returns the finding that best explains the verdict, or a zero
// Evidence where none supports it.
func Strongest(v unroll.Verdict) unroll.Evidence {
	var best unroll.Evidence
	at := len(strength)
	for _, e := range v.Evidence {
		if e.State != v.State {
			continue
		}
		if i := slices.Index(strength[:], e.Rule); i >= 0 && i < at {
			best, at = e, i
		}
	}
	return best
}

// Missing is how many posts are known to be missing: gaps, or more where a
// count says so. 0 when that cannot be told.
func Missing(t *unroll.Thread) int {
	gaps := 0
	for p := range t.All {
		if p.Gap != nil {
			gaps++
		}
	}
	most := gaps
	for _, e := range t.Verdict.Evidence {
		if e.State == unroll.Partial && (e.Rule == unroll.RuleCounter || e.Rule == unroll.RuleNumbering) {
			most = max(most, e.Want-e.Have)
		}
	}
	return most
}
