package web_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"unrollbot/unroll"
	"unrollbot/web"
)

var picture = []byte("\x89PNG\r\n\x1a\n the rest of a picture")

func TestExportsHoldPictures(t *testing.T) {
	var mu sync.Mutex
	asked := make(map[string]int)
	s := newServer(t, newFake(), web.Config{Picture: func(_ context.Context, address string) ([]byte, error) {
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
	}})
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

func TestPicturesAreBounded(t *testing.T) {
	f := newFake()
	ref := unroll.Ref{Network: unroll.X, ID: "7"}
	p := unroll.Post{ID: "7", Text: "Many pictures"}
	for i := range 300 {
		p.Media = append(p.Media, unroll.Media{Kind: unroll.MediaImage, URL: fmt.Sprintf("https://m.example/%d.png", i)})
	}
	f.threads[ref] = unroll.Thread{Ref: ref, Posts: []unroll.Post{p}}
	large := append(bytes.Clone(picture), make([]byte, 1<<20)...)
	var mu sync.Mutex
	asked := 0
	s := newServer(t, f, web.Config{Picture: func(context.Context, string) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		asked++
		return large, nil
	}})
	page := get(t, s, "/x/7.html").Body
	if asked > 100 {
		t.Errorf("%d pictures were fetched", asked)
	}
	if held := strings.Count(page, "data:image/png"); held != 23 {
		t.Errorf("%d MiB of pictures are held, want 23 of the 24 that fit", held)
	}
}
