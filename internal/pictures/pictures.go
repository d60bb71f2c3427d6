// Package pictures fetches the pictures of a thread for files that hold them:
// HTML, EPUB, PDF.
package pictures

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"unrollbot/unroll"
)

// Bounds of the pictures of one file.
const (
	most     = 100
	atOnce   = 6
	patience = 20 * time.Second
)

// Get gets one picture: its bytes.
type Get func(ctx context.Context, address string) ([]byte, error)

// Config tunes an [Album]. The zero value of every field works.
type Config struct {
	// MaxBytes bounds the pictures of one file together; 0 means 24 MiB.
	MaxBytes int
	Log      *slog.Logger
}

// Album fetches pictures.
type Album struct {
	cfg Config
	get Get
}

// New makes an album of what get gets.
func New(cfg Config, get Get) *Album {
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = 24 << 20
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Album{cfg, get}
}

// Of fetches the pictures of a thread, as many as the bounds allow, and
// returns what finds them by address, with their media type. One that cannot
// be had is not ok.
func (a *Album) Of(ctx context.Context, t *unroll.Thread) func(address string) ([]byte, string, bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var (
		mu    sync.Mutex
		left  = a.cfg.MaxBytes
		found = make(map[string][]byte)
		g     errgroup.Group
	)
	g.SetLimit(atOnce)
	for _, address := range addresses(t) {
		g.Go(func() error {
			b, err := a.get(ctx, address)
			if err != nil {
				a.cfg.Log.Debug("picture cannot be had", "err", err)
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			if len(b) <= left {
				left -= len(b)
				found[address] = b
			}
			return nil
		})
	}
	_ = g.Wait() // nothing above fails
	return func(address string) ([]byte, string, bool) {
		b, ok := found[address]
		return b, http.DetectContentType(b), ok // what servers say of their pictures is often wrong
	}
}

// addresses are where the pictures of a thread are, each once, those of the
// posts first.
func addresses(t *unroll.Thread) []string {
	var out []string
	seen := map[string]bool{"": true}
	add := func(address string) {
		if !seen[address] && len(out) < most {
			seen[address] = true
			out = append(out, address)
		}
	}
	media := func(all []unroll.Media) {
		for i := range all {
			if m := &all[i]; m.Preview != "" || m.Kind != unroll.MediaImage {
				add(m.Preview)
			} else {
				add(m.URL)
			}
		}
	}
	add(t.Author.Avatar)
	for p := range t.All {
		media(p.Media)
		if p.Card != nil {
			add(p.Card.Image)
		}
		if p.Quote != nil {
			add(p.Quote.Author.Avatar)
			media(p.Quote.Media)
		}
		for _, f := range p.Facets {
			if f.Kind == unroll.FacetEmoji {
				add(f.URL)
			}
		}
	}
	return out
}
