package fakenet

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"unrollbot/unroll"
)

// MastodonConfig is how a [Mastodon] server behaves.
type MastodonConfig struct {
	// Base is the address that the server gives in links: "https://host".
	// Empty means http and whatever host was asked.
	Base string
	// Token, when set, is the one bearer token that the server takes; with it
	// context is not limited and followers-only posts are shown.
	Token string
	// LoginOnly refuses to show statuses without the token.
	LoginOnly bool
	// GoToSocial answers as that server does: a token is always wanted, a
	// deleted post's ID stays in its replies, nothing above it is shown.
	GoToSocial bool
	// Ancestors, Descendants and Depth bound what context shows to callers
	// without a token; 0 means Mastodon's own 40, 60 and 20
	// (docs.joinmastodon.org, "statuses", July 2026).
	Ancestors, Descendants, Depth int
}

// withToken is how much context shows to callers with a token.
const withToken = 4096

// Mastodon is one server that all authors of the World live on.
type Mastodon struct {
	Faults
	cfg   MastodonConfig
	mux   *http.ServeMux
	index atomic.Pointer[index]
}

// NewMastodon serves w.
func NewMastodon(w World, cfg MastodonConfig) *Mastodon {
	cfg.Ancestors = cmp.Or(cfg.Ancestors, 40)
	cfg.Descendants = cmp.Or(cfg.Descendants, 60)
	cfg.Depth = cmp.Or(cfg.Depth, 20)
	s := &Mastodon{cfg: cfg, mux: http.NewServeMux()}
	s.Set(w)
	s.mux.HandleFunc("GET /api/v1/statuses/{id}", s.reading(mastodonCall.status))
	s.mux.HandleFunc("GET /api/v1/statuses/{id}/context", s.reading(mastodonCall.context))
	s.mux.HandleFunc("GET /api/v1/accounts/{id}/statuses", s.reading(mastodonCall.accountStatuses))
	s.mux.HandleFunc("GET /api/v1/accounts/lookup", s.reading(mastodonCall.lookup))
	s.mux.HandleFunc("GET /api/v2/instance", s.open(mastodonCall.instance))
	s.mux.HandleFunc("GET /.well-known/nodeinfo", s.open(mastodonCall.nodeinfo))
	s.mux.HandleFunc("GET /nodeinfo/2.0", s.open(mastodonCall.nodeinfo2))
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, object{"error": "Not Found"})
	})
	return s
}

// Set replaces the World.
func (s *Mastodon) Set(w World) { s.index.Store(newIndex(w)) }

var _ http.Handler = (*Mastodon)(nil)

func (s *Mastodon) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r, s.mux.ServeHTTP) }

// mastodonCall is one call.
type mastodonCall struct {
	tootView
	cfg   MastodonConfig
	known bool // came with the token
	w     http.ResponseWriter
	r     *http.Request
}

func (s *Mastodon) open(do func(mastodonCall)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		base := s.cfg.Base
		if base == "" {
			base = "http://" + r.Host
		}
		do(mastodonCall{
			tootView: tootView{index: s.index.Load(), base: base, keepIDs: s.cfg.GoToSocial},
			cfg:      s.cfg, w: w, r: r,
			known: s.cfg.Token != "" && r.Header.Get("Authorization") == "Bearer "+s.cfg.Token,
		})
	}
}

// reading asks for a token where the server wants one even to read.
func (s *Mastodon) reading(do func(mastodonCall)) http.HandlerFunc {
	return s.open(func(c mastodonCall) {
		switch {
		case c.known:
			do(c)
		case c.r.Header.Get("Authorization") != "":
			c.refuse(http.StatusUnauthorized, "The access token is invalid")
		case s.cfg.GoToSocial:
			c.refuse(http.StatusUnauthorized, "Unauthorized: token not supplied")
		case s.cfg.LoginOnly:
			c.refuse(http.StatusUnauthorized, "This method requires an authenticated user")
		default:
			do(c)
		}
	})
}

func (c mastodonCall) refuse(status int, message string) {
	answer(c.w, status, object{"error": message})
}

func (c mastodonCall) notFound() {
	if c.cfg.GoToSocial {
		c.refuse(http.StatusNotFound, "Not Found: target status not found")
		return
	}
	c.refuse(http.StatusNotFound, "Record not found")
}

// shown tells whether this caller may see p.
func (c mastodonCall) shown(p *Post) bool {
	gap := c.gap(p)
	return gap == "" || c.known && gap == unroll.GapPrivate
}

func (c mastodonCall) asked() *Post {
	if p := c.posts[c.r.PathValue("id")]; p != nil && c.shown(p) {
		return p
	}
	return nil
}

func (c mastodonCall) status() {
	if p := c.asked(); p != nil {
		answer(c.w, http.StatusOK, c.toot(p, true))
		return
	}
	c.notFound()
}

func (c mastodonCall) context() {
	p := c.asked()
	if p == nil {
		c.notFound()
		return
	}
	up, down, depth := c.cfg.Ancestors, c.cfg.Descendants, c.cfg.Depth
	if c.known {
		up, down, depth = withToken, withToken, withToken
	}
	answer(c.w, http.StatusOK, object{
		"ancestors":   c.toots(c.above(p, up)),
		"descendants": c.toots(c.below(p, down, depth)),
	})
}

func (c mastodonCall) toots(posts []*Post) []object {
	out := []object{}
	for _, p := range posts {
		out = append(out, c.toot(p, true))
	}
	return out
}

// above gives at most limit ancestors, the topmost first. Posts that were
// deleted are gone with the link to them; those that the caller may not see
// count and are left out.
func (c mastodonCall) above(p *Post, limit int) []*Post {
	var out []*Post
	for _, q := range c.ancestors(p) {
		if c.erased(q) {
			if c.cfg.GoToSocial {
				return nil
			}
			break
		}
		if limit--; limit < 0 {
			break
		}
		if c.shown(q) {
			out = append(out, q)
		}
	}
	slices.Reverse(out)
	return out
}

// below walks down from p, each post before its replies and those in order of
// their IDs, until limit posts were met, whoever wrote them. What the caller
// may not see is taken out after that; replies of authors to themselves are
// moved to the front.
func (c mastodonCall) below(p *Post, limit, depth int) []*Post {
	var found []*Post
	seen := map[string]bool{p.ID: true}
	var walk func(*Post, int)
	walk = func(q *Post, left int) {
		if left == 0 {
			return
		}
		replies := slices.Clone(c.children[q.ID])
		slices.SortStableFunc(replies, func(a, b *Post) int { return byID(a.ID, b.ID) })
		for _, r := range replies {
			if seen[r.ID] || c.erased(r) || len(found) == limit {
				continue
			}
			seen[r.ID] = true
			found = append(found, r)
			walk(r, left-1)
		}
	}
	walk(p, depth)

	found = slices.DeleteFunc(found, func(q *Post) bool { return !c.shown(q) })
	var own, others []*Post
	for _, q := range found {
		if c.parentAuthor(q) == q.AuthorID {
			own = append(own, q)
		} else {
			others = append(others, q)
		}
	}
	return append(own, others...)
}

// byID orders ids as the numbers they should be.
func byID(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

func (c mastodonCall) accountStatuses() {
	var author *Author
	for _, a := range c.authors {
		if number(a.ID) == c.r.PathValue("id") {
			author = a
		}
	}
	if author == nil {
		c.refuse(http.StatusNotFound, "Record not found")
		return
	}
	q := c.r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 {
		limit = 20
	}
	limit = min(limit, 40) // docs.joinmastodon.org, "accounts", July 2026
	var posts []*Post
	for _, p := range c.posts {
		switch {
		case p.AuthorID != author.ID || !c.shown(p) || c.erased(p),
			q.Get("max_id") != "" && byID(p.ID, q.Get("max_id")) >= 0,
			q.Get("since_id") != "" && byID(p.ID, q.Get("since_id")) <= 0,
			q.Get("exclude_replies") == "true" && p.ParentID != "" && c.parentAuthor(p) != p.AuthorID,
			q.Get("exclude_reblogs") == "true" && p.Reposts != "":
		default:
			posts = append(posts, p)
		}
	}
	// min_id asks for the page right above it, all else for the newest.
	slices.SortFunc(posts, func(a, b *Post) int { return byID(b.ID, a.ID) })
	if low := q.Get("min_id"); low != "" {
		posts = slices.DeleteFunc(posts, func(p *Post) bool { return byID(p.ID, low) <= 0 })
		posts = posts[max(0, len(posts)-limit):]
	}
	posts = posts[:min(limit, len(posts))]
	if len(posts) > 0 {
		at := c.base + c.r.URL.Path + "?limit=" + strconv.Itoa(limit)
		c.w.Header().Set("Link", "<"+at+"&max_id="+posts[len(posts)-1].ID+`>; rel="next", <`+
			at+"&min_id="+posts[0].ID+`>; rel="prev"`)
	}
	answer(c.w, http.StatusOK, c.toots(posts))
}

func (c mastodonCall) lookup() {
	name, _, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Query().Get("acct"), "@"), "@")
	if a := c.authors[name]; a != nil && a.Gap == "" {
		answer(c.w, http.StatusOK, c.account(name))
		return
	}
	c.refuse(http.StatusNotFound, "Record not found")
}

func (c mastodonCall) instance() {
	answer(c.w, http.StatusOK, object{
		"domain": c.host(), "title": "Fake", "version": c.version(), "description": "",
		"source_url": "https://github.com/mastodon/mastodon",
		"usage":      object{"users": object{"active_month": len(c.authors)}},
		"languages":  []string{"en"},
		"configuration": object{
			"statuses": object{"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23},
			"polls":    object{"max_options": 4, "max_characters_per_option": 50},
		},
		"registrations": object{"enabled": false}, "rules": []object{},
		"contact": object{"email": "", "account": nil}, "api_versions": object{"mastodon": 11},
	})
}

func (c mastodonCall) version() string {
	if c.cfg.GoToSocial {
		return "0.20.0"
	}
	return "4.6.4"
}

func (c mastodonCall) nodeinfo() {
	answer(c.w, http.StatusOK, object{"links": []object{{
		"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": c.base + "/nodeinfo/2.0",
	}}})
}

func (c mastodonCall) nodeinfo2() {
	name := "mastodon"
	if c.cfg.GoToSocial {
		name = "gotosocial"
	}
	answer(c.w, http.StatusOK, object{
		"version": "2.0", "software": object{"name": name, "version": c.version()}, "protocols": []string{"activitypub"},
		"services": object{"inbound": []string{}, "outbound": []string{}}, "openRegistrations": false,
		"usage": object{"users": object{"total": len(c.authors)}}, "metadata": object{},
	})
}
