package web

import (
	"net/http"
	"strings"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// maxTyped is how much of what was typed into the form is looked at, in bytes.
const maxTyped = 4096

// typed is what the visitor put into the form.
func typed(r *http.Request) string { return clip(r.URL.Query().Get("url")) }

// clip is what is looked at of a text that somebody typed.
func clip(text string) string {
	text = strings.TrimSpace(text)
	return strings.ToValidUTF8(text[:min(len(text), maxTyped)], "")
}

// front is the front page, or the answer to its form.
func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	link := typed(r)
	if link == "" {
		s.show(w, r, "front", site{Latest: lines(s.listings(r, 12)), Feed: "/latest.atom"})
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
