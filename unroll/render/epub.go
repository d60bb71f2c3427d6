package render

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"hash/crc32"
	"html/template"
	"io"
	"strings"
	"time"

	"unrollbot/unroll"
)

// EPUB writes the thread as a book (EPUB 3.3), to be read offline: it holds
// the pictures that [Options.Picture] gets; other media are links. Equal
// threads give equal books. Errors are w's.
func EPUB(w io.Writer, t *unroll.Thread) error { return Options{}.EPUB(w, t) }

// EPUB is [EPUB] with o's words and pictures.
func (o Options) EPUB(w io.Writer, t *unroll.Thread) error {
	b := &book{get: o.Picture, names: make(map[string]string)}
	v := newViewer(t, o)
	v.show, v.offline = b.show, true
	b.view = v.view()
	b.Language = cmp.Or(Language(t), b.W.Lang())
	b.ID = cmp.Or(o.PageURL, b.Original, "urn:unrollbot:"+strings.ReplaceAll(strings.TrimPrefix(t.Ref.Path(), "/"), "/", ":"))
	b.Modified = t.FetchedAt.UTC().Format(time.RFC3339)
	b.By = cmp.Or(b.Author.Name, b.Author.Handle)

	z := zip.NewWriter(w)
	if err := storePlain(z, "mimetype", "application/epub+zip"); err != nil {
		return err
	}
	var thread bytes.Buffer
	if err := articles.ExecuteTemplate(&thread, "chapter", b); err != nil {
		return err
	}
	b.thread = thread.Bytes()
	for _, f := range []struct{ name, template string }{
		{"META-INF/container.xml", "container"}, {"book/package.opf", "package"}, {"book/nav.xhtml", "nav"}, {"book/style.css", "bookstyle"},
	} {
		part, err := z.Create(f.name)
		if err != nil {
			return err
		}
		if err := articles.ExecuteTemplate(part, f.template, b); err != nil {
			return err
		}
	}
	files := append([]bookFile{{Name: "thread.xhtml", content: b.thread}}, b.Pictures...)
	for _, f := range files {
		part, err := z.Create("book/" + f.Name)
		if err != nil {
			return err
		}
		if _, err := part.Write(f.content); err != nil {
			return err
		}
	}
	return z.Close()
}

// book is what the templates of an EPUB need.
type book struct {
	*view
	ID, Language, Modified, By string
	Pictures                   []bookFile

	thread []byte // the chapter
	get    func(string) ([]byte, string, bool)
	names  map[string]string // of pictures in the book, by address; "" when it has none
}

type bookFile struct {
	Name, Type string
	content    []byte
}

// Prolog is what XML files begin with; a template cannot write it.
func (*book) Prolog() template.HTML {
	return `<?xml version="1.0" encoding="utf-8"?>` + "\n"
}

// show puts a picture into the book and returns its place there.
func (b *book) show(address string) template.URL {
	link := weblink(address)
	if link == "" || b.get == nil {
		return ""
	}
	if name, ok := b.names[link]; ok {
		return checked(name)
	}
	name := ""
	if content, kind, ok := b.get(link); ok && pictureTypes[kind] != "" {
		name = fmt.Sprintf("pictures/%d%s", len(b.Pictures)+1, pictureTypes[kind])
		b.Pictures = append(b.Pictures, bookFile{name, kind, content})
	}
	b.names[link] = name
	return checked(name)
}

// HasDrawing tells whether the thread has a poll: its bars are drawn in SVG,
// which the package must declare.
func (b *book) HasDrawing() bool { return bytes.Contains(b.thread, []byte("<svg")) }

// Chapters are the entries of the table of contents after the title.
func (b *book) Chapters() []evidenceView {
	var out []evidenceView
	var walk func(posts []postView)
	add := func(branches []branchView) {
		for _, br := range branches {
			if len(br.Posts) > 0 {
				out = append(out, evidenceView{Text: br.Label, Anchor: br.Posts[0].Anchor})
				walk(br.Posts)
			}
		}
	}
	walk = func(posts []postView) {
		for i := range posts {
			add(posts[i].Branches)
		}
	}
	walk(b.Posts)
	add(b.Branches)
	return out
}

// Language is the language that a thread begins in, as a BCP 47 tag; empty
// where no post says.
func Language(t *unroll.Thread) string {
	for i := range t.Posts {
		if lang := language(t.Posts[i].Lang); lang != "" {
			return lang
		}
	}
	return ""
}

// storePlain writes the first file of an EPUB, which must be neither
// compressed nor have extra fields (OCF 3.3, 4.3.2).
func storePlain(z *zip.Writer, name, content string) error {
	size := uint64(len(content))
	part, err := z.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(content)),
		CompressedSize64: size, UncompressedSize64: size,
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(part, content)
	return err
}
