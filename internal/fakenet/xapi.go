package fakenet

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// XAPIConfig is how an [XAPI] behaves.
type XAPIConfig struct {
	// Token is the bearer token that it takes; empty takes any.
	Token string
	// FullArchive allows search/all, which few tokens may use.
	FullArchive bool
	// NewNames speaks the language of OpenAPI 2.167: post.fields, note_post,
	// referenced_posts, edit_history_post_ids. It refuses the classic names.
	NewNames bool
	// Page bounds what one page lists below what the caller asks for; 0 does not.
	Page int
	// Edits holds the IDs of all versions of a post, oldest first, by the ID
	// that the World has; that one must be the last.
	Edits map[string][]string
	// FirstFound makes search find the first post of a conversation too. The
	// documentation leaves open whether X does.
	FirstFound bool
	// Unindexed are posts that no search finds.
	Unindexed map[string]bool
	// Limit is how many calls an endpoint takes in its window; 0 counts none.
	Limit int
	// Now is the time of the server; [time.Now] when nil. Search looks back
	// seven days from it, at when the World's posts were written.
	Now func() time.Time
}

// XAPI is X as its official API, version 2, shows it: lookup, search of recent
// posts and of all, and timelines.
type XAPI struct {
	Faults
	cfg   XAPIConfig
	index atomic.Pointer[xView]

	mu     sync.Mutex
	posts  int // posts listed in answers
	window map[string]int
}

var (
	_ http.Handler = (*XAPI)(nil)

	xTimeline = regexp.MustCompile(`^/2/users/([0-9]{1,19})/tweets$`)
	xID       = regexp.MustCompile(`^[0-9]{1,19}$`)
)

// NewXAPI serves w.
func NewXAPI(w World, cfg XAPIConfig) *XAPI {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &XAPI{cfg: cfg, window: make(map[string]int)}
	s.Set(w)
	return s
}

// Set replaces the World.
func (s *XAPI) Set(w World) {
	x := newIndex(w)
	for latest, all := range s.cfg.Edits {
		for _, old := range all {
			if old != latest && x.posts[latest] != nil {
				x.posts[old] = x.posts[latest]
				x.children[latest] = append(x.children[latest], x.children[old]...)
			}
		}
	}
	v := &xView{index: x, cfg: s.cfg, conversations: make(map[*Post]string, len(w.Posts))}
	for i := range w.Posts {
		v.conversations[&w.Posts[i]] = x.root(&w.Posts[i]).ID
	}
	s.index.Store(v)
}

// Posts counts the posts in all answers so far: what X would charge, but that
// X charges the same post once a day.
func (s *XAPI) Posts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts
}

func (s *XAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r, s.route) }

func (s *XAPI) route(w http.ResponseWriter, r *http.Request) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer || s.cfg.Token != "" && token != s.cfg.Token {
		answer(w, http.StatusUnauthorized, object{
			"title": "Unauthorized", "type": "about:blank", "status": http.StatusUnauthorized, "detail": "Unauthorized",
		})
		return
	}
	timeline := xTimeline.FindStringSubmatch(r.URL.Path)
	endpoint := r.URL.Path
	if timeline != nil {
		endpoint = "/2/users/:id/tweets"
	}
	if !s.count(w, endpoint) {
		return
	}
	q := &xQuery{view: s.index.Load(), values: r.URL.Query()}
	switch {
	case endpoint == "/2/tweets":
		s.lookup(w, q)
	case endpoint == "/2/tweets/search/all" && !s.cfg.FullArchive:
		answer(w, http.StatusForbidden, problem(http.StatusForbidden, "client-forbidden", "Client Forbidden",
			"This application does not have the level of access that this endpoint needs.", object{"reason": "client-not-enrolled"}))
	case endpoint == "/2/tweets/search/all":
		s.search(w, q, 500, time.Time{})
	case endpoint == "/2/tweets/search/recent":
		s.search(w, q, 100, s.cfg.Now().Add(-7*24*time.Hour))
	case timeline != nil:
		s.timeline(w, q, timeline[1])
	default:
		w.WriteHeader(http.StatusNotFound) // with an empty body, as the gateway does
	}
}

// count keeps the rate of an endpoint and tells it in headers.
func (s *XAPI) count(w http.ResponseWriter, endpoint string) bool {
	if s.cfg.Limit == 0 {
		return true
	}
	s.mu.Lock()
	s.window[endpoint]++
	left := s.cfg.Limit - s.window[endpoint]
	s.mu.Unlock()
	h := w.Header()
	h.Set("X-Rate-Limit-Limit", strconv.Itoa(s.cfg.Limit))
	h.Set("X-Rate-Limit-Remaining", strconv.Itoa(max(left, 0)))
	h.Set("X-Rate-Limit-Reset", strconv.FormatInt(s.cfg.Now().Add(15*time.Minute).Unix(), 10))
	if left < 0 {
		answer(w, http.StatusTooManyRequests, object{
			"title": "Too Many Requests", "type": "about:blank", "status": http.StatusTooManyRequests, "detail": "Too Many Requests",
		})
		return false
	}
	return true
}

// lookup answers GET /2/tweets: what can be read as data, the rest as errors.
func (s *XAPI) lookup(w http.ResponseWriter, q *xQuery) {
	ids := strings.Split(q.get("ids"), ",")
	bad := slices.IndexFunc(ids, func(id string) bool { return !xID.MatchString(id) })
	switch {
	case bad >= 0:
		q.refuse("ids", ids[bad])
	case len(ids) > 100:
		q.refuse("ids", "more than 100")
	}
	var posts []*Post
	var errs []object
	for _, id := range ids {
		if p := q.view.readable(id); p != nil {
			posts = append(posts, p)
		} else {
			errs = append(errs, q.view.missing(id))
		}
	}
	s.send(w, q, posts, func(o object) {
		if errs != nil {
			o["errors"] = errs
		}
	})
}

// search answers with what matches, the newest first. Of X's operators it
// knows the two that name a conversation and an author.
func (s *XAPI) search(w http.ResponseWriter, q *xQuery, most int, since time.Time) {
	var conversation, from string
	for _, term := range strings.Fields(q.get("query")) {
		op, value, _ := strings.Cut(term, ":")
		switch op {
		case "conversation_id":
			conversation = value
		case "from":
			from = value
		default:
			q.refuse("query", term)
		}
	}
	if conversation == "" && from == "" {
		q.refuse("query", q.get("query"))
	}
	v := q.view
	s.list(w, q, 10, most, func(p *Post) bool {
		return (s.cfg.FirstFound || p.ID != v.conversations[p]) && !s.cfg.Unindexed[p.ID] &&
			(conversation == "" || v.conversations[p] == conversation) &&
			(from == "" || number(p.AuthorID) == from || strings.EqualFold(p.AuthorID, from)) &&
			!v.written(p).Before(since)
	})
}

// timeline answers with an author's posts, the newest first.
func (s *XAPI) timeline(w http.ResponseWriter, q *xQuery, author string) {
	exclude := strings.Split(q.get("exclude"), ",")
	s.list(w, q, 5, 100, func(p *Post) bool {
		return number(p.AuthorID) == author &&
			(p.Reposts == "" || !slices.Contains(exclude, "retweets")) &&
			(p.ParentID == "" || !slices.Contains(exclude, "replies"))
	})
}

// list sends a page of the readable posts that match.
func (s *XAPI) list(w http.ResponseWriter, q *xQuery, least, most int, match func(*Post) bool) {
	size := 10
	if n := q.get("max_results"); n != "" {
		var err error
		if size, err = strconv.Atoi(n); err != nil || size < least || size > most {
			q.refuse("max_results", n)
		}
	}
	if s.cfg.Page > 0 {
		size = min(size, s.cfg.Page)
	}
	at, ok := q.offset()
	if !ok {
		q.refuse("next_token", q.get("next_token"))
	}
	since, until := q.get("since_id"), q.get("until_id")
	var found []*Post
	for i := range q.view.world.Posts {
		p := &q.view.world.Posts[i]
		if q.view.posts[p.ID] != p || q.view.readable(p.ID) == nil || !match(p) ||
			since != "" && compareNumbers(p.ID, since) <= 0 || until != "" && compareNumbers(p.ID, until) >= 0 {
			continue
		}
		found = append(found, p)
	}
	slices.SortStableFunc(found, func(a, b *Post) int { return compareNumbers(b.ID, a.ID) })
	rest := found[min(at, len(found)):]
	page := rest[:min(size, len(rest))]
	s.send(w, q, page, func(o object) {
		meta := object{"result_count": len(page)}
		if len(page) > 0 {
			meta["newest_id"], meta["oldest_id"] = page[0].ID, page[len(page)-1].ID
		}
		if len(page) < len(rest) {
			meta["next_token"] = base64.RawURLEncoding.EncodeToString([]byte("at " + strconv.Itoa(at+len(page))))
		}
		o["meta"] = meta
	})
}

// send writes an answer, unless something in the query was refused.
func (s *XAPI) send(w http.ResponseWriter, q *xQuery, posts []*Post, more func(object)) {
	o := q.answer(posts)
	if len(q.refused) > 0 {
		body := problem(http.StatusBadRequest, "invalid-request", "Invalid Request", "One or more parameters to your request was invalid.", nil)
		body["errors"] = q.refused
		answer(w, http.StatusBadRequest, body)
		return
	}
	more(o)
	s.mu.Lock()
	s.posts += len(posts)
	s.mu.Unlock()
	answer(w, http.StatusOK, o)
}

// xQuery is the query of a call and what was wrong with it.
type xQuery struct {
	view    *xView
	values  url.Values
	refused []object
}

func (q *xQuery) get(name string) string { return q.values.Get(name) }

func (q *xQuery) refuse(name, value string) {
	q.refused = append(q.refused, object{
		"message":    "The `" + name + "` query parameter value [" + value + "] is not valid",
		"parameters": object{name: []string{value}},
	})
}

// offset reads next_token, which says nothing to anybody but us.
func (q *xQuery) offset() (int, bool) {
	token := q.get("next_token")
	if token == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimPrefix(string(raw), "at "))
	return n, err == nil && n >= 0
}

// problem is X's form of an error.
func problem(status int, kind, title, detail string, more object) object {
	o := object{"title": title, "detail": detail, "type": "https://api.x.com/2/problems/" + kind}
	if status != 0 {
		o["status"] = status
	}
	for k, v := range more {
		o[k] = v
	}
	return o
}

// compareNumbers orders decimal numbers of any length.
func compareNumbers(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
