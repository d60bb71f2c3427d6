package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"unrollbot/unroll"
)

// Bounds of the pictures of one export.
const (
	picturesMax     = 100
	pictureBytesMax = 24 << 20 // all together
	picturesAtOnce  = 6
	picturesFor     = 20 * time.Second
)

// pictures fetches the pictures of a thread, as many as the bounds allow,
// and returns what finds them by address. One that cannot be had is not ok.
func (s *Server) pictures(ctx context.Context, t *unroll.Thread) func(string) ([]byte, string, bool) {
	ctx, cancel := context.WithTimeout(ctx, picturesFor)
	defer cancel()
	var (
		mu    sync.Mutex
		left  = pictureBytesMax
		found = make(map[string][]byte)
		g     errgroup.Group
	)
	g.SetLimit(picturesAtOnce)
	for _, address := range addresses(t) {
		g.Go(func() error {
			b, err := s.cfg.Picture(ctx, address)
			if err != nil {
				s.cfg.Log.Debug("picture cannot be had", "err", err)
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
		if !seen[address] && len(out) < picturesMax {
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
