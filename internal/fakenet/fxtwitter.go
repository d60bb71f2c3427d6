package fakenet

import (
	"net/http"
	"regexp"
	"sync/atomic"

	"unrollbot/unroll"
)

// FxTwitterConfig is how a [FxTwitter] behaves.
type FxTwitterConfig struct {
	// NoThread makes /2/thread answer as an instance that may not read
	// conversations does: the post, and null for the thread.
	NoThread bool
	// Duplicates lists every post of a thread twice, as was seen where a page
	// was read again.
	Duplicates bool
	// Below, when positive, is how many posts below the asked one are listed;
	// nothing tells that more were left out.
	Below int
}

// FxTwitter is X as FxTwitter's API, version 2, shows it.
type FxTwitter struct {
	Faults
	cfg   FxTwitterConfig
	index atomic.Pointer[index]
}

// NewFxTwitter serves w.
func NewFxTwitter(w World, cfg FxTwitterConfig) *FxTwitter {
	s := &FxTwitter{cfg: cfg}
	s.Set(w)
	return s
}

// Set replaces the World.
func (s *FxTwitter) Set(w World) { s.index.Store(newIndex(w)) }

var (
	_ http.Handler = (*FxTwitter)(nil)

	fxRoute = regexp.MustCompile(`^/2/(status|thread)/([^/]+)$`)
	fxID    = regexp.MustCompile(`^[0-9]{1,20}$`)
)

// noUserAgent is in the service's own words, which tell its users what to do.
const noUserAgent = "You must identify yourself with a User-Agent header in order to use the FxTwitter API."

func (s *FxTwitter) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r, s.route) }

func (s *FxTwitter) route(w http.ResponseWriter, r *http.Request) {
	m := fxRoute.FindStringSubmatch(r.URL.Path)
	switch {
	case r.UserAgent() == "":
		answer(w, http.StatusUnauthorized, object{"error": noUserAgent})
	case m == nil || r.Method != http.MethodGet:
		answer(w, http.StatusNotFound, object{"code": http.StatusNotFound, "message": "Not found"})
	case !fxID.MatchString(m[2]):
		answer(w, http.StatusBadRequest, object{
			"code": http.StatusBadRequest, "message": "id: tweet ID must be a numeric snowflake",
		})
	default:
		s.post(w, fxView{s.index.Load()}, m[2], m[1] == "thread" && !s.cfg.NoThread)
	}
}

func (s *FxTwitter) post(w http.ResponseWriter, v fxView, id string, thread bool) {
	p := v.posts[id]
	if p == nil {
		answer(w, http.StatusNotFound, envelope(http.StatusNotFound, nil, nil, nil))
		return
	}
	repost := p
	if p.Reposts != "" && v.posts[p.Reposts] != nil {
		p = v.posts[p.Reposts]
	}
	switch v.gap(p) {
	case "":
	case unroll.GapPrivate:
		answer(w, http.StatusUnauthorized, envelope(http.StatusUnauthorized, nil, nil, nil))
		return
	case unroll.GapDeleted, unroll.GapUnknown:
		answer(w, http.StatusNotFound, envelope(http.StatusNotFound, nil, nil, nil))
		return
	default:
		answer(w, http.StatusNotFound, envelope(http.StatusNotFound, v.tombstone(p), nil, nil))
		return
	}

	status := v.status(p)
	if repost != p {
		by := v.author(repost.AuthorID)
		status["reposted_by"] = object{
			"id": number(by.ID), "name": by.name(), "screen_name": by.ID,
			"avatar_url": orNull(by.Avatar), "url": "https://x.com/" + by.ID,
		}
	}
	var posts []object
	if thread {
		posts = []object{}
		for _, q := range v.thread(p, s.cfg.Below) {
			piece := v.tombstone(q)
			if v.gap(q) == "" {
				piece = v.status(q)
			}
			posts = append(posts, piece)
		}
		if s.cfg.Duplicates {
			posts = append(posts, posts...)
		}
	}
	answer(w, http.StatusOK, envelope(http.StatusOK, status, posts, v.user(p.AuthorID)))
}

// envelope is what every answer about a post is wrapped in; nil becomes null.
func envelope(code int, status object, thread []object, author object) object {
	return object{"code": code, "status": status, "thread": thread, "author": author}
}

// thread is what /2/thread lists for p: up to the first post, or to the first
// that is gone; down one branch, by the first reply of the author's that the
// timeline shows. Where the way up is broken, the conversation's first post
// is added if it is the author's, and the hidden posts on the way stand where
// they stood; what lies above the break is left out.
func (v fxView) thread(p *Post, below int) []*Post {
	path := v.ancestors(p)
	keep := map[string]bool{p.ID: true}
	top := 0 // how many of path, the nearest first, the walk reached
	for ; top < len(path) && v.gap(path[top]) == ""; top++ {
		keep[path[top].ID] = true
	}
	first := top - 1
	for first+1 < len(path) && v.gap(path[first+1]) != "" {
		first++ // the hidden posts right above belong to it
	}
	if root := len(path) - 1; root >= top && v.gap(path[root]) == "" && path[root].AuthorID == p.AuthorID {
		keep[path[root].ID] = true
		first = root
	}

	var out []*Post
	for i := first; i >= 0; i-- {
		if q := path[i]; keep[q.ID] || v.gap(q) != "" {
			out = append(out, q)
		}
	}
	out = append(out, p)
	for next := v.next(p, keep); next != nil; next = v.next(next, keep) {
		if below > 0 {
			if below--; below == 0 {
				return append(out, next)
			}
		}
		keep[next.ID] = true
		out = append(out, next)
	}
	return out
}

// next is the author's first reply to their own post that was not seen yet.
func (v fxView) next(p *Post, seen map[string]bool) *Post {
	for _, q := range v.replies(p.ID) {
		if q.AuthorID == p.AuthorID && !seen[q.ID] {
			return q
		}
	}
	return nil
}
