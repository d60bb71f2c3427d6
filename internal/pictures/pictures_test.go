package pictures_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"unrollbot/internal/pictures"
	"unrollbot/unroll"
)

var picture = []byte("\x89PNG\r\n\x1a\n the rest of a picture")

// camera takes the same picture everywhere, and counts.
type camera struct {
	mu    sync.Mutex
	asked map[string]int
	shot  []byte
}

func (c *camera) get(_ context.Context, address string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked = make(map[string]int)
	}
	c.asked[address]++
	if strings.Contains(address, "gone") {
		return nil, errors.New("gone")
	}
	return c.shot, nil
}

func image(name string) unroll.Media {
	return unroll.Media{Kind: unroll.MediaImage, URL: "https://m.example/" + name}
}

func TestOf(t *testing.T) {
	c := &camera{shot: picture}
	find := pictures.New(pictures.Config{}, c.get).Of(t.Context(), &unroll.Thread{
		Author: unroll.Author{Avatar: "https://m.example/face"},
		Posts: []unroll.Post{{
			ID: "1", Media: []unroll.Media{
				image("a"), image("a"), image("gone"),
				{Kind: unroll.MediaVideo, URL: "https://m.example/film", Preview: "https://m.example/still"},
				{Kind: unroll.MediaAudio, URL: "https://m.example/song"},
			},
			Card:   &unroll.Card{Image: "https://m.example/card"},
			Quote:  &unroll.Quote{Media: []unroll.Media{image("quoted")}},
			Facets: []unroll.Facet{{Kind: unroll.FacetEmoji, URL: "https://m.example/smile"}, {Kind: unroll.FacetLink, URL: "https://m.example/page"}},
		}},
		Branches: []unroll.Branch{{After: "1", Posts: []unroll.Post{{ID: "2", Media: []unroll.Media{image("aside")}}}}},
	})
	for _, name := range []string{"face", "a", "still", "card", "quoted", "smile", "aside"} {
		b, kind, ok := find("https://m.example/" + name)
		if !ok || kind != "image/png" || !bytes.Equal(b, picture) {
			t.Errorf("%s: %q, %s, %t", name, b, kind, ok)
		}
		if n := c.asked["https://m.example/"+name]; n != 1 {
			t.Errorf("%s was fetched %d times", name, n)
		}
	}
	for _, name := range []string{"gone", "film", "song", "page", "never"} {
		if _, _, ok := find("https://m.example/" + name); ok {
			t.Errorf("%s is a picture", name)
		}
	}
}

func TestOfIsBounded(t *testing.T) {
	p := unroll.Post{ID: "1"}
	for i := range 300 {
		p.Media = append(p.Media, image(fmt.Sprint(i)))
	}
	const mib = 1 << 20
	for _, tt := range []struct{ max, held int }{{0, 24}, {5 * mib, 5}, {1, 0}} {
		c := &camera{shot: make([]byte, mib)}
		find := pictures.New(pictures.Config{MaxBytes: tt.max}, c.get).Of(t.Context(), &unroll.Thread{Posts: []unroll.Post{p}})
		if n := len(c.asked); n != 100 {
			t.Errorf("max %d: %d pictures were fetched", tt.max, n)
		}
		held := 0
		for _, m := range p.Media {
			if _, _, ok := find(m.URL); ok {
				held++
			}
		}
		if held != tt.held {
			t.Errorf("max %d: %d MiB are held, want %d", tt.max, held, tt.held)
		}
	}
}
