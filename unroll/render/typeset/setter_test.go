package typeset

import (
	"image"
	"image/color"
	"image/draw"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// drawn is the text of lines as it stands on paper, from left to right.
func drawn(lines []Line) []string {
	var out []string
	for _, l := range lines {
		var b strings.Builder
		for _, r := range l.Runs {
			for _, g := range r.Glyphs {
				b.WriteString(g.Text)
			}
		}
		out = append(out, b.String())
	}
	return out
}

func plain(text string) []Span { return []Span{{Text: text}} }

func TestSet(t *testing.T) {
	tests := []struct {
		name  string
		spans []Span
		p     Paragraph
		want  []string
	}{
		{"a line", plain("Hello"), Paragraph{Width: 100}, []string{"Hello"}},
		{"nothing", nil, Paragraph{Width: 100}, nil},
		{"between words", plain("Hello brave new world"), Paragraph{Width: 70}, []string{"Hello brave ", "new world"}},
		{"within a word that is too long", plain("Donaudampfschiff"), Paragraph{Width: 50}, []string{"Donauda", "mpfschiff"}},
		{"across spans", []Span{{"Hello br", Bold}, {"ave", 0}, {" new world", Italic}}, Paragraph{Width: 70}, []string{"Hello brave ", "new world"}},
		{"cut", plain("Hello brave new world"), Paragraph{Width: 70, Lines: 1}, []string{"Hello brave …"}},
		{"not cut", plain("Hello"), Paragraph{Width: 70, Lines: 1}, []string{"Hello"}},
		{"from right to left", plain("שלום"), Paragraph{Width: 100, RTL: true}, []string{"םולש"}},
		{"both ways", plain("a שלום b"), Paragraph{Width: 100}, []string{"a םולש b"}},
		{"line ends", plain("a\u2029b\nc"), Paragraph{Width: 100}, []string{"a b c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.p.Size = 11
			lines := NewSetter(BuiltIn()).Set(tt.spans, tt.p)
			if diff := cmp.Diff(tt.want, drawn(lines)); diff != "" {
				t.Error(diff)
			}
			for _, l := range lines {
				if l.Width > tt.p.Width+0.1 || l.Width <= 0 || l.Ascent < 8 || l.Descent < 1 {
					t.Errorf("a line of %v by %v and %v", l.Width, l.Ascent, l.Descent)
				}
			}
		})
	}
}

func TestSetKeepsSpansApart(t *testing.T) {
	lines := NewSetter(BuiltIn()).Set([]Span{{"bold ", Bold}, {"and ", 0}, {"code", Mono}}, Paragraph{Size: 11, Width: 200})
	var got []int
	for _, r := range lines[0].Runs {
		got = append(got, r.Span)
		want := ownFonts()[[]Style{Bold, 0, Mono}[r.Span]]
		if r.Face.Font != want {
			t.Errorf("span %d is in %s", r.Span, r.Face.Describe().Family)
		}
	}
	if !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("runs of spans %v", got)
	}
}

// Long texts are set in parts, and nothing gets lost between them.
func TestSetLongTexts(t *testing.T) {
	word := strings.Repeat("x", runesMax+100)
	text := word + " " + strings.Repeat("lorem ipsum ", runesMax/4)
	lines := NewSetter(BuiltIn()).Set(plain(text), Paragraph{Size: 11, Width: 300})
	if got := strings.Join(drawn(lines), ""); got != text {
		t.Errorf("%d code points of %d are left", utf8.RuneCountInString(got), utf8.RuneCountInString(text))
	}
}

func TestMissing(t *testing.T) {
	s := NewSetter(BuiltIn())
	s.Set(plain("kanji 漢字 漢\u200d\ufe0f"), Paragraph{Size: 11, Width: 300})
	if got := string(s.Missing()); got != "字漢" {
		t.Errorf("missing %q", got)
	}
}

func TestDrawable(t *testing.T) {
	tests := []struct {
		text, want string
		ok         bool
	}{
		{"Plain words", "Plain words", true},
		{"Привет, κόσμε", "Привет, κόσμε", true},
		{"speak 🧵 up", "speak up", true},
		{"👩🏽\u200d🔧 works", "works", true},
		{"🧵", "", true},
		{"灯台", "", false},
	}
	for _, tt := range tests {
		if got, ok := BuiltIn().Drawable(tt.text); got != tt.want || ok != tt.ok {
			t.Errorf("%q: %q, %v", tt.text, got, ok)
		}
	}
}

func TestDraw(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 60, 40))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	for _, l := range NewSetter(BuiltIn()).Set(plain("l."), Paragraph{Size: 30, Width: 60}) {
		l.Draw(img, 30, 10, 30, color.Black)
		l.Draw(img, 30, -500, 900, color.Black) // outside
	}
	dark := func(r image.Rectangle) int {
		n := 0
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if img.RGBAAt(x, y).R < 128 {
					n++
				}
			}
		}
		return n
	}
	if n := dark(image.Rect(10, 8, 20, 31)); n < 40 || n > 120 {
		t.Errorf("the letter has %d dark pixels", n)
	}
	if n := dark(img.Bounds()) - dark(image.Rect(10, 5, 40, 31)); n != 0 {
		t.Errorf("%d dark pixels elsewhere", n)
	}
}

// The machine's fonts differ; what they have in common is tried where there
// are any.
func TestSystem(t *testing.T) {
	found := System().find('漢', 0, "ja")
	if found == nil {
		t.Skip("no font for Chinese characters here (Debian: fonts-noto-cjk)")
	}
	if found != System().find('漢', 0, "ja") {
		t.Error("another font the second time")
	}
	s := NewSetter(System())
	lines := s.Set(plain("漢字"), Paragraph{Size: 11, Width: 300, Lang: "ja"})
	if m := s.Missing(); len(m) != 0 || len(lines) != 1 || lines[0].Runs[0].Face.Font != found {
		t.Errorf("%d lines, missing %q", len(lines), string(m))
	}
}

// A sign with the selector for it is a pictograph, where there is a font.
func TestPictographs(t *testing.T) {
	s := NewSetter(System())
	want := System().pictograph('❤')
	if want == nil || len(s.face(want).BitmapSizes()) == 0 {
		t.Skip("no font for pictographs here (Debian: fonts-noto-color-emoji)")
	}
	for text, is := range map[string]bool{"a ❤\ufe0f b": true, "a ❤ b": false, "1\ufe0f\u20e3 1": false} {
		found := false
		for _, r := range s.Set(plain(text), Paragraph{Size: 11, Width: 300})[0].Runs {
			found = found || r.Face.Font == want
		}
		if found != is {
			t.Errorf("%q is a pictograph: %v", text, found)
		}
	}
}

func TestRegion(t *testing.T) {
	for lang, want := range map[string]string{"ja": "jp", "": "jp", "ko": "kr", "zh": "sc", "zh-Hant": "tc", "zh-TW": "tc", "zh-HK": "hk", "yue": "hk"} {
		if got := region(lang); got != want {
			t.Errorf("%s: %s, want %s", lang, got, want)
		}
	}
}

func TestSuits(t *testing.T) {
	families := []string{"notosansmono", "dejavusans", "notoserif", "notocoloremoji", "notosans"}
	slices.SortFunc(families, func(a, b string) int { return suits(a) - suits(b) })
	if want := []string{"notosans", "notocoloremoji", "notoserif", "dejavusans", "notosansmono"}; !slices.Equal(families, want) {
		t.Errorf("%v", families)
	}
}

func FuzzSet(f *testing.F) {
	f.Add("שלום\u202e hello 漢字 \u200d\ufe0f", 3, 40.0, false)
	f.Add("a\u0301\u0301\n\u2028\t", 1, 1.0, true)
	f.Fuzz(func(t *testing.T, text string, cut int, width float64, rtl bool) {
		if len(text) == 0 || !utf8.ValidString(text) || width < 1 || width > 1000 {
			t.Skip()
		}
		cut = min(max(cut, 0), len(text))
		for cut < len(text) && !utf8.RuneStart(text[cut]) {
			cut++
		}
		all := []Span{{text[:cut], Bold}, {text[cut:], 0}}
		lines := NewSetter(BuiltIn()).Set(all, Paragraph{Size: 11, Width: width, RTL: rtl})
		sorted := func(s string) string {
			runes := []rune(strings.Map(func(c rune) rune {
				if endsLine(c) {
					return ' '
				}
				return c
			}, s))
			slices.Sort(runes)
			return string(runes)
		}
		if got := strings.Join(drawn(lines), ""); sorted(got) != sorted(text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
