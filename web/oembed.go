package web

import (
	"encoding/json"
	"net/http"
	"strings"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// description is what oEmbed (https://oembed.com, 2.3) tells of a page.
type description struct {
	Version      string `json:"version"`
	Type         string `json:"type"`
	Title        string `json:"title"`
	AuthorName   string `json:"author_name,omitempty"`
	AuthorURL    string `json:"author_url,omitempty"`
	ProviderName string `json:"provider_name"`
	ProviderURL  string `json:"provider_url"`
	CacheAge     int    `json:"cache_age"` // in seconds
}

// oembed describes a page of this reader.
func (s *Server) oembed(w http.ResponseWriter, r *http.Request) {
	key := r.URL.RequestURI()
	if p := s.lookUp(r.Context(), key, s.cfg.Now()); p != nil {
		p.serve(w, r)
		return
	}
	q := r.URL.Query()
	if f := q.Get("format"); f != "" && f != "json" {
		http.Error(w, "only json is spoken here", http.StatusNotImplemented) // 2.2.1 asks for this status
		return
	}
	path, ok := strings.CutPrefix(q.Get("url"), s.cfg.PublicURL)
	path, _, _ = strings.Cut(path, "#")
	ref, err := unroll.ParsePath(path)
	if !ok || err != nil {
		s.fail(w, r, &unroll.Error{Kind: unroll.KindNotFound, Op: "web: oembed", Err: err}, noPage)
		return
	}
	t, err := s.unrollFor(r, ref, s.unroll.Unroll)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	b, err := json.Marshal(description{
		Version: "1.0", Type: "link", Title: render.Title(&t), AuthorName: t.Author.Name, AuthorURL: t.Author.URL,
		ProviderName: "unrollbot", ProviderURL: s.cfg.PublicURL + "/", CacheAge: 3600,
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := newPage(http.Header{
		"Content-Type": {"application/json"}, "Cache-Control": {"public, max-age=3600"},
		"Access-Control-Allow-Origin": {"*"}, "Cross-Origin-Resource-Policy": {"cross-origin"},
	}, b, s.cfg.Now().Add(s.cfg.CacheFor))
	p.route = r.Pattern
	s.keep(key, p, &t)
	p.serve(w, r)
}
