package bot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"unrollbot/unroll"
)

// watch is what is kept of one.
type watch struct {
	Request Request `json:"request"` // without what anybody wrote
	Address []byte  `json:"address"`
	Told    digests `json:"told"`
	// Sending is what was about to be told when this was written.
	Sending   digests   `json:"sending,omitempty"`
	Attempts  int       `json:"attempts,omitempty"`  // at it, in a row
	NotBefore time.Time `json:"not_before,omitzero"` // the next attempt, or the next news
}

// digests are posts, each by the first bytes of the digest of its id.
type digests []byte

const (
	digestSize = 8
	// maxTold is how many posts are remembered as told. What is new stands
	// behind the last of them.
	maxTold = 256
)

func digest(id string) []byte {
	sum := sha256.Sum256([]byte(id))
	return sum[:digestSize]
}

func (d digests) has(id string) bool {
	for one := range slices.Chunk([]byte(d), digestSize) {
		if bytes.Equal(one, digest(id)) {
			return true
		}
	}
	return false
}

// told adds the posts of a thread to those that are told already. Branches
// come before the main chain, which goes on from its last post.
func told(before digests, t *unroll.Thread) digests {
	out := slices.Clone(before)
	add := func(posts []unroll.Post) {
		for i := range posts {
			if posts[i].Gap == nil && !before.has(posts[i].ID) {
				out = append(out, digest(posts[i].ID)...)
			}
		}
	}
	for i := range t.Branches {
		add(t.Branches[i].Posts)
	}
	add(t.Posts)
	return out[max(0, len(out)-maxTold*digestSize):]
}

// news are the posts of a thread's main chain that w does not know: those that
// were about to be told, else those behind the last one told. A post that was
// deleted is none, nor one that turns up in the middle.
func (w *watch) news(t *unroll.Thread) []unroll.Post {
	var out []unroll.Post
	if len(w.Sending) > 0 {
		for _, p := range t.Posts {
			if p.Gap == nil && w.Sending.has(p.ID) {
				out = append(out, p)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	for _, p := range slices.Backward(t.Posts) {
		switch {
		case p.Gap != nil:
		case w.Told.has(p.ID):
			slices.Reverse(out)
			return out
		default:
			out = append(out, p)
		}
	}
	return nil // none of what was told is there any more
}

// upTo is a thread as it was when the post with this id was its last.
func upTo(t *unroll.Thread, id string) *unroll.Thread {
	at := slices.IndexFunc(t.Posts, func(p unroll.Post) bool { return p.ID == id })
	if at < 0 || at == len(t.Posts)-1 {
		return t
	}
	cut := *t
	cut.Posts = t.Posts[:at+1]
	cut.Branches = nil
	for _, b := range t.Branches {
		if cut.Has(b.After) {
			cut.Branches = append(cut.Branches, b)
		}
	}
	return &cut
}

// memory is what this process has sent and could not note: while the store is
// gone, nothing is sent twice by the one who knows better.
type memory struct {
	mu   sync.Mutex
	keys map[string]bool
}

// maxMemory bounds it; beyond, the store has been gone for very long.
const maxMemory = 10_000

func (m *memory) add(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys == nil || len(m.keys) >= maxMemory {
		m.keys = make(map[string]bool)
	}
	m.keys[key] = true
}

// take forgets key, and tells whether it was there.
func (m *memory) take(key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.keys[key]
	delete(m.keys, key)
	return was
}

// newsID names a message of news, for a platform's own protection against
// doubles.
func newsID(w unroll.Waiting, from string) string {
	h := sha256.New()
	for _, part := range []string{w.Lane, w.Topic, w.Who, from} {
		h.Write([]byte(part + "\x00"))
	}
	return "news-" + hex.EncodeToString(h.Sum(nil)[:12])
}
