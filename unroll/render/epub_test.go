package render_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"path"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
)

// unzip returns the files of a book by name, and their names in order.
func unzip(t *testing.T, book string) (map[string]string, []string) {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	var names []string
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(b)
		names = append(names, f.Name)
	}
	return files, names
}

func withPictures() render.Options {
	return render.Options{PageURL: "https://unroll.example/t", Picture: func(address string) ([]byte, string, bool) {
		switch {
		case strings.Contains(address, "lens2"):
			return nil, "", false
		case strings.Contains(address, "lens3"):
			return []byte("<svg/>"), "image/svg+xml", true
		default:
			return []byte("picture at " + address), "image/png", true
		}
	}}
}

func TestEPUBIsABook(t *testing.T) {
	book := rendered(t, withPictures().EPUB, rendertest.Thread("https://media.example"))
	// The type stands at a fixed place, for tools that look no further (OCF 3.3, 4.3.2).
	if got := book[30:58]; got != "mimetypeapplication/epub+zip" {
		t.Errorf("the file begins with %q", got)
	}
	files, names := unzip(t, book)
	for _, name := range names {
		if ext := path.Ext(name); ext == ".xhtml" || ext == ".opf" || ext == ".xml" {
			wellFormed(t, files[name])
		}
	}
	var pkg struct {
		Metadata struct {
			Title      string `xml:"title"`
			Creator    string `xml:"creator"`
			Language   string `xml:"language"`
			Identifier string `xml:"identifier"`
			Source     string `xml:"source"`
		} `xml:"metadata"`
		Manifest struct {
			Item []struct {
				Href string `xml:"href,attr"`
				ID   string `xml:"id,attr"`
				Type string `xml:"media-type,attr"`
			} `xml:"item"`
		} `xml:"manifest"`
	}
	if err := xml.Unmarshal([]byte(files["book/package.opf"]), &pkg); err != nil {
		t.Fatal(err)
	}
	if m := pkg.Metadata; m.Title != "How lighthouses learned to speak 🧵" || m.Creator != "Mara Lindqvist" || m.Language != "en" ||
		m.Identifier != "https://unroll.example/t" || m.Source != "https://tidewater.example/@mara/1100" {
		t.Errorf("metadata: %+v", m)
	}
	listed := map[string]bool{"mimetype": true, "META-INF/container.xml": true, "book/package.opf": true}
	for _, item := range pkg.Manifest.Item {
		if _, ok := files["book/"+item.Href]; !ok {
			t.Errorf("%s is listed and not there", item.Href)
		}
		listed["book/"+item.Href] = true
	}
	for _, name := range names {
		if !listed[name] {
			t.Errorf("%s is there and not listed", name)
		}
	}
	if n := strings.Count(strings.Join(names, " "), "pictures/"); n != 11 {
		t.Errorf("%d pictures of 13: one cannot be had, one is a drawing", n)
	}
}

// TestEPUBNeedsNothingElse: every address in the book leads into it, but for
// links that readers follow.
func TestEPUBNeedsNothingElse(t *testing.T) {
	for name, o := range map[string]render.Options{"with pictures": withPictures(), "without": {}} {
		t.Run(name, func(t *testing.T) {
			files, _ := unzip(t, rendered(t, o.EPUB, rendertest.Thread("https://media.example")))
			ids := make(map[string]bool)
			for _, doc := range []string{"book/thread.xhtml", "book/nav.xhtml"} {
				root, err := html.Parse(strings.NewReader(files[doc]))
				if err != nil {
					t.Fatal(err)
				}
				for n := range root.Descendants() {
					switch n.Data {
					case "video", "audio", "source", "script", "form":
						t.Errorf("%s: <%s>", doc, n.Data)
					}
					for _, a := range n.Attr {
						switch fragment, local := strings.CutPrefix(a.Val, "thread.xhtml#"); {
						case a.Key == "id":
							ids[a.Val] = true
						case a.Key == "src" && files["book/"+a.Val] == "":
							t.Errorf("%s: no %s", doc, a.Val)
						case a.Key == "href" && local && !ids[fragment]:
							t.Errorf("%s: %s leads nowhere", doc, a.Val)
						}
					}
				}
			}
		})
	}
}

func TestEPUBIsDeterministic(t *testing.T) {
	thread := rendertest.Thread("https://media.example")
	first, second := rendered(t, withPictures().EPUB, thread), rendered(t, withPictures().EPUB, thread)
	if first != second {
		t.Error("two books of one thread differ")
	}
}

func TestEPUBHoldsHostileTexts(t *testing.T) {
	for _, trick := range append(tricks, "\uffff\ufffe\x00") {
		files, _ := unzip(t, rendered(t, withPictures().EPUB, hostile(trick, "a")))
		for _, name := range []string{"book/thread.xhtml", "book/nav.xhtml", "book/package.opf"} {
			wellFormed(t, files[name])
		}
	}
}

func TestHTMLHoldsItsPictures(t *testing.T) {
	page := rendered(t, withPictures().HTML, rendertest.Thread("https://media.example"))
	shown, posters := strings.Count(page, `src="data:image/png;base64,`), strings.Count(page, `poster="data:image/png;base64,`)
	if shown != 9 || posters != 2 {
		t.Errorf("%d pictures and %d posters are in the file", shown, posters)
	}
	for _, left := range []string{"lens2.png", "lens3.png"} { // they stay where they are
		if !strings.Contains(page, `src="https://media.example/`+left) {
			t.Errorf("%s is gone", left)
		}
	}
	var b bytes.Buffer
	thread := unroll.Thread{Posts: []unroll.Post{{ID: "1", Media: []unroll.Media{{Kind: unroll.MediaImage, URL: "javascript:alert(1)"}}}}}
	if err := withPictures().HTML(&b, &thread); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "javascript") {
		t.Error("an address that is none")
	}
}
