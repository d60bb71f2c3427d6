package web

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"unrollbot/unroll"
)

// Bounds of a search.
const (
	queryMax    = 200      // of what is looked for, in bytes
	wordsMax    = 8        // looked for
	textMax     = 32 << 10 // looked at of one thread, in bytes
	loadsAtOnce = 8        // threads loaded at once
	searchFor   = 5 * time.Second
)

// search finds threads of the public list. What was asked for in chats is
// not on that list, and is not found.
func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	query := strings.TrimSpace(r.URL.Query().Get("q"))
	query = strings.ToValidUTF8(query[:min(len(query), queryMax)], "")
	data := site{Title: "Search", Query: query}
	words := strings.Fields(fold(query))
	if len(words) == 0 {
		s.show(w, r, "search", data)
		return
	}
	if err := s.allow(r, "search", s.cfg.Limit); err != nil {
		s.fail(w, r, err)
		return
	}
	found := s.corpus.find(r.Context(), s.listings(r, listedMax), words[:min(len(words), wordsMax)])
	data.Title, data.Found = query+" · Search", len(found)
	part, older := paged(r, found)
	data.Latest, data.Older = lines(part), older
	s.show(w, r, "search", data)
}

// corpus holds the folded texts of listed threads, so that a search need not
// load them all.
type corpus struct {
	store unroll.Store
	mu    sync.Mutex
	texts map[string]foldedText // by path; replaced as a whole when the list changes
}

type foldedText struct {
	at   time.Time // when it was listed
	text string
}

// find returns what holds all words, in the order of the list.
func (c *corpus) find(ctx context.Context, list []unroll.Listing, words []string) []unroll.Listing {
	ctx, cancel := context.WithTimeout(ctx, searchFor)
	defer cancel()
	texts := c.load(ctx, list)
	var out []unroll.Listing
	for i := range list {
		if holdsAll(texts[i], words) {
			out = append(out, list[i])
		}
	}
	return out
}

func holdsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// load gives for each listed thread what it can be found by: title, author,
// and the text, unless that cannot be had just now.
func (c *corpus) load(ctx context.Context, list []unroll.Listing) []string {
	c.mu.Lock()
	known := c.texts
	c.mu.Unlock()
	out := make([]string, len(list))
	ok := make([]bool, len(list))
	var g errgroup.Group
	g.SetLimit(loadsAtOnce)
	for i := range list {
		if t, held := known[list[i].Ref.Path()]; held && t.at.Equal(list[i].At) {
			out[i], ok[i] = t.text, true
			continue
		}
		g.Go(func() error {
			l := &list[i]
			out[i] = fold(l.Title + "\n" + l.Author.Name + "\n" + l.Author.Handle + "\n")
			if ctx.Err() != nil {
				return nil
			}
			e, found, err := c.store.Load(ctx, l.Ref)
			if ok[i] = err == nil; ok[i] && found && e.Thread != nil {
				out[i] += said(e.Thread)
			}
			return nil
		})
	}
	_ = g.Wait() // nothing above fails
	texts := make(map[string]foldedText, len(list))
	for i := range list {
		if ok[i] {
			texts[list[i].Ref.Path()] = foldedText{list[i].At, out[i]}
		}
	}
	c.mu.Lock()
	c.texts = texts
	c.mu.Unlock()
	return out
}

// said is what a thread says, folded.
func said(t *unroll.Thread) string {
	var b strings.Builder
	for p := range t.All {
		if b.Len()+len(p.Text) > textMax {
			break
		}
		b.WriteString(p.Text)
		b.WriteByte('\n')
		for i := range p.Media {
			if alt := p.Media[i].Alt; b.Len()+len(alt) <= textMax {
				b.WriteString(alt)
				b.WriteByte('\n')
			}
		}
	}
	return fold(b.String())
}

// fold makes texts equal that differ in case, accents or width only.
func fold(text string) string {
	t := transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), cases.Fold(), norm.NFC)
	out, _, err := transform.String(t, text)
	if err != nil {
		return strings.ToLower(text)
	}
	return out
}
