package render_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
)

// The W3C's checker finds no fault, with UNROLL_EPUBCHECK=1 where it is
// installed (Debian: epubcheck): it takes half a minute of processor time.
func TestEPUBForTheChecker(t *testing.T) {
	if os.Getenv("UNROLL_EPUBCHECK") == "" {
		t.Skip("UNROLL_EPUBCHECK is not set")
	}
	check, err := exec.LookPath("epubcheck")
	if err != nil {
		t.Fatal("epubcheck is not installed (Debian: apt-get install epubcheck)")
	}
	command := []string{check}
	if jar, err := filepath.EvalSymlinks(check); err == nil && filepath.Ext(jar) == ".jar" { // Debian's
		command = []string{"java", "-jar", jar}
	}
	dir := t.TempDir()
	write := func(name string, th unroll.Thread, o render.Options) string {
		var b bytes.Buffer
		if err := o.EPUB(&b, &th); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name+".epub")
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	pictures := render.Options{PageURL: "https://unroll.example/t", Picture: realPictures(t)}
	everything := rendertest.Thread("https://media.example")
	empty := unroll.Thread{Ref: unroll.Ref{Network: unroll.X, ID: "1"}, Posts: []unroll.Post{{ID: "1"}}}
	for _, file := range []string{
		write("everything", everything, pictures),
		write("long", rendertest.Long(300), render.Options{}),
		write("tricks", hostile(strings.Join(tricks, " \uffff\ufffe\x00 "), "a?b=1&c=<\"'>#\u202e"), pictures),
		write("empty", empty, render.Options{}),
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			out, err := exec.Command(command[0], append(command[1:], "--failonwarnings", file)...).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// realPictures are pictures that can be looked at, in two formats.
func realPictures(t *testing.T) func(string) ([]byte, string, bool) {
	img := image.NewPaletted(image.Rect(0, 0, 8, 6), color.Palette{color.White, color.Black})
	var asPNG, asGIF bytes.Buffer
	if err := png.Encode(&asPNG, img); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&asGIF, img, nil); err != nil {
		t.Fatal(err)
	}
	return func(address string) ([]byte, string, bool) {
		if strings.HasSuffix(address, "2.jpg") {
			return asGIF.Bytes(), "image/gif", true
		}
		return asPNG.Bytes(), "image/png", true
	}
}
