package bluesky

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"unrollbot/bot/mention"
)

// The server's JSON, as far as it is used: app.bsky.notification and
// app.bsky.feed.post of 2026-08.

const (
	postType    = "app.bsky.feed.post"
	mentionType = "app.bsky.richtext.facet#mention"
	linkType    = "app.bsky.richtext.facet#link"
)

// page is the output of app.bsky.notification.listNotifications.
type page struct {
	Notifications []json.RawMessage `json:"notifications"`
	Cursor        string            `json:"cursor"`
}

type notification struct {
	URI       string          `json:"uri"`
	CID       string          `json:"cid"`
	Author    author          `json:"author"`
	Reason    string          `json:"reason"`
	Record    post            `json:"record"`
	IndexedAt mention.Instant `json:"indexedAt"`
}

type author struct {
	DID    string  `json:"did"`
	Labels []label `json:"labels"`
	Viewer struct {
		Muted          bool            `json:"muted"`
		MutedByList    json.RawMessage `json:"mutedByList"`
		BlockedBy      bool            `json:"blockedBy"`
		Blocking       string          `json:"blocking"`
		BlockingByList json.RawMessage `json:"blockingByList"`
	} `json:"viewer"`
}

type label struct {
	Val string `json:"val"`
	Neg bool   `json:"neg,omitempty"`
}

// post is app.bsky.feed.post as somebody's software wrote it.
type post struct {
	Type   string   `json:"$type"`
	Text   string   `json:"text"`
	Facets []facet  `json:"facets"`
	Langs  []string `json:"langs"`
	Reply  *reply   `json:"reply"`
	Embed  struct {
		Type     string          `json:"$type"`
		Record   json.RawMessage `json:"record"` // a strong ref, or one in an object
		External struct {
			URI string `json:"uri"`
		} `json:"external"`
	} `json:"embed"`
}

type facet struct {
	Index struct {
		Start int `json:"byteStart"` // of the UTF-8 text
		End   int `json:"byteEnd"`
	} `json:"index"`
	Features []feature `json:"features"`
}

type feature struct {
	Type string `json:"$type"`
	DID  string `json:"did,omitempty"`
	URI  string `json:"uri,omitempty"`
}

type reply struct {
	Root   strong `json:"root"`
	Parent strong `json:"parent"`
}

// strong names one version of a record.
type strong struct {
	URI string `json:"uri"`
	CID string `json:"cid"`
}

// cursorForm is how the server writes times, so that they sort as texts.
const cursorForm = "2006-01-02T15:04:05.000Z"

// decode reads a notification. It is not ok for what can be no mention.
func decode(raw json.RawMessage, me string) (*mention.Mention, bool) {
	var n notification
	if json.Unmarshal(raw, &n) != nil || n.IndexedAt.IsZero() || n.Record.Type != postType || n.CID == "" {
		return nil, false
	}
	did, _, ok := splitURI(n.URI)
	if !ok || did != n.Author.DID {
		return nil, false
	}
	if r := n.Record.Reply; r != nil {
		// Some server took the record, which need not mean that it is right.
		if _, _, ok := splitURI(r.Root.URI); !ok || r.Root.CID == "" {
			return nil, false
		}
	}
	at := n.IndexedAt.UTC().Truncate(time.Millisecond)
	m := &mention.Mention{
		ID: n.URI, Cursor: at.Format(cursorForm), At: at, User: did, Conversation: n.URI, Public: true,
		Ignored: did == me || shunned(&n.Author), Post: &n,
	}
	if len(n.Record.Langs) > 0 && len(n.Record.Langs[0]) <= 35 {
		m.Locale = n.Record.Langs[0]
	}
	if link := weblink(quoted(&n.Record)); link != "" {
		m.Target = append(m.Target, link)
	}
	if r := n.Record.Reply; r != nil {
		m.Conversation = r.Root.URI
		if link := weblink(r.Parent.URI); link != "" {
			m.Target = append(m.Target, link)
		}
		parent, _, ok := splitURI(r.Parent.URI)
		m.ToBot = ok && parent == me
	}
	if e := n.Record.Embed.External.URI; e != "" {
		m.Links = append(m.Links, e)
	}
	readText(m, &n.Record, me)
	return m, true
}

// readText takes mentions out of the text, and finds the bot's and the links.
func readText(m *mention.Mention, p *post, me string) {
	facets := slices.Clone(p.Facets)
	slices.SortStableFunc(facets, func(a, b facet) int { return cmp.Compare(a.Index.Start, b.Index.Start) })
	var b strings.Builder
	at := 0
	for _, f := range facets {
		start, end := f.Index.Start, f.Index.End
		if start < at || end <= start || end > len(p.Text) {
			continue
		}
		for _, feat := range f.Features {
			switch feat.Type {
			case mentionType:
				m.Named = m.Named || feat.DID == me
			case linkType:
				m.Links = append(m.Links, feat.URI)
			default:
				continue
			}
			// A link's text is cut by most apps, and stands in Links whole.
			b.WriteString(p.Text[at:start])
			b.WriteByte(' ')
			at = end
			break
		}
	}
	b.WriteString(p.Text[at:])
	m.Text = strings.ToValidUTF8(b.String(), " ")
}

// shunned tells whether the bot has nothing to do with an account.
func shunned(a *author) bool {
	v := &a.Viewer
	listed := func(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }
	return v.Muted || v.BlockedBy || v.Blocking != "" || listed(v.MutedByList) || listed(v.BlockingByList) ||
		slices.ContainsFunc(a.Labels, func(l label) bool { return l.Val == "bot" && !l.Neg })
}

// quoted gives the address of the record that a post quotes, "" for none.
func quoted(p *post) string {
	var direct strong
	var within struct {
		Record strong `json:"record"`
	}
	switch p.Embed.Type {
	case "app.bsky.embed.record":
		_ = json.Unmarshal(p.Embed.Record, &direct) // no quote, then
		return direct.URI
	case "app.bsky.embed.recordWithMedia":
		_ = json.Unmarshal(p.Embed.Record, &within)
		return within.Record.URI
	default:
		return ""
	}
}

// maxURI bounds the addresses that are read, in bytes: keys have up to 512,
// DIDs in use far less.
const maxURI = 1024

// splitURI takes a post's at-uri apart.
func splitURI(uri string) (did, key string, ok bool) {
	rest, ok := strings.CutPrefix(uri, "at://")
	if !ok || len(uri) > maxURI {
		return "", "", false
	}
	did, rest, _ = strings.Cut(rest, "/")
	key, ok = strings.CutPrefix(rest, postType+"/")
	return did, key, ok && strings.HasPrefix(did, "did:") && key != "" && !strings.Contains(key, "/")
}

// weblink is where people read a post, "" for what is no post.
func weblink(uri string) string {
	did, key, ok := splitURI(uri)
	if !ok {
		return ""
	}
	return "https://bsky.app/profile/" + did + "/post/" + key
}
