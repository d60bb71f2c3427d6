package web

import (
	"bytes"
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// How many threads a page and a feed list; listedMax is as many as stores
// keep.
const (
	pageMax   = 50
	feedMax   = 100
	listedMax = 500
)

// paged cuts from a list what a page shows of it: what was listed before the
// moment that the address names, as nanoseconds since 1970, and the address
// of the page after. What is listed meanwhile moves nothing to another page.
func paged(r *http.Request, list []unroll.Listing) (part []unroll.Listing, older string) {
	q := r.URL.Query()
	if before, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil {
		for len(list) > 0 && list[0].At.UnixNano() >= before {
			list = list[1:]
		}
	}
	n := min(pageMax, len(list))
	for n > 0 && n < len(list) && list[n].At.Equal(list[n-1].At) {
		n++ // no page begins within a moment
	}
	if n < len(list) {
		q.Set("before", strconv.FormatInt(list[n-1].At.UnixNano(), 10))
		older = r.URL.Path + "?" + q.Encode()
	}
	return list[:n], older
}

// listings returns the n latest threads. A list that cannot be read is
// empty: pages do without.
func (s *Server) listings(r *http.Request, n int) []unroll.Listing {
	list, err := s.store.Latest(r.Context(), n)
	if err != nil {
		s.cfg.Log.Warn("latest threads cannot be read", "err", err)
	}
	return list
}

func lines(list []unroll.Listing) []listed {
	var words render.English
	out := make([]listed, len(list))
	for i := range list {
		l := &list[i]
		out[i] = listed{
			Path: l.Ref.Path(), Title: cmp.Or(l.Title, "Untitled"), Network: networkName(l.Ref),
			Author: cmp.Or(l.Author.Name, l.Author.Handle), By: authorPath(l.Ref, l.Author),
			Posts: words.Posts(l.Posts), Day: words.Day(l.At), Machine: l.At.UTC().Format(time.RFC3339),
		}
	}
	return out
}

func networkName(r unroll.Ref) string {
	switch r.Network {
	case unroll.X:
		return "X"
	case unroll.Bluesky:
		return "Bluesky"
	case unroll.Mastodon:
		return r.Host
	case unroll.Short:
	}
	return ""
}

func (s *Server) latestPage(w http.ResponseWriter, r *http.Request) {
	part, older := paged(r, s.listings(r, listedMax))
	s.show(w, r, "latest", site{Title: "Latest threads unrolled", Latest: lines(part), Older: older, Feed: "/latest.atom"})
}

func (s *Server) latestFeed(w http.ResponseWriter, r *http.Request) {
	s.feed(w, r, "Latest threads unrolled", "/latest", s.listings(r, feedMax))
}

// authorPath is where an author's threads are listed: /x/@HANDLE,
// /bluesky/@HANDLE, /mastodon/@USER@HOST.
func authorPath(r unroll.Ref, a unroll.Author) string {
	if a.Handle == "" || strings.ContainsAny(a.Handle, "/?#%") {
		return ""
	}
	return "/" + string(r.Network) + "/@" + strings.ToLower(a.Handle)
}

// author lists the threads of one author that were unrolled in public. An
// author of none gets an empty list: who never was here is nobody's business.
func (s *Server) author(w http.ResponseWriter, r *http.Request, path string, f format) {
	if f.suffix != "" && f.suffix != ".atom" {
		s.fail(w, r, &unroll.Error{Kind: unroll.KindNotFound, Op: "web: author"}, noPage)
		return
	}
	path = strings.ToLower(path)
	var own []unroll.Listing
	for _, l := range s.listings(r, listedMax) {
		if authorPath(l.Ref, l.Author) == path {
			own = append(own, l)
		}
	}
	name := path[strings.IndexByte(path, '@'):]
	if len(own) > 0 {
		name = cmp.Or(own[0].Author.Name, name)
	}
	title := "Threads by " + name
	if f.suffix == ".atom" {
		s.feed(w, r, title, path, own[:min(len(own), feedMax)])
		return
	}
	part, older := paged(r, own)
	s.show(w, r, "author", site{Title: title, Author: name, Latest: lines(part), Older: older, Feed: path + ".atom"})
}

// feed answers with a list of threads as an Atom feed.
func (s *Server) feed(w http.ResponseWriter, r *http.Request, title, path string, list []unroll.Listing) {
	f := render.Feed{
		ID: s.cfg.PublicURL + path, Title: title + " · unrollbot", Author: "unrollbot",
		Page: s.cfg.PublicURL + path, Self: s.cfg.PublicURL + path + ".atom",
	}
	for i := range list {
		l := &list[i]
		page := s.cfg.PublicURL + l.Ref.Path()
		f.Entries = append(f.Entries, render.Entry{
			ID: page, Page: page, Title: cmp.Or(l.Title, "Untitled"), Author: cmp.Or(l.Author.Name, l.Author.Handle),
			Published: l.At, Updated: l.At, Summary: render.English{}.Posts(l.Posts),
		})
		if l.At.After(f.Updated) {
			f.Updated = l.At
		}
	}
	if f.Updated.IsZero() {
		f.Updated = time.Unix(0, 0) // nothing ever happened, and the format wants a time
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		s.fail(w, r, err)
		return
	}
	h := http.Header{
		"Content-Type": {atomType}, "Cache-Control": {"public, max-age=60"},
		"Access-Control-Allow-Origin": {"*"}, "Cross-Origin-Resource-Policy": {"cross-origin"},
	}
	newPage(h, b.Bytes(), s.cfg.Now()).serve(w, r)
}
