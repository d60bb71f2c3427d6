package web

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// format is a form in which a thread can be had.
type format struct {
	suffix string // of the path; empty for the page
	name   string // for people; empty where it is not offered to them
	kind   string // media type
	save   bool   // browsers should save it instead of showing it
	open   bool   // other sites may read it
	holds  bool   // it holds its pictures
	heavy  bool   // it takes much memory to make
	write  func(*Server, render.Options, io.Writer, *unroll.Thread) error
}

// formats are the exports. The page itself is made by [Server.writePage].
var formats = []format{
	{suffix: ".md", name: "Markdown", kind: "text/markdown; charset=utf-8", open: true, write: by(render.Options.Markdown)},
	{suffix: ".txt", name: "Text", kind: "text/plain; charset=utf-8", open: true, write: by(render.Options.Text)},
	{suffix: ".json", name: "JSON", kind: "application/json", open: true, write: by(writeJSON)},
	{suffix: ".html", name: "HTML file", kind: "text/html; charset=utf-8", save: true, holds: true, heavy: true, write: by(render.Options.HTML)},
	{suffix: ".epub", name: "EPUB", kind: "application/epub+zip", save: true, holds: true, heavy: true, write: by(render.Options.EPUB)},
	{suffix: ".pdf", name: "PDF", kind: "application/pdf", save: true, holds: true, heavy: true, write: by(render.Options.PDF)},
	{suffix: ".atom", name: "Feed", kind: atomType, open: true, write: by(render.Options.Atom)},
	{suffix: ".png", kind: "image/png", open: true, heavy: true, write: (*Server).writeShare},
}

// by is a form that needs nothing of the server.
func by(write func(render.Options, io.Writer, *unroll.Thread) error) func(*Server, render.Options, io.Writer, *unroll.Thread) error {
	return func(_ *Server, o render.Options, w io.Writer, t *unroll.Thread) error { return write(o, w, t) }
}

const atomType = "application/atom+xml; charset=utf-8"

func writeJSON(_ render.Options, w io.Writer, t *unroll.Thread) error { return render.JSON(w, t) }

// split takes the format off a path.
func (s *Server) split(path string) (string, format) {
	for _, f := range formats {
		if ref, ok := strings.CutSuffix(path, f.suffix); ok {
			return ref, f
		}
	}
	return path, format{kind: "text/html; charset=utf-8", write: (*Server).writePage}
}

// thread serves a thread in any format under the path of its root, and leads
// there from the path of any other of its posts.
func (s *Server) thread(w http.ResponseWriter, r *http.Request) {
	query := ""
	if r.URL.RawQuery == withoutMedia {
		query = "?" + withoutMedia
	}
	key := r.URL.Path + query
	if p := s.lookUp(r.Context(), key, s.cfg.Now()); p != nil {
		p.serve(w, r)
		return
	}
	path, f := s.split(r.URL.Path)
	if strings.HasPrefix(r.PathValue("id"), "@") {
		s.author(w, r, path, f)
		return
	}
	ref, err := unroll.ParsePath(path)
	if err != nil {
		s.fail(w, r, err, noPage)
		return
	}
	t, err := s.unrollFor(r, ref, s.unroll.Unroll)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if t.Ref != ref {
		http.Redirect(w, r, t.Ref.Path()+f.suffix+query+fragment(&t, ref, f), http.StatusFound)
		return
	}
	p, err := s.makePage(r.Context(), &t, f, query != "")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.route = r.Pattern
	s.keep(key, p, &t)
	p.serve(w, r)
}

// fragment leads to the post of ref on the page of its thread.
func fragment(t *unroll.Thread, ref unroll.Ref, f format) string {
	if f.suffix != "" || ref.ID == t.Ref.ID {
		return ""
	}
	for p := range t.All {
		if at := t.RefOf(p); at.ID == ref.ID {
			return "#" + render.Anchor(t, p.ID)
		}
	}
	return ""
}

func (s *Server) makePage(ctx context.Context, t *unroll.Thread, f format, bare bool) (*page, error) {
	o := render.Options{PageURL: s.cfg.PublicURL + t.Ref.Path(), Words: s.cfg.Words(render.Language(t)), Fonts: s.cfg.Fonts}
	switch {
	case bare:
		o.Show = func(string) string { return "" }
	case s.cfg.ProxyMedia:
		o.Show = s.proxied(ctx)
	}
	if f.heavy {
		select {
		case s.heavy <- struct{}{}:
			defer func() { <-s.heavy }()
		case <-time.After(heavyFor):
			return nil, errBusy
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if f.holds && s.cfg.Pictures != nil {
		o.Picture = s.cfg.Pictures(ctx, t)
	}
	var b bytes.Buffer
	if err := f.write(s, o, &b, t); err != nil {
		return nil, err
	}
	h := http.Header{"Content-Type": {f.kind}, "Cache-Control": {"public, max-age=60"}}
	if f.suffix != "" {
		how := "inline"
		if f.save {
			how = "attachment"
		}
		h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": render.FileName(t, f.suffix)}))
		h.Set("Link", "<"+o.PageURL+`>; rel="canonical"`)
	}
	if f.open {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	return newPage(h, b.Bytes(), s.cfg.Now().Add(s.cfg.CacheFor)), nil
}

// Bounds of what takes much memory to make: each holds up to 24 MB of pictures
// and, for a moment, one of them decoded.
const (
	heavyAtOnce = 4
	heavyFor    = 20 * time.Second // one waits for its turn
)

// unrollFor unrolls on behalf of a visitor: within the limits of their
// address, and never too many at once.
func (s *Server) unrollFor(r *http.Request, ref unroll.Ref, how func(context.Context, unroll.Ref) (unroll.Thread, error)) (unroll.Thread, error) {
	if err := s.allow(r, "unroll", s.cfg.Limit); err != nil {
		return unroll.Thread{}, err
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		return unroll.Thread{}, errBusy
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.Timeout)
	defer cancel()
	return how(ctx, ref)
}

// refresh looks at the source again and leads back to the page.
func (s *Server) refresh(w http.ResponseWriter, r *http.Request) {
	if err := (&http.CrossOriginProtection{}).Check(r); err != nil {
		s.fail(w, r, &unroll.Error{Kind: unroll.KindInvalidRef, Op: "web: refresh", Err: err}, foreignForm)
		return
	}
	ref, err := unroll.ParsePath(strings.TrimSuffix(r.URL.Path, "/refresh"))
	if err != nil {
		s.fail(w, r, err, noPage)
		return
	}
	if err := s.allow(r, "refresh", s.cfg.RefreshLimit); err != nil {
		s.fail(w, r, err)
		return
	}
	t, err := s.unrollFor(r, ref, s.unroll.Refresh)
	if err != nil {
		if k := unroll.KindOf(err); k == unroll.KindDeleted || k == unroll.KindNotFound || k == unroll.KindPrivate {
			s.pages.drop(ref.Path())
		}
		s.fail(w, r, err)
		return
	}
	s.pages.drop(t.Ref.Path())
	http.Redirect(w, r, t.Ref.Path(), http.StatusSeeOther)
}
