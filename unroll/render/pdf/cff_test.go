package pdf

import (
	"bytes"
	"math"
	"testing"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/cff"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/font/opentype/tables"
	"golang.org/x/image/font/gofont/goregular"
)

// A font read back has the outlines that went in, to the unit.
func TestCFF(t *testing.T) {
	face, err := font.ParseTTF(bytes.NewReader(goregular.TTF))
	if err != nil {
		t.Fatal(err)
	}
	glyphs := []font.GID{0}
	for _, c := range " .lgÄß漢" {
		g, _ := face.NominalGlyph(c)
		glyphs = append(glyphs, g)
	}
	scale := 1000 / float64(face.Upem())
	widths := make([]float64, len(glyphs))
	for i, g := range glyphs {
		widths[i] = math.Round(float64(face.HorizontalAdvance(g)) * scale)
	}
	program, box := cffProgram("AAAAAA+Test", face, glyphs, widths, scale)
	back, err := cff.Parse(program)
	if err != nil {
		t.Fatal(err)
	}
	if len(back.Charstrings) != len(glyphs) {
		t.Fatalf("%d glyphs of %d", len(back.Charstrings), len(glyphs))
	}
	for i, g := range glyphs {
		segments, _, err := back.LoadGlyph(tables.GlyphID(i))
		if err != nil {
			t.Fatal(err)
		}
		drawn, _ := face.GlyphDataOutline(g)
		got, want := places(segments, 1), places(drawn.Segments, scale)
		if len(got) != len(want) {
			t.Fatalf("glyph %d: %d places of %d", i, len(got), len(want))
		}
		for j := range want {
			if math.Abs(got[j][0]-want[j][0]) > 1 || math.Abs(got[j][1]-want[j][1]) > 1 {
				t.Fatalf("glyph %d, place %d: %v instead of %v", i, j, got[j], want[j])
			}
		}
	}
	if box[1] > -150 || box[3] < 700 || box[2] < 500 {
		t.Errorf("the box around all is %v", box)
	}
}

// places are where the segments of an outline have their middle and their end,
// without those that close a contour: both ways of writing say so differently.
func places(segments []font.Segment, scale float64) [][2]float64 {
	var out [][2]float64
	var start, from [2]float64
	for _, s := range segments {
		var p [3][2]float64
		for i, a := range s.ArgsSlice() {
			p[i] = [2]float64{float64(a.X) * scale, float64(a.Y) * scale}
		}
		var mid, end [2]float64
		for i := range mid {
			switch s.Op {
			case opentype.SegmentOpMoveTo:
				mid[i], end[i] = p[0][i], p[0][i]
			case opentype.SegmentOpLineTo:
				mid[i], end[i] = (from[i]+p[0][i])/2, p[0][i]
			case opentype.SegmentOpQuadTo:
				mid[i], end[i] = (from[i]+2*p[0][i]+p[1][i])/4, p[1][i]
			case opentype.SegmentOpCubeTo:
				mid[i], end[i] = (from[i]+3*p[0][i]+3*p[1][i]+p[2][i])/8, p[2][i]
			}
		}
		if s.Op == opentype.SegmentOpMoveTo {
			start = end
		}
		closes := s.Op == opentype.SegmentOpLineTo && math.Hypot(end[0]-start[0], end[1]-start[1]) < 1
		if from = end; !closes {
			out = append(out, mid, end)
		}
	}
	return out
}

func TestCFFNumbers(t *testing.T) {
	for _, tt := range []struct {
		n    int
		want []byte
	}{
		{0, []byte{139}},
		{107, []byte{246}},
		{-107, []byte{32}},
		{108, []byte{247, 0}},
		{1131, []byte{250, 255}},
		{-108, []byte{251, 0}},
		{-1131, []byte{254, 255}},
		{1132, []byte{28, 4, 108}},
		{-40000, []byte{28, 128, 0}},
	} {
		var o outline
		o.numbers(tt.n)
		if !bytes.Equal(o.code, tt.want) {
			t.Errorf("%d: %v instead of %v (Technical Note 5177, table 3)", tt.n, o.code, tt.want)
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":  "(plain)",
		`a(b)\c`: `(a\(b\)\\c)`,
		"ä":      "<FEFF00E4>",
		"🧵\n":    "<FEFFD83EDDF5000A>",
	} {
		if got := text(in); got != want {
			t.Errorf("%q: %s", in, got)
		}
	}
	for in, want := range map[float64]string{0: "0", -0.0001: "0", 12.5: "12.5", 1.0 / 3: "0.333", -7: "-7", 100: "100"} {
		if got := number(in); got != want {
			t.Errorf("%v: %s", in, got)
		}
	}
}
