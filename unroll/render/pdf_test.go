package render_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
	"unrollbot/unroll/render/typeset"
)

// printed is the thread as a PDF in the fonts that every machine has.
func printed(t testing.TB, th *unroll.Thread, o render.Options) []byte {
	t.Helper()
	if o.Fonts == nil {
		o.Fonts = typeset.BuiltIn()
	}
	var b bytes.Buffer
	if err := o.PDF(&b, th); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func one(text string, facets ...unroll.Facet) *unroll.Thread {
	at := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	return &unroll.Thread{
		Schema: unroll.SchemaVersion, Ref: unroll.Ref{Network: unroll.X, ID: "20"}, Author: unroll.Author{ID: "1", Handle: "ada", Name: "Ada"},
		Posts:   []unroll.Post{{ID: "20", URL: "https://x.com/ada/status/20", At: at, Text: text, Facets: facets}},
		Verdict: unroll.Verdict{State: unroll.Complete}, Source: "fxtwitter", FetchedAt: at.Add(time.Hour),
	}
}

func TestPDFHoldsTheThread(t *testing.T) {
	th := rendertest.Thread("https://media.example")
	p := readPaper(t, printed(t, &th, render.Options{}))
	text := p.text()
	for post := range th.All {
		for line := range strings.SplitSeq(post.Text, "\n") {
			if strings.ContainsAny(line, "אמل") || strings.HasPrefix(line, "How lighthouses") {
				continue // drawn from right to left, and the title
			}
			if !strings.Contains(text, letters(line)) {
				t.Errorf("missing: %q", line)
			}
		}
		for _, m := range post.Media {
			if !strings.Contains(text, letters(m.Alt)) {
				t.Errorf("missing description: %q", m.Alt)
			}
		}
	}
	for _, want := range []string{
		"How lighthouses learned to speak", "Mara Lindqvist @mara@tidewater.example", "partial: 1 post missing", "In reply to Jo Adeyemi",
		"A post is missing here: deleted by its author.", "Content warning: drowning", "Poll: 1,234 votes", "Two white flashes: 80% (987)",
		"The lens that saved a million ships", "Side branch: 4 posts", "no description", "About this copy", "Original thread",
	} {
		if !strings.Contains(text, letters(want)) {
			t.Errorf("missing: %q", want)
		}
	}
	for _, parts := range [][]string{
		{"/S /H1 "},
		{"/S /H2 "},
		{"/S /BlockQuote"},
		{"/S /P ", "/Lang (en)"},
		{"/S /Link "},
		{"/S /L "},
		{"/MarkInfo <</Marked true>>", "/Lang (en)", "/Outlines", "DisplayDocTitle true"},
		{"/Title (Side branch: 4 posts)", "/Dest ["},
		{"/Author (Mara Lindqvist)", "/CreationDate (D:2026"},
		{"/Subtype /Link", "/URI (https://museum.example/"},
	} {
		if !p.has(parts...) {
			t.Errorf("no object has %q", parts)
		}
	}
}

// A branch of a branch is a part of it, for those who have it read aloud.
func TestPDFNestsBranches(t *testing.T) {
	th := rendertest.Thread("https://media.example")
	p := readPaper(t, printed(t, &th, render.Options{}))
	nested := 0
	for _, object := range p.objects {
		if m := regexp.MustCompile(`/S /Sect /P (\d+) 0 R`).FindStringSubmatch(object); m != nil {
			if parent, _ := strconv.Atoi(m[1]); strings.Contains(p.objects[parent], "/S /Sect ") {
				nested++
			}
		}
	}
	if nested != 1 {
		t.Errorf("%d parts lie in others", nested)
	}
}

func TestPDFPictures(t *testing.T) {
	picture := func(encode func(io.Writer, image.Image) error) []byte {
		img := image.NewNRGBA(image.Rect(0, 0, 40, 30))
		img.SetNRGBA(3, 3, color.NRGBA{200, 10, 10, 128})
		var b bytes.Buffer
		if err := encode(&b, img); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	asJPEG := picture(func(w io.Writer, i image.Image) error { return jpeg.Encode(w, i, nil) })
	tests := []struct {
		name    string
		content []byte
		shown   []string // what the picture's object holds; none: it is linked to
	}{
		{"JPEG", asJPEG, []string{"/Subtype /Image /Width 40 /Height 30 /ColorSpace /DeviceRGB", "/Filter /DCTDecode", string(asJPEG)}},
		{"PNG", picture(png.Encode), []string{"/Subtype /Image /Width 40 /Height 30 /ColorSpace /DeviceRGB", "/SMask"}},
		{"GIF", picture(func(w io.Writer, i image.Image) error { return gif.Encode(w, i, nil) }), []string{"/Subtype /Image /Width 40 /Height 30"}},
		{"half a PNG", picture(png.Encode)[:60], nil},
		{"SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), nil},
		{"a bomb", bomb(t), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			th := one("Look at this.")
			th.Posts[0].Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://media.example/a", Alt: "A (small) red dot"}}
			get := func(string) ([]byte, string, bool) { return tt.content, "image/png", true }
			p := readPaper(t, printed(t, th, render.Options{Picture: get}))
			switch shown := p.has("/Subtype /Image"); {
			case shown != (tt.shown != nil):
				t.Errorf("shown: %v", shown)
			case shown && !p.has(tt.shown...):
				t.Errorf("no picture with %.200q", tt.shown)
			case shown && !p.has("/S /Figure", `/Alt (A \(small\) red dot)`):
				t.Error("the figure has no description")
			case !shown && !p.has("/Subtype /Link", "/URI (https://x.com/ada/status/20)"):
				t.Error("no link in place of the picture")
			}
			if !strings.Contains(p.text(), letters("A (small) red dot")) {
				t.Error("the description is not under the picture")
			}
		})
	}
}

// bomb says that it is 65,535 pixels wide and high.
func bomb(t *testing.T) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	content := b.Bytes()
	copy(content[16:], []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff})
	return content
}

func TestPDFWithoutAFont(t *testing.T) {
	p := readPaper(t, printed(t, one("Kanji: 漢字, and once more 漢."), render.Options{}))
	if !strings.Contains(p.text(), letters("Kanji: 漢字, and once more 漢.")) {
		t.Error("what has no letters can still be searched")
	}
	if want := "Boxes stand for letters that no font on this server has: U+5B57, U+6F22."; !strings.Contains(p.text(), letters(want)) {
		t.Errorf("not said: %q in %q", want, p.pages)
	}
	if p := readPaper(t, printed(t, one("Plain words."), render.Options{})); strings.Contains(p.text(), "Boxesstand") {
		t.Error("said without need")
	}
}

func TestPDFFromRightToLeft(t *testing.T) {
	p := readPaper(t, printed(t, one("שלום hello"), render.Options{}))
	if want := "hello םולש"; !strings.Contains(p.text(), letters(want)) {
		t.Errorf("not from right to left: %q", p.pages)
	}
}

func TestPDFIsTheSameAgain(t *testing.T) {
	th := rendertest.Thread("https://media.example")
	if !bytes.Equal(printed(t, &th, render.Options{}), printed(t, &th, render.Options{})) {
		t.Error("equal threads give different files")
	}
}

// What nobody would write takes no more time than its length.
func TestPDFOfHostileTexts(t *testing.T) {
	const size = 50_000
	tests := map[string]string{
		"one word":         strings.Repeat("a", size),
		"brackets":         strings.Repeat("(", size/2) + strings.Repeat("]", size/2),
		"marks":            "a" + strings.Repeat("\u0301", size),
		"turns":            strings.Repeat("a\u202eא", size/6),
		"line ends":        strings.Repeat("\n", size) + "x",
		"one letter lines": strings.Repeat("x\n", size/2),
		"broken":           strings.Repeat("\xff\xf0\x9f", size/3),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := make(chan []byte, 1)
			go func() { done <- printed(t, one(text), render.Options{}) }()
			select {
			case b := <-done:
				readPaper(t, b)
			case <-time.After(30 * time.Second): // it takes one at most
				t.Fatal("takes too long")
			}
		})
	}
}

func FuzzPDF(f *testing.F) {
	f.Add("שלום\u202e hello 漢字 \u200d\ufe0f", 0, 4, uint64(1))
	f.Add("a\n\n\tb", 1, 2, uint64(2))
	kinds := []unroll.FacetKind{unroll.FacetLink, unroll.FacetBold, unroll.FacetQuote, unroll.FacetCode, unroll.FacetStrike, unroll.FacetEmoji}
	f.Fuzz(func(t *testing.T, text string, start, end int, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		th := one(text, unroll.Facet{Start: start, End: end, Kind: kinds[r.IntN(len(kinds))], URL: "https://a.example/(x)?y=\\"})
		th.Posts[0].Quote = &unroll.Quote{Text: text, URL: "https://a.example/"}
		th.Author.Name = text
		readPaper(t, printed(t, th, render.Options{}))
	})
}

// Other readers find no fault, where they are installed (Debian: qpdf,
// poppler-utils).
func TestPDFForOtherReaders(t *testing.T) {
	th := rendertest.Thread("https://media.example")
	file := filepath.Join(t.TempDir(), "thread.pdf")
	if err := os.WriteFile(file, printed(t, &th, render.Options{}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"qpdf", "--check", file}, {"pdftotext", "-q", file, "-"}} {
		t.Run(command[0], func(t *testing.T) {
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skip("not installed")
			}
			out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
			if err != nil || bytes.Contains(out, []byte("WARNING")) {
				t.Errorf("%v: %s", err, out)
			}
			if command[0] == "pdftotext" && !strings.Contains(string(out), "So a grammar grew") {
				t.Errorf("no text: %.300s", out)
			}
		})
	}
}

func BenchmarkPDF(b *testing.B) {
	th := rendertest.Long(25)
	b.ReportAllocs()
	for b.Loop() {
		printed(b, &th, render.Options{})
	}
}
