package mastodon

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"unrollbot/bot/mention"
)

// The server's JSON, as far as it is used (docs.joinmastodon.org, entities
// Notification, Status, Account, V1::Instance and Instance, July 2026).

type notification struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	CreatedAt mention.Instant `json:"created_at"`
	Status    *status         `json:"status"`
}

type status struct {
	ID               string    `json:"id"`
	URI              string    `json:"uri"`
	URL              string    `json:"url"`
	Account          account   `json:"account"`
	Content          string    `json:"content"` // HTML
	Visibility       string    `json:"visibility"`
	Language         string    `json:"language"`
	InReplyTo        string    `json:"in_reply_to_id"`
	InReplyToAccount string    `json:"in_reply_to_account_id"`
	Mentions         []account `json:"mentions"`
	Quote            *quote    `json:"quote"`
}

type quote struct {
	State  string  `json:"state"`
	Status *status `json:"quoted_status"`
}

type account struct {
	ID   string `json:"id"`
	Acct string `json:"acct"`
	URL  string `json:"url"`
	Bot  bool   `json:"bot"`
}

// link is where people read a post.
func (s *status) link() string {
	if s.URL != "" {
		return s.URL
	}
	return s.URI
}

// instance is what a server allows.
type instance struct {
	MaxChars int    // of a post, in code points
	Stream   string // https base of the stream, "" for the server's own
}

// defaultChars is Mastodon's own limit.
const defaultChars = 500

// instance asks for the server's limits.
func (a *Adapter) instance(ctx context.Context) (instance, error) {
	var v struct {
		Configuration struct {
			Statuses struct {
				MaxCharacters int `json:"max_characters"`
			} `json:"statuses"`
			URLs struct {
				Streaming string `json:"streaming"`
			} `json:"urls"`
		} `json:"configuration"`
		// Of /api/v1/instance alone; the last is of Pleroma and its kin.
		URLs struct {
			Streaming string `json:"streaming_api"`
		} `json:"urls"`
		MaxTootChars int `json:"max_toot_chars"`
	}
	for _, path := range []string{"/api/v2/instance", "/api/v1/instance"} {
		err := a.call(ctx, mention.Call{Path: path}, &v)
		if err != nil && !mention.Refusal(err).Final() {
			return instance{}, err
		}
		if err == nil {
			break
		}
	}
	out := instance{MaxChars: defaultChars, Stream: cmp.Or(v.Configuration.URLs.Streaming, v.URLs.Streaming)}
	for _, n := range []int{v.MaxTootChars, v.Configuration.Statuses.MaxCharacters} {
		if n > 0 {
			out.MaxChars = n
		}
	}
	// The address is one for WebSockets; the same place serves events. The
	// token goes nowhere without TLS that it would not go to anyway.
	if rest, ok := strings.CutPrefix(out.Stream, "wss://"); ok {
		out.Stream = "https://" + strings.TrimSuffix(rest, "/")
	} else {
		out.Stream = ""
	}
	return out, nil
}

// decode reads a notification. It is not ok for what can be no mention.
func (a *Adapter) decode(raw json.RawMessage, me account) (*mention.Mention, string, bool) {
	var n notification
	if json.Unmarshal(raw, &n) != nil {
		return nil, n.ID, false
	}
	m, ok := fromNotification(&n, me)
	if ok && m.Find == nil && n.Status.InReplyTo != "" {
		m.Find = func(ctx context.Context) ([]string, error) { return a.parent(ctx, n.Status.InReplyTo) }
	}
	return m, n.ID, ok
}

// parent looks up the post that was replied to.
func (a *Adapter) parent(ctx context.Context, id string) ([]string, error) {
	var s status
	if err := a.call(ctx, mention.Call{Path: "/api/v1/statuses/" + escape(id)}, &s); err != nil {
		return nil, err
	}
	return []string{s.link()}, nil
}

func fromNotification(n *notification, me account) (*mention.Mention, bool) {
	s := n.Status
	if n.Type != "mention" || n.ID == "" || s == nil || s.ID == "" || s.Account.ID == "" || n.CreatedAt.IsZero() {
		return nil, false
	}
	m := &mention.Mention{
		ID: s.ID, Cursor: n.ID, At: n.CreatedAt.Time, User: s.Account.ID,
		Public:  s.Visibility == "public" || s.Visibility == "unlisted",
		ToBot:   s.InReplyToAccount == me.ID,
		Ignored: s.Account.ID == me.ID || s.Account.Bot,
		Post:    s,
	}
	if len(s.Language) <= 35 {
		m.Locale = s.Language
	}
	// The API names no conversation. Replies are one with all others about
	// the same thread; what stands alone is one of its own.
	if s.InReplyTo == "" {
		m.Conversation = s.ID
	}
	body := readContent(s.Content, s.Mentions, me)
	m.Text, m.Links = body.text, body.links
	for _, who := range s.Mentions {
		if who.ID == me.ID {
			// Apps put the names of everybody before a reply; of a reply to
			// the bot its own name there says nothing.
			m.Named = !m.ToBot || body.namedLater
		}
	}
	if q := s.Quote; q != nil && q.Status != nil && (q.State == "" || q.State == "accepted") {
		m.Target = append(m.Target, q.Status.link())
	}
	return m, true
}
