package web

import (
	"bytes"
	"embed"
	"html/template"
	"io"
	"net/http"
	"strings"

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
	Older  string // address of the next page of the list
	Query  string // that was searched for
	Found  int    // threads, on all pages
	Feed   string // path of the list's feed
	Author string // whose threads are listed

	Thread *threadPage
	Wish   *wish
}

// ContactURL is where the operator can be reached, if the contact is an
// address of the web or of mail.
func (s site) ContactURL() string {
	c := s.Config.Contact
	switch {
	case strings.ContainsAny(c, " \t\n"):
		return ""
	case strings.HasPrefix(c, "https://"), strings.HasPrefix(c, "mailto:"):
		return c
	case strings.Contains(c, "@") && !strings.HasPrefix(c, "@"):
		return "mailto:" + c
	default:
		return ""
	}
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
	s.showAs(w, r, http.StatusOK, name, data)
}

// showAs is show with a status. Only what went well can be kept by browsers.
func (s *Server) showAs(w http.ResponseWriter, r *http.Request, status int, name string, data site) {
	var b bytes.Buffer
	if err := s.render(&b, name, data); err != nil {
		s.fail(w, r, err)
		return
	}
	if status != http.StatusOK || r.Method == http.MethodPost {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_, _ = w.Write(b.Bytes())
		return
	}
	h := http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Cache-Control": {"no-cache"}}
	newPage(h, b.Bytes(), s.cfg.Now()).serve(w, r)
}
