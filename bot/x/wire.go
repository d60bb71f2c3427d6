package x

import (
	"cmp"
	"encoding/json"
	"html"
	"slices"
	"strings"

	"unrollbot/bot/mention"
)

// The API's JSON, as far as it is used (X API v2, OpenAPI 2.167 of August
// 2026, and the names of before, which are still served).

type page struct {
	Data []json.RawMessage `json:"data"`
	Meta struct {
		Next string `json:"next_token"`
	} `json:"meta"`
}

type post struct {
	ID           string          `json:"id"`
	AuthorID     string          `json:"author_id"`
	Conversation string          `json:"conversation_id"`
	CreatedAt    mention.Instant `json:"created_at"`
	Text         string          `json:"text"` // HTML-escaped
	Lang         string          `json:"lang"`
	InReplyTo    string          `json:"in_reply_to_user_id"`
	Range        []int           `json:"display_text_range"` // in code points of Text
	Entities     struct {
		Mentions []struct {
			span
			ID string `json:"id"`
		} `json:"mentions"`
		URLs []struct {
			span
			Expanded string `json:"expanded_url"`
		} `json:"urls"`
	} `json:"entities"`
	Referenced    []referenced `json:"referenced_tweets"`
	ReferencedNew []referenced `json:"referenced_posts"`
}

// event is a line of the activity stream.
type event struct {
	Data struct {
		Type    string          `json:"event_type"`
		Payload json.RawMessage `json:"payload"` // of a mention, the post
	} `json:"data"`
	Errors []struct{ Title, Detail string } `json:"errors"`
}

// mention is the one that the event tells of. It is not ok for an event that
// tells of something else.
func (e *event) mention(me string) (*mention.Mention, bool) {
	if e.Data.Type != mentionEvent {
		return nil, false
	}
	return decode(e.Data.Payload, me)
}

// subscription is what the activity stream tells of.
type subscription struct {
	Type   string `json:"event_type"`
	Filter struct {
		User string `json:"user_id"`
	} `json:"filter"`
	Tag string `json:"tag,omitempty"`
}

// span is a range of a text, in code points as X escaped it.
type span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

type referenced struct {
	Type string `json:"type"` // replied_to, quoted, retweeted
	ID   string `json:"id"`
}

// refersTo gives the id of the post of that kind, "" for none.
func (p *post) refersTo(kind string) string {
	for _, r := range slices.Concat(p.Referenced, p.ReferencedNew) {
		if r.Type == kind {
			return r.ID
		}
	}
	return ""
}

// isID tells whether s is a post's number: at most 20 digits.
func isID(s string) bool { return s != "" && len(s) <= 20 && strings.Trim(s, "0123456789") == "" }

// compareIDs orders posts by age.
func compareIDs(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// decode reads a mention. It is not ok for what can be none.
func decode(raw json.RawMessage, me string) (*mention.Mention, bool) {
	var p post
	if json.Unmarshal(raw, &p) != nil || !isID(p.ID) || p.AuthorID == "" || p.CreatedAt.IsZero() || p.refersTo("retweeted") != "" {
		return nil, false
	}
	m := &mention.Mention{
		ID: p.ID, Cursor: p.ID, At: p.CreatedAt.Time, User: p.AuthorID, Conversation: cmp.Or(p.Conversation, p.ID), Public: true,
		ToBot: p.InReplyTo == me, Ignored: p.AuthorID == me, Post: &p,
	}
	if len(p.Lang) == 2 { // longer ones are X's own: und, zxx, qme
		m.Locale = p.Lang
	}
	for _, kind := range []string{"quoted", "replied_to"} {
		if id := p.refersTo(kind); isID(id) {
			m.Target = append(m.Target, "https://x.com/i/status/"+id)
		}
	}
	readText(m, &p, me)
	return m, true
}

// readText takes mentions and links out of the text.
func readText(m *mention.Mention, p *post, me string) {
	text := []rune(p.Text)
	shown := 0 // where the text begins that its author wrote
	if len(p.Range) == 2 {
		shown = p.Range[0]
	}
	var cut []span
	for _, e := range p.Entities.Mentions {
		cut = append(cut, e.span)
		// Names before the shown text came along with the reply. Where X does
		// not tell which those are, a reply to the bot has some.
		if e.ID == me && e.Start >= shown && (len(p.Range) == 2 || !m.ToBot || wordsBefore(text, p, e.Start)) {
			m.Named = true
		}
	}
	for _, u := range p.Entities.URLs {
		cut = append(cut, u.span)
		m.Links = append(m.Links, u.Expanded)
	}
	m.Text = html.UnescapeString(without(text, cut))
}

// wordsBefore tells whether anything but names stands before a place.
func wordsBefore(text []rune, p *post, at int) bool {
	var names []span
	for _, e := range p.Entities.Mentions {
		names = append(names, e.span)
	}
	return at <= len(text) && strings.TrimSpace(without(text[:at], names)) != ""
}

// without gives a text without some of its ranges.
func without(text []rune, cut []span) string {
	slices.SortFunc(cut, func(a, b span) int { return cmp.Compare(a.Start, b.Start) })
	var b strings.Builder
	at := 0
	for _, c := range cut {
		if c.Start < at || c.End <= c.Start || c.End > len(text) {
			continue
		}
		b.WriteString(string(text[at:c.Start]))
		b.WriteByte(' ')
		at = c.End
	}
	b.WriteString(string(text[at:]))
	return b.String()
}
