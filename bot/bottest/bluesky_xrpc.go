package bottest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// ServeHTTP serves an XRPC call.
func (b *Bluesky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		b.tb.Errorf("bluesky: %v", err)
	}
	method := strings.TrimPrefix(r.URL.Path, "/xrpc/")
	b.mu.Lock()
	b.calls = append(b.calls, method)
	var f *Fault
	b.faults, f = fault(b.faults, method)
	b.mu.Unlock()
	if f != nil && !f.After {
		f.answer(w)
		return
	}
	b.mu.Lock()
	status, out := b.serve(r, method, body)
	hook := b.onRecord
	b.mu.Unlock()
	if method == "com.atproto.repo.putRecord" && status == http.StatusOK && hook != nil {
		hook()
	}
	if f != nil {
		f.answer(w)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if out != nil {
		_ = json.NewEncoder(w).Encode(out)
	}
}

func blueskyError(status int, code, message string) (int, any) {
	return status, map[string]string{"error": code, "message": message}
}

func (b *Bluesky) serve(r *http.Request, method string, body []byte) (int, any) {
	want := http.MethodGet
	switch method {
	case "com.atproto.server.createSession":
		var p struct{ Identifier, Password string }
		b.read(method, body, &p)
		if p.Identifier != b.Handle || p.Password != b.Password {
			return blueskyError(401, "AuthenticationRequired", "Invalid identifier or password")
		}
		b.logins++
		return b.tokens()
	case "com.atproto.server.refreshSession":
		if r.Header.Get("Authorization") != fmt.Sprintf("Bearer refresh-%d", b.session) {
			return blueskyError(400, "ExpiredToken", "Token has been revoked")
		}
		return b.tokens()
	case "com.atproto.repo.putRecord", "app.bsky.notification.updateSeen":
		want = http.MethodPost
	}
	if r.Method != want {
		b.tb.Errorf("bluesky: %s with %s", method, r.Method)
	}
	switch auth := r.Header.Get("Authorization"); {
	case auth == "":
		return blueskyError(401, "AuthMissing", "Authentication Required")
	case b.expired && auth == fmt.Sprintf("Bearer access-%d", b.session):
		return blueskyError(400, "ExpiredToken", "Token has expired")
	case auth != fmt.Sprintf("Bearer access-%d", b.session):
		return blueskyError(400, "InvalidToken", "Token could not be verified")
	}
	switch method {
	case "app.bsky.notification.listNotifications":
		return b.list(r)
	case "app.bsky.notification.updateSeen":
		var p struct {
			SeenAt string `json:"seenAt"`
		}
		b.read(method, body, &p)
		if _, err := time.Parse(time.RFC3339, p.SeenAt); err != nil {
			b.tb.Errorf("bluesky: seenAt: %v", err)
		}
		b.seen = p.SeenAt
		return 200, nil
	case "app.bsky.feed.getPosts":
		var out []any
		for _, uri := range b.query(r, "uris")["uris"] {
			if disabled, ok := b.posts[uri]; ok {
				viewer := map[string]any{}
				if disabled {
					viewer["replyDisabled"] = true
				}
				out = append(out, map[string]any{"uri": uri, "viewer": viewer})
			}
		}
		return 200, map[string]any{"posts": out}
	case "com.atproto.repo.getRecord":
		q := b.query(r, "repo", "collection", "rkey")
		rec, ok := b.records[q.Get("collection")+"/"+q.Get("rkey")]
		if !ok || q.Get("repo") != b.DID {
			return blueskyError(400, "RecordNotFound", "Could not locate record")
		}
		return 200, map[string]any{"uri": "at://" + b.DID + "/" + rec.Collection + "/" + rec.Key, "cid": rec.CID, "value": rec.Value}
	case "com.atproto.repo.putRecord":
		return b.put(method, body)
	default:
		b.tb.Errorf("bluesky: no method %s here", method)
		return blueskyError(501, "MethodNotImplemented", "Method Not Implemented")
	}
}

func (b *Bluesky) tokens() (int, any) {
	b.session++
	b.expired = false
	return 200, map[string]any{
		"did": b.DID, "handle": b.Handle, "active": true,
		"accessJwt": fmt.Sprintf("access-%d", b.session), "refreshJwt": fmt.Sprintf("refresh-%d", b.session),
	}
}

// list gives notifications, newest first, three a page at most: so that
// paging is met early.
func (b *Bluesky) list(r *http.Request) (int, any) {
	q := b.query(r, "reasons", "limit", "cursor")
	notes := slices.Clone(b.notes)
	slices.SortStableFunc(notes, func(x, y blueskyNote) int { return y.at.Compare(x.at) })
	notes = slices.DeleteFunc(notes, func(n blueskyNote) bool { return !slices.Contains(q["reasons"], n.body["reason"].(string)) })
	start := 0
	if c := q.Get("cursor"); c != "" {
		if _, err := fmt.Sscan(c, &start); err != nil {
			b.tb.Errorf("bluesky: a cursor of no making: %q", c)
		}
	}
	const most = 3
	end := min(start+most, len(notes))
	out := map[string]any{}
	bodies := []any{}
	for _, n := range notes[start:end] {
		bodies = append(bodies, n.body)
	}
	out["notifications"] = bodies
	if end < len(notes) {
		out["cursor"] = fmt.Sprint(end)
	}
	return 200, out
}

var blueskyTID = regexp.MustCompile(`^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$`)

func (b *Bluesky) put(method string, body []byte) (int, any) {
	var p struct {
		Repo, Collection, Rkey string
		SwapRecord             json.RawMessage
		Record                 json.RawMessage
	}
	b.read(method, body, &p)
	if p.Repo != b.DID {
		b.tb.Errorf("bluesky: a record for %s", p.Repo)
	}
	name := p.Collection + "/" + p.Rkey
	old, stands := b.records[name]
	cid := fmt.Sprintf("bafy%x", len(p.Record))
	switch swap := string(p.SwapRecord); {
	case stands && bytes.Equal(old.Value, p.Record):
		return 200, map[string]any{"uri": "at://" + b.DID + "/" + name, "cid": old.CID}
	case swap == "":
	case swap == "null" && stands, swap != "null" && swap != `"`+old.CID+`"`:
		return blueskyError(400, "InvalidSwap", "Record was at "+old.CID)
	}
	switch p.Collection {
	case "app.bsky.feed.post":
		if err := b.checkPost(p.Rkey, p.Record); err != "" {
			b.tb.Errorf("bluesky: post: %s: %s", err, p.Record)
			return blueskyError(400, "InvalidRequest", err)
		}
	case "app.bsky.feed.like":
		if !blueskyTID.MatchString(p.Rkey) {
			b.tb.Errorf("bluesky: key %q", p.Rkey)
		}
	case "app.bsky.actor.profile":
	default:
		b.tb.Errorf("bluesky: a record of %s", p.Collection)
	}
	b.records[name] = BlueskyRecord{p.Collection, p.Rkey, cid, p.Record, old.Writes + 1}
	return 200, map[string]any{"uri": "at://" + b.DID + "/" + name, "cid": cid, "validationStatus": "valid"}
}

// checkPost holds a post against its lexicon.
func (b *Bluesky) checkPost(key string, raw json.RawMessage) string {
	type strong struct{ URI, CID string }
	var p struct {
		Type      string `json:"$type"`
		Text      string
		CreatedAt string
		Reply     struct{ Root, Parent strong }
		Facets    []struct {
			Index    struct{ ByteStart, ByteEnd int }
			Features []struct {
				Type string `json:"$type"`
				URI  string
			}
		}
		Embed *struct {
			Type     string `json:"$type"`
			External struct{ URI, Title, Description string }
		}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return err.Error()
	}
	n := 0
	for g := graphemes.FromString(p.Text); g.Next(); {
		n++
	}
	_, err := time.Parse(time.RFC3339, p.CreatedAt)
	switch {
	case p.Type != "app.bsky.feed.post" || err != nil:
		return "type or time"
	case !blueskyTID.MatchString(key):
		return "record key " + key
	case n > 300 || len(p.Text) > 3000:
		return "grapheme too big"
	case p.Reply.Root.URI == "" || p.Reply.Root.CID == "" || p.Reply.Parent.URI == "" || p.Reply.Parent.CID == "":
		return "reply without root or parent"
	case p.Embed != nil && (p.Embed.Type != "app.bsky.embed.external" || p.Embed.External.URI == "" || p.Embed.External.Title == ""):
		return "embed"
	}
	for _, f := range p.Facets {
		s, e := f.Index.ByteStart, f.Index.ByteEnd
		if s < 0 || e <= s || e > len(p.Text) || !utf8.ValidString(p.Text[s:e]) || len(f.Features) != 1 || f.Features[0].URI == "" {
			return "facet"
		}
	}
	return ""
}

// read decodes parameters, and knows them all.
func (b *Bluesky) read(method string, body []byte, into any) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		b.tb.Errorf("bluesky: %s: %v", method, err)
	}
}

func (b *Bluesky) query(r *http.Request, known ...string) url.Values {
	q := r.URL.Query()
	for k := range q {
		if !slices.Contains(known, k) {
			b.tb.Errorf("bluesky: %s has no parameter %s", r.URL.Path, k)
		}
	}
	return q
}
