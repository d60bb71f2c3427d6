package web_test

import (
	"image/png"
	"net/http"
	"strings"
	"testing"

	"unrollbot/unroll"
	"unrollbot/web"
)

func TestSharePicture(t *testing.T) {
	thread := func(id, name, text string) unroll.Thread {
		return unroll.Thread{
			Ref: unroll.Ref{Network: unroll.X, ID: id}, Author: unroll.Author{Name: name, Handle: "ada"},
			Posts: []unroll.Post{{ID: id, Text: text}},
		}
	}
	withPicture := thread("4", "Ada", "Look at this")
	withPicture.Posts[0].Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://m.example/a.jpg", Alt: "A cat"}}
	covered := withPicture
	covered.Ref.ID, covered.Posts = "5", []unroll.Post{withPicture.Posts[0]}
	covered.Posts[0].Sensitive = true
	tests := []struct {
		name   string
		thread unroll.Thread
		image  string // what previews show
		drawn  bool
	}{
		{"words", thread("1", "Ada", "How lighthouses learned to speak 🧵"), "https://unroll.example/x/1.png", true},
		{"many long words", thread("2", strings.Repeat("Ada", 60), strings.Repeat("Wörterverzeichnis", 20)), "https://unroll.example/x/2.png", true},
		{"a name we have no letters for", thread("3", "הדר", "Привет, мир"), "https://unroll.example/x/3.png", true},
		{"a title we have no letters for", thread("6", "Ada", "灯台の話"), "", false},
		{"emoji alone", thread("7", "Ada", "🧵🧵"), "", false},
		{"a picture of its own", withPicture, "https://m.example/a.jpg", true},
		{"a covered picture", covered, "https://unroll.example/x/5.png", true},
	}
	f := newFake()
	for _, tt := range tests {
		f.threads[tt.thread.Ref] = tt.thread
	}
	s := newServer(t, f, web.Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			image, card := "", ""
			for _, n := range nodes(t, get(t, s, tt.thread.Ref.Path()).Body) {
				content, _ := attr(n, "content")
				if p, _ := attr(n, "property"); p == "og:image" {
					image = content
				}
				if p, _ := attr(n, "name"); p == "twitter:card" {
					card = content
				}
			}
			if image != tt.image || (image != "") != (card == "summary_large_image") {
				t.Errorf("image %q, card %q", image, card)
			}
			r := get(t, s, tt.thread.Ref.Path()+".png")
			if !tt.drawn {
				if r.StatusCode != http.StatusNotFound {
					t.Errorf("status %d", r.StatusCode)
				}
				return
			}
			img, err := png.Decode(strings.NewReader(r.Body))
			if err != nil || img.Bounds().Dx() != 1200 || img.Bounds().Dy() != 630 || r.Header.Get("Content-Type") != "image/png" {
				t.Errorf("%v, %v, %s", err, img, r.Header.Get("Content-Type"))
			}
		})
	}
}

func BenchmarkSharePicture(b *testing.B) {
	f := newFake()
	s := newServer(b, f, web.Config{CacheFor: 1})
	b.ReportAllocs()
	for b.Loop() {
		if r := get(b, s, root+".png"); r.StatusCode != http.StatusOK {
			b.Fatal(r.StatusCode)
		}
	}
}
