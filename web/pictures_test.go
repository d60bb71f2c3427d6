package web_test

import (
	"archive/zip"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"unrollbot/internal/pictures"
	"unrollbot/web"
)

var picture = []byte("\x89PNG\r\n\x1a\n the rest of a picture")

func TestExportsHoldPictures(t *testing.T) {
	var mu sync.Mutex
	asked := make(map[string]int)
	album := pictures.New(pictures.Config{}, func(_ context.Context, address string) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		asked[address]++
		switch {
		case strings.Contains(address, "lens1"):
			return nil, errors.New("gone")
		case strings.Contains(address, "lens2"):
			return []byte("<html>not a picture"), nil
		}
		return picture, nil
	})
	s := newServer(t, newFake(), web.Config{Pictures: album.Of})
	page := get(t, s, root+".html").Body
	if n := strings.Count(page, "data:image/png;base64,"); n != 11 {
		t.Errorf("%d pictures in the file", n)
	}
	for address, n := range asked {
		if n != 1 {
			t.Errorf("%s was fetched %d times", address, n)
		}
	}
	book := get(t, s, root+".epub").Body
	z, err := zip.NewReader(strings.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, "book/pictures/") {
			n++
		}
	}
	if n != 11 {
		t.Errorf("%d pictures in the book", n)
	}
	clear(asked)
	get(t, s, root)
	get(t, s, root+".md")
	if len(asked) != 0 {
		t.Errorf("what holds no pictures fetched %v", asked)
	}
}
