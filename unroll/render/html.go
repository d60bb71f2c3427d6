package render

import (
	"embed"
	"html/template"
	"io"
	"strings"

	"unrollbot/unroll"
)

//go:embed page
var page embed.FS

// articles holds the templates of a thread. They are XHTML and HTML at once,
// so that an EPUB can use them too.
var articles = template.Must(template.ParseFS(page, "page/*.html"))

// stylesheet is compact: it travels with every page.
var stylesheet = compact(mustRead("page/article.css"))

func mustRead(name string) string {
	b, err := page.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(b)
}

// compact drops comments and indentation from a style sheet.
func compact(css string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(css, "/*")
		b.WriteString(before)
		if !found {
			break
		}
		_, css, _ = strings.Cut(after, "*/")
	}
	lines := strings.Split(b.String(), "\n")
	b.Reset()
	for _, l := range lines {
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(l), ": ", ":"), " {", "{"))
	}
	return b.String()
}

// CSS is the style sheet for what [Options.Article] writes, for light and
// dark, screen and paper.
func CSS() string { return stylesheet }

// Article writes the thread as one HTML article element, also well-formed
// XML, to be put into a page that has [CSS]. It holds no scripts, no styles,
// and no address but those of the thread. Errors are w's.
func (o Options) Article(w io.Writer, t *unroll.Thread) error {
	return articles.ExecuteTemplate(w, "article", newView(t, o))
}

// HTML writes the thread as a page in one file, without scripts; pictures
// and videos stay where they are. Errors are w's.
func HTML(w io.Writer, t *unroll.Thread) error { return Options{}.HTML(w, t) }

// HTML is [HTML] with o's words.
func (o Options) HTML(w io.Writer, t *unroll.Thread) error {
	return articles.ExecuteTemplate(w, "document", document{view: newView(t, o), CSS: template.CSS(stylesheet)})
}

type document struct {
	*view
	CSS template.CSS
}
