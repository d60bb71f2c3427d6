package web

import (
	"bytes"
	"embed"
	"html/template"
	"io"
	"net/http"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

//go:embed templates
var files embed.FS

var templates = template.Must(template.ParseFS(files, "templates/*.html"))

// style is the one style sheet. It stands in every page, so that the first
// paint needs one request only; a hash in the policy allows it.
var style = render.CSS() + render.Compact(mustRead("templates/site.css"))

func mustRead(name string) string {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(b)
}

// site is what the layout and its pages need.
type site struct {
	Config  Config
	Title   string
	Style   template.CSS
	Link    string // in the form
	Problem *problem

	Latest []listed
	Feed   string // path of the list's feed
	Author string // whose threads are listed

	Thread *threadPage
}

// listed is a line of the latest threads. By is the path of the author's.
type listed struct {
	Path, Title, Author, By, Network, Posts, Day, Machine string
}

// threadPage is the page of one thread.
type threadPage struct {
	Article template.HTML
	URL     string
	Path    string
	OEmbed  string
	More    string // path of the author's threads
	Summary string
	Author  unroll.Author
	Image   *unroll.Media
	Card    string // kind of Twitter card
	From    string // time of the first post, RFC 3339
	Data    posting
	Formats []exportLink
}

type exportLink struct{ URL, Label, Type string }

func (s *Server) render(w io.Writer, name string, data site) error {
	data.Config, data.Style = s.cfg, template.CSS(style) //nolint:gosec // it is embedded
	return templates.ExecuteTemplate(w, name, data)
}

// show answers with a page that is made anew each time.
func (s *Server) show(w http.ResponseWriter, r *http.Request, name string, data site) {
	var b bytes.Buffer
	if err := s.render(&b, name, data); err != nil {
		s.fail(w, r, err)
		return
	}
	h := http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Cache-Control": {"no-cache"}}
	newPage(h, b.Bytes(), s.cfg.Now()).serve(w, r)
}
