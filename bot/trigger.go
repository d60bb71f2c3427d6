package bot

import (
	"slices"
	"strings"
	"unicode"

	"unrollbot/unroll"
)

// Intent is what a request wants of the bot.
type Intent string

// The intents. Ignore means: not for the bot, stay silent.
const (
	IntentIgnore Intent = "ignore"
	IntentHelp   Intent = "help"
	IntentUnroll Intent = "unroll"
	IntentPage   Intent = "page"
	IntentNoLink Intent = "no_link" // asked for a thread without naming one
	IntentHidden Intent = "hidden"  // the platform keeps the message with the link from us
	IntentOffer  Intent = "offer"   // nobody asked: the chat wants threads to be offered
	// IntentWatch and IntentUnwatch may come without a post.
	IntentWatch   Intent = "watch"
	IntentUnwatch Intent = "unwatch"
	IntentNews    Intent = "news" // of no request: a watched thread has grown
)

// Triggers finds out what a request wants.
type Triggers struct {
	keywords []string
}

// NewTriggers takes the words that ask for a thread in a reply: "unroll".
func NewTriggers(keywords []string) *Triggers {
	return &Triggers{clean(keywords)}
}

func clean(keywords []string) []string {
	var out []string
	for _, k := range keywords {
		if k = strings.ToLower(strings.TrimSpace(k)); k != "" {
			out = append(out, k)
		}
	}
	return out
}

// Concerns tells whether the bot has anything to do with req.
func (t *Triggers) Concerns(req *Request) bool {
	intent, _ := t.Find(req)
	return intent != IntentIgnore
}

// Find tells what req wants, and which posts it names, in order, each once.
//
// A command with a link means that link, else the one in the message replied
// to. The bare keyword works as a reply, or together with the bot's name. In
// a private chat a link is enough.
func (t *Triggers) Find(req *Request) (Intent, []unroll.Ref) {
	switch req.Command {
	case "":
	case "unroll":
		return asked(IntentUnroll, IntentNoLink, req, commandRefs(req.Message.Text))
	case "watch":
		return asked(IntentWatch, IntentWatch, req, commandRefs(req.Message.Text))
	case "unwatch":
		return asked(IntentUnwatch, IntentUnwatch, req, commandRefs(req.Message.Text))
	case "start", "help":
		if req.Command == "start" && req.Message.Text != "" { // a deep link's payload
			if refs := refsIn(&req.Message); len(refs) > 0 {
				return IntentUnroll, refs
			}
		}
		return IntentHelp, nil
	default:
		if req.Private {
			return IntentHelp, nil
		}
		return IntentIgnore, nil
	}
	if req.Page != nil {
		return IntentPage, []unroll.Ref{req.Page.Ref}
	}
	own := refsIn(&req.Message)
	meant := req.Mentioned || req.Private
	words := wordsOf(req.Message.Text)
	wish := Watching(words)
	switch {
	case t.keyword(req, words) && (req.Replied != nil || meant):
		return asked(IntentUnroll, IntentNoLink, req, own)
	case wish != "" && meant:
		return asked(wish, wish, req, own)
	case wish != "" && req.Replied != nil: // people say such words to each other, too
		return asked(wish, IntentIgnore, req, own)
	case req.Private && len(own) > 0:
		return IntentUnroll, own
	case req.Private:
		return IntentNoLink, nil
	case req.Settings.Auto && len(own) > 0:
		return IntentOffer, own
	default:
		return IntentIgnore, nil
	}
}

// asked completes a request that surely wants something of a thread, which is
// none where no post is named.
func asked(intent, none Intent, req *Request, refs []unroll.Ref) (Intent, []unroll.Ref) {
	switch {
	case len(refs) > 0:
		return intent, refs
	case req.Replied == nil:
		return none, nil
	}
	if refs = refsIn(req.Replied); len(refs) > 0 {
		return intent, refs
	}
	if req.Replied.Hidden && none != IntentIgnore {
		return IntentHidden, nil
	}
	return none, nil
}

// keyword tells whether a message is the keyword and at most a link: "Unroll!",
// "unroll please", but not a sentence that happens to hold the word.
func (t *Triggers) keyword(req *Request, words []string) bool {
	keywords := t.keywords
	if len(req.Settings.Keywords) > 0 {
		keywords = clean(req.Settings.Keywords)
	}
	return len(words) == 1 && slices.Contains(keywords, words[0])
}

// wordsOf gives the words of a message that say what it wants: lower-case, without
// signs, links, and "please".
func wordsOf(text string) []string {
	var out []string
	for w := range strings.FieldsSeq(text) {
		if strings.Contains(w, "/") { // a link
			continue
		}
		w = strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }))
		if w != "" && w != "please" && w != "pls" {
			out = append(out, w)
		}
	}
	return out
}

// refsIn finds the posts that a message names, in its text and behind it.
func refsIn(m *Message) []unroll.Ref {
	refs := unroll.FindRefs(m.Text)
	for _, link := range m.Links {
		if ref, err := unroll.ParseRef(link); err == nil && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// commandRefs reads what stands behind a command. There a link in <...> is
// meant, and so is a bare id.
func commandRefs(text string) []unroll.Ref {
	if refs := unroll.FindRefs(text); len(refs) > 0 {
		return refs
	}
	if ref, err := unroll.ParseRef(text); err == nil {
		return []unroll.Ref{ref}
	}
	return nil
}
