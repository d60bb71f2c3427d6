package mastodon_test

import (
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/fakenet"
	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/mastodon"
	"unrollbot/unroll/source/sourcetest"
)

// readable lists a thread's posts that can be read.
func readable(th *unroll.Thread) []string {
	var ids []string
	for p := range th.All {
		if p.Gap == nil {
			ids = append(ids, p.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// Whatever is posted, the contract holds; and where nothing is hidden and
// ids are a server's own, the thread is the one that all posts together give.
func TestRandomWorlds(t *testing.T) {
	for seed := range uint64(16) {
		rng := rand.New(rand.NewPCG(seed, 7))
		w := fakenet.Random(rng, 60)
		sane := seed%2 == 0
		if sane {
			w.Posts = slices.DeleteFunc(w.Posts, func(p fakenet.Post) bool { return p.Gap != nil || strings.Contains(p.ID, "p") })
			w.Posts = orderly(w.Posts)
		}
		srv := httptest.NewServer(fakenet.NewMastodon(w, fakenet.MastodonConfig{}))
		host := strings.TrimPrefix(srv.URL, "http://")
		c := httpx.New(httpx.Config{Trusted: []string{host}, Retries: -1})
		src, err := mastodon.New(mastodon.Config{Trusted: []string{host}}, c)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range w.Posts {
			ref := unroll.Ref{Network: unroll.Mastodon, Host: host, ID: p.ID}
			conv, err := src.Fetch(t.Context(), ref)
			if err != nil {
				if p.Gap == nil && sane {
					t.Errorf("world %d, post %s: %v", seed, p.ID, err)
				}
				continue
			}
			sourcetest.CheckConversation(t, conv)
			got, err := unroll.Assemble(conv)
			if err != nil {
				t.Errorf("world %d, post %s: %v", seed, p.ID, err)
				continue
			}
			if !sane {
				continue
			}
			want, err := unroll.Assemble(w.Conversation(p.ID))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(readable(&want), readable(&got)); diff != "" {
				t.Errorf("world %d, post %s (-want +got)\n%s\n%+v", seed, p.ID, diff, got.Verdict)
			}
		}
		c.Close()
		srv.Close()
	}
}

// orderly drops posts whose id is taken, and those that answer nothing that
// was there before.
func orderly(posts []fakenet.Post) []fakenet.Post {
	held := map[string]bool{"": true}
	return slices.DeleteFunc(posts, func(p fakenet.Post) bool {
		if held[p.ID] || !held[p.ParentID] {
			return true
		}
		held[p.ID] = true
		return false
	})
}
