package render

import (
	"html/template"

	"unrollbot/unroll"
)

// view is a thread as the templates want it: every text escaped or plain,
// every address checked.
type view struct {
	W        Words
	Dir      string // of W's language
	Title    string // plain
	Heading  string // what the author wrote as heading, plain; may be empty
	Author   authorView
	Follow   string
	Posts    []postView
	ReplyTo  *quoteView
	Branches []branchView // that fork from a post we do not hold

	Count, Minutes string
	From, To       stamp  // days of the first and last post; To is zero on the same day
	Verdict        string // empty when complete
	Read, Because  string
	Evidence       []evidenceView
	Original       string
}

type authorView struct {
	Name, Handle, URL string
	Avatar            template.URL
}

// stamp is a moment for people and for machines.
type stamp struct{ Text, Machine string }

type evidenceView struct{ Text, Anchor string }

type postView struct {
	Anchor   string
	Place    int // in the chain, from 1; 0 in a branch
	Label    string
	Lang     string
	RTL      bool // the text runs from right to left
	At       stamp
	Day      stamp // set where a new day begins
	Edited   stamp
	Gap      string
	URL      string
	Warning  string
	Body     *richView // nil where there are no words
	CutText  string
	Poll     *pollView
	Media    []mediaView
	Covered  string // label of the fold over the media, if they are covered
	Quote    *quoteView
	Card     *cardView
	Branches []branchView
}

type branchView struct {
	Label string
	Posts []postView
}

type quoteView struct {
	Heading string
	Author  authorView
	URL     string
	At      stamp
	Gap     string
	Warning string
	Body    *richView
	Media   []mediaView
	Covered string
	Card    *cardView
}

// richView is a clean text with its facets.
type richView struct {
	text   string
	facets []unroll.Facet
	show   func(string) template.URL
}

// HTML is the text as paragraphs and block quotes.
func (r *richView) HTML() template.HTML { return richHTML(r.text, r.facets, r.show) }

type mediaView struct {
	Kind          unroll.MediaKind
	Label         string // what it is
	URL           string
	Source        template.URL // of the picture shown
	Offline       bool         // no players
	Page          string       // of the post it belongs to
	Alt           string       // the author's description
	None          string       // what to say when there is none
	Long          bool         // the description is too long for a caption
	Width, Height int
	Variants      []unroll.Variant
}

type pollView struct {
	Heading string
	Options []optionView
}

type optionView struct {
	Label, Share string
	Percent      int // -1 when hidden
}

type cardView struct {
	URL, Title, Description, Host, Alt string
	Image                              template.URL
}
