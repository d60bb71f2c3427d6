package render

import (
	"embed"
	"encoding/base64"
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
var stylesheet = Compact(mustRead("page/article.css"))

func mustRead(name string) string {
	b, err := page.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(b)
}

// Compact drops comments and the spaces from a style sheet that mean nothing.
// It knows no strings: none may hold a brace, or a mark before a space.
func Compact(css string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(css, "/*")
		b.WriteString(before)
		if !found {
			break
		}
		_, css, _ = strings.Cut(after, "*/")
	}
	css = strings.Join(strings.Fields(b.String()), " ")
	css = strings.NewReplacer("; }", "}", ": ", ":", "; ", ";", ", ", ",", " { ", "{", "{ ", "{", " }", "}", "} ", "}", " > ", ">").Replace(css)
	return strings.ReplaceAll(css, "} ", "}")
}

// CSS is the style sheet for what [Options.Article] writes, for light and
// dark, screen and paper.
func CSS() string { return stylesheet }

// Article writes the thread as one HTML article element, also well-formed
// XML, to be put into a page that has [CSS]. It holds no scripts, no styles,
// and no address but those of the thread. Errors are w's.
func (o Options) Article(w io.Writer, t *unroll.Thread) error {
	v := newViewer(t, o)
	if o.Show != nil {
		v.offline = true
		v.show = func(address string) template.URL {
			if address = weblink(address); address == "" {
				return ""
			}
			return checked(o.Show(address))
		}
	}
	return articles.ExecuteTemplate(w, "article", v.view())
}

// HTML writes the thread as a page in one file, without scripts; pictures
// and videos stay where they are. Errors are w's.
func HTML(w io.Writer, t *unroll.Thread) error { return Options{}.HTML(w, t) }

// HTML is [HTML] with o's words, holding the pictures that o.Picture gets.
func (o Options) HTML(w io.Writer, t *unroll.Thread) error {
	v := newViewer(t, o)
	if o.Picture != nil {
		v.show = o.inside
	}
	css := template.CSS(stylesheet) //nolint:gosec // it is embedded
	return articles.ExecuteTemplate(w, "document", document{view: v.view(), CSS: css})
}

// inside puts a picture into its own address.
func (o Options) inside(address string) template.URL {
	link := weblink(address)
	if link == "" {
		return ""
	}
	content, kind, ok := o.Picture(link)
	if _, known := pictureTypes[kind]; !ok || !known {
		return checked(link)
	}
	return checked("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(content))
}

// pictureTypes are the media types of pictures that every reader shows (EPUB
// 3.3, core media types), with their file extensions. SVG is not among them:
// it may hold scripts.
var pictureTypes = map[string]string{"image/gif": ".gif", "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}

type document struct {
	*view
	CSS template.CSS
}
