package unroll

// Verdict says how much of a thread we hold, and why we think so.
type Verdict struct {
	State    State      `json:"state"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// State is the outcome of a [Verdict].
type State string

// The three states. Partial wins over Unknown, Unknown over Complete.
const (
	Complete State = "complete"
	Partial  State = "partial" // something is proven to be missing
	Unknown  State = "unknown" // nothing proves it either way
)

// Evidence is one finding: a rule, what it points to, and which post.
type Evidence struct {
	Rule  Rule   `json:"rule"`
	State State  `json:"state"`          // what this finding alone would say
	Post  string `json:"post,omitempty"` // ID of the post it is about, if one
	Have  int    `json:"have,omitempty"` // posts held, where the rule counts
	Want  int    `json:"want,omitempty"` // posts there should be, where the rule counts
}

// Rule names a piece of reasoning about completeness.
type Rule string

// The rules. Each has a function of its own in judge.go and a test of its own.
const (
	RuleGap       Rule = "gap"        // a post of the chain cannot be read
	RuleHead      Rule = "head"       // the first post replies to the author's own post, which we do not hold
	RuleCutText   Rule = "cut-text"   // a long post came without its end
	RuleCut       Rule = "cut"        // the source stopped before the end
	RuleNoThread  Rule = "no-thread"  // the source knew the post and not its thread
	RuleCounter   Rule = "counter"    // the source's own count of the thread
	RuleNumbering Rule = "numbering"  // consecutive numbers in the texts, such as 3/12
	RuleOpener    Rule = "opener"     // a lone post that says it opens a thread
	RuleEnd       Rule = "end"        // the last post has no reply that we did not see
	RuleOpenEnd   Rule = "open-end"   // the last post has replies that we did not see
	RuleChainOnly Rule = "chain-only" // the source shows one chain and hides side branches
)
