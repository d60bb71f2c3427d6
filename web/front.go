package web

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// maxTyped is how much of what was typed into the form is looked at, in bytes.
const maxTyped = 4096

// typed is what the visitor put into the form.
func typed(r *http.Request) string {
	link := strings.TrimSpace(r.URL.Query().Get("url"))
	return strings.ToValidUTF8(link[:min(len(link), maxTyped)], "")
}

// front is the front page, or the answer to its form.
func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	link := typed(r)
	if link == "" {
		s.show(w, r, "front", s.withLatest(r, 12))
		return
	}
	ref, err := refIn(link)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	t, err := s.unrollFor(r, ref, s.unroll.Unroll)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.unroll.Publish(r.Context(), &t, render.Title(&t)); err != nil {
		s.cfg.Log.Warn("thread cannot be listed", "err", err)
	}
	http.Redirect(w, r, t.Ref.Path()+fragment(&t, ref, format{}), http.StatusSeeOther)
}

// refIn finds the link in what people paste, which may be a whole message.
func refIn(text string) (unroll.Ref, error) {
	ref, err := unroll.ParseRef(text)
	if err == nil {
		return ref, nil
	}
	if refs := unroll.FindRefs(text); len(refs) > 0 {
		return refs[0], nil
	}
	return unroll.Ref{}, err
}

func (s *Server) latestPage(w http.ResponseWriter, r *http.Request) {
	data := s.withLatest(r, 100)
	data.Title = "Latest threads unrolled"
	s.show(w, r, "latest", data)
}

// withLatest is a page with the n latest threads. A list that cannot be read
// is left out: the page does without.
func (s *Server) withLatest(r *http.Request, n int) site {
	list, err := s.latest.Latest(r.Context(), n)
	if err != nil {
		s.cfg.Log.Warn("latest threads cannot be read", "err", err)
	}
	data := site{Empty: len(list) == 0}
	for i := range list {
		l := &list[i]
		data.Latest = append(data.Latest, listed{
			Path: l.Ref.Path(), Title: cmp.Or(l.Title, "Untitled"),
			Author: cmp.Or(l.Author.Name, l.Author.Handle), Handle: l.Author.Handle, Network: networkName(l.Ref),
			Posts: render.English{}.Posts(l.Posts), Day: render.English{}.Day(l.At), Machine: l.At.UTC().Format(time.RFC3339),
		})
	}
	return data
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
