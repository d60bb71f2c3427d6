// Package mention is what the adapters share that answer "@bot unroll" on a
// network itself: which mentions are meant, what is said, and that each is
// answered once, whatever breaks in between.
//
//	Network.Poll -> Desk -> bot.Dispatch ... bot.Handler -> responder -> Network.Post
//
// A mention is open until its answer stands at the network; only then is it
// marked as done, and only past done mentions does the cursor move. Whoever
// kills the program between the two finds the mention open at the next
// start, and Network.Post finds the answer there.
package mention

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// Mention is a post that names the bot, or replies to one of its posts.
type Mention struct {
	ID     string // unique on the network, and stable
	Cursor string // where to read on once this mention and all before are done
	At     time.Time
	User   string // the network's id of its author
	// Conversation is shared by all mentions under one thread, as far as the
	// network tells; empty where only the thread itself can tell them apart.
	Conversation string
	Locale       string // BCP 47, may be empty
	Public       bool

	// Named is set when its author named the bot, not when the name merely
	// came along in a reply.
	Named bool
	// ToBot is set when it replies to a post of the bot.
	ToBot bool
	// Ignored is set for the bot's own posts, for other bots, and for people
	// whom the account has muted or blocked.
	Ignored bool

	Text  string   // without mentions
	Links []string // addresses behind the text
	// Target holds the addresses of the post quoted and of the one replied
	// to, in this order.
	Target []string
	// Find looks up what Target lacks, where that takes a call; may be nil.
	Find func(context.Context) ([]string, error)

	Post any // the network's own form, for Network.Post
}

// Network is one of the networks. Its errors are an [*APIError], where the
// network gave one; [Fatal] where it is of no use to go on.
type Network interface {
	// Name is bot.Adapter's.
	Name() string
	// Poll gives the mentions after cursor, oldest first, and a cursor that
	// leads to the same ones again. An empty cursor means the last hour's.
	// Mentions that were given before may be among them.
	Poll(ctx context.Context, cursor string) (batch []*Mention, from string, err error)
	// Post answers m. again is set where that answer may stand already: then
	// Post finds out, and returns nil when it does. A mention has one answer,
	// and one for each [Answer.News].
	Post(ctx context.Context, m *Mention, a *Answer, again bool) error
	// Like marks m as seen by the bot. Doing so twice changes nothing.
	Like(ctx context.Context, m *Mention) error
}

// Seener is a Network that counts unread notifications.
type Seener interface {
	// Seen tells the network that all up to m were read.
	Seen(ctx context.Context, m *Mention) error
}

// action is what a mention asks for.
type action string

const (
	actIgnore  action = "ignore"
	actUnroll  action = "unroll"
	actWatch   action = "watch"
	actUnwatch action = "unwatch"
	actHelp    action = "help"
	actStop    action = "stop"
	actStart   action = "start"
	actBrake   action = "brake"
	actRelease action = "release"
)

// maxWords is how many words may stand around the keyword: "could you please
// unroll this thread" asks for it, a tale about unrolling does not.
const maxWords = 6

// wants finds out what m asks for.
func (m *Mention) wants(keywords []string) action {
	if m.Ignored || (!m.Named && !m.ToBot) {
		return actIgnore
	}
	words := m.words()
	if len(words) == 1 {
		switch words[0] {
		case "stop", "unsubscribe":
			return actStop
		case "start":
			return actStart
		}
	}
	watching := bot.Watching(words)
	switch {
	case watching == bot.IntentUnwatch:
		return actUnwatch
	case !m.Named:
		return actIgnore
	case watching == bot.IntentWatch:
		return actWatch
	}
	if len(words) == 1 {
		switch words[0] {
		case "help":
			return actHelp
		case "brake":
			return actBrake
		case "release":
			return actRelease
		}
	}
	if len(words) <= maxWords && slices.ContainsFunc(words, func(w string) bool { return slices.Contains(keywords, w) }) {
		return actUnroll
	}
	return actIgnore
}

// words are those of the text, lower-case, without links, mentions and signs.
func (m *Mention) words() []string {
	var out []string
	for w := range strings.FieldsSeq(m.Text) {
		if strings.ContainsAny(w, "/@") {
			continue
		}
		w = strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}

// target is the one post that is meant: a link beats the quoted post, and
// that the one replied to. A mention is answered once, so further links are
// left alone.
func (m *Mention) target() string {
	for _, link := range m.Links {
		if _, err := unroll.ParseRef(link); err == nil {
			return link
		}
	}
	for w := range strings.FieldsSeq(m.Text) {
		if refs := unroll.FindRefs(w); len(refs) > 0 {
			return w
		}
	}
	for _, link := range m.Target {
		if _, err := unroll.ParseRef(link); err == nil {
			return link
		}
	}
	return ""
}

// Keywords cleans the words that ask for a thread; none means "unroll".
func Keywords(words []string) []string {
	var out []string
	for _, w := range words {
		if w = strings.ToLower(strings.TrimSpace(w)); w != "" {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		return []string{"unroll"}
	}
	return out
}

// Operators picks those of one network from a list of NETWORK:ID.
func Operators(list []string, network string) []string {
	var out []string
	for _, who := range list {
		if id, ok := strings.CutPrefix(strings.TrimSpace(who), network+":"); ok && id != "" {
			out = append(out, id)
		}
	}
	return out
}
