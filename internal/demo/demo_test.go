package demo_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/demo"
	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/boltstore"
	"unrollbot/unroll/source/bluesky"
	"unrollbot/unroll/source/fxtwitter"
	"unrollbot/unroll/source/mastodon"
)

func serve(t *testing.T) *demo.Net {
	t.Helper()
	n, err := demo.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// sources are the real ones, led to the demo.
func sources(t *testing.T, n *demo.Net, client httpx.Doer) []unroll.Source {
	t.Helper()
	fx, errX := fxtwitter.New(fxtwitter.Config{BaseURL: n.FxTwitterURL}, client)
	bsky, errB := bluesky.New(bluesky.Config{BaseURL: n.AppViewURL}, client)
	toot, errM := mastodon.New(mastodon.Config{Trusted: []string{n.MastodonHost}}, client)
	for _, err := range []error{errX, errB, errM} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return []unroll.Source{fx, bsky, toot}
}

// unrolled reads the thread behind a link through the real sources.
func unrolled(t *testing.T, n *demo.Net, url string) unroll.Thread {
	t.Helper()
	ref, err := unroll.ParseRef(url)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources(t, n, httpx.New(httpx.Config{Trusted: n.Trusted()})) {
		if s.Match(ref) {
			c, err := s.Fetch(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			thread, err := unroll.Assemble(c)
			if err != nil {
				t.Fatal(err)
			}
			return thread
		}
	}
	t.Fatalf("no source for %s", url)
	return unroll.Thread{}
}

// inventory counts what a thread holds.
func inventory(t unroll.Thread) map[string]int {
	have := map[string]int{"branches": len(t.Branches), "posts": t.Len()}
	for p := range t.All {
		have["media"] += len(p.Media)
		for _, m := range p.Media {
			if m.Alt != "" {
				have["described"]++
			}
		}
		for key, is := range map[string]bool{
			"gaps": p.Gap != nil, "quotes": p.Quote != nil && p.Quote.Text != "", "polls": p.Poll != nil, "cards": p.Card != nil,
			"covered": p.Sensitive, "warnings": p.Warning != "", "arabic": p.Lang == "ar", "hebrew": p.Lang == "he",
			"japanese": p.Lang == "ja", "chinese": p.Lang == "zh", "joined emoji": strings.Contains(p.Text, "\u200d"),
		} {
			if is {
				have[key]++
			}
		}
	}
	for key, n := range have {
		if n == 0 {
			delete(have, key)
		}
	}
	return have
}

func TestThreadsThroughTheSources(t *testing.T) {
	n := serve(t)
	want := []map[string]int{
		{"posts": 20, "gaps": 1, "media": 3, "described": 3, "quotes": 1, "polls": 1, "cards": 1, "arabic": 1, "japanese": 1, "joined emoji": 2},
		{"posts": 19, "branches": 1, "gaps": 1, "media": 4, "described": 3, "quotes": 1, "cards": 1, "covered": 1, "hebrew": 1, "chinese": 1, "joined emoji": 1},
		{"posts": 17, "branches": 1, "gaps": 1, "media": 2, "described": 2, "quotes": 1, "polls": 1, "cards": 1, "covered": 1, "warnings": 1, "arabic": 1, "chinese": 1, "joined emoji": 1},
	}
	for i, link := range n.Links {
		thread := unrolled(t, n, link.URL)
		have := inventory(thread)
		if diff := cmp.Diff(want[i], have); diff != "" {
			t.Errorf("%s (-want +got):\n%s", link.URL, diff)
		}
		if thread.Verdict.State != unroll.Partial {
			t.Errorf("%s: %s in spite of the gap", link.URL, thread.Verdict.State)
		}
		if !strings.Contains(thread.Author.Name, strings.Fields(link.Author)[0]) {
			t.Errorf("%s is by %q", link.URL, thread.Author.Name)
		}
		for p := range thread.All {
			for _, strange := range []string{"UNROLL YOUR SAVINGS", "three jars", "OLD door", "There is a part about the mercury", "landlord", "1832", "holds the back roller"} {
				if strings.Contains(p.Text, strange) {
					t.Errorf("%s: %q does not belong there", link.URL, p.Text)
				}
			}
		}
	}
	if len(n.Links) != 3 || len(n.Chat) < 3 {
		t.Fatalf("%d links, %d messages", len(n.Links), len(n.Chat))
	}
	for i, l := range n.Links {
		if !strings.Contains(n.Chat[i].Text, l.URL) {
			t.Errorf("message %d does not hold %s", i, l.URL)
		}
	}
}

// clocked is a service on the demo's networks whose time is now.
func clocked(t *testing.T, n *demo.Net, client httpx.Doer, now *time.Time) *unroll.Service {
	t.Helper()
	clock := func() time.Time { return *now }
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(t.TempDir(), "db"), NoSync: true, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	s, err := unroll.New(unroll.Config{Now: clock}, sources(t, n, client), store)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestReadAnew reads every thread by every link to it, and then anew: none may
// lose a post by that, from whatever side it is looked at.
func TestReadAnew(t *testing.T) {
	n := serve(t)
	client := httpx.New(httpx.Config{Trusted: n.Trusted()})
	for _, link := range n.Links {
		whole := unrolled(t, n, link.URL)
		for p := range whole.All {
			if p.Gap != nil {
				continue
			}
			way, now := whole.RefOf(p), time.Now()
			s := clocked(t, n, client, &now)
			first, err := s.Unroll(t.Context(), way)
			if err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Hour)
			second, err := s.Refresh(t.Context(), way)
			if err != nil || second.Len() < first.Len() {
				t.Errorf("%s: %d posts, then %d, %v", way.Path(), first.Len(), second.Len(), err)
			}
			// Above a deleted post X's services show nothing of what is below.
			if second.Len() != whole.Len() && (link.Network != unroll.X || !above(&whole, way)) {
				t.Errorf("%s: %d posts, by its own link %d", way.Path(), second.Len(), whole.Len())
			}
		}
	}
}

// failing fails every now and then.
type failing struct {
	httpx.Doer
	rand *rand.Rand // nil while all is well
}

func (f *failing) GetJSON(ctx context.Context, r httpx.Request, out any) (httpx.Answer, error) {
	if f.rand != nil && f.rand.IntN(4) == 0 {
		return httpx.Answer{}, &unroll.Error{Kind: unroll.KindTimeout, Op: r.Op}
	}
	return f.Doer.GetJSON(ctx, r, out)
}

// TestReadAnewThroughFailures: a call that fails costs no post that we hold.
func TestReadAnewThroughFailures(t *testing.T) {
	n := serve(t)
	client := &failing{Doer: httpx.New(httpx.Config{Trusted: n.Trusted()})}
	r := rand.New(rand.NewPCG(5, 6))
	for _, link := range n.Links {
		whole := unrolled(t, n, link.URL)
		for i := range whole.Posts {
			if whole.Posts[i].Gap != nil {
				continue
			}
			way, now := whole.RefOf(&whole.Posts[i]), time.Now()
			s := clocked(t, n, client, &now)
			client.rand = nil
			first, err := s.Unroll(t.Context(), way)
			if err != nil {
				t.Fatal(err)
			}
			client.rand = r
			for range 3 {
				now = now.Add(time.Hour)
				if got, err := s.Refresh(t.Context(), way); err != nil || got.Len() < first.Len() {
					t.Errorf("%s: %d posts, then %d, %v", way.Path(), first.Len(), got.Len(), err)
				}
			}
		}
	}
}

// above tells whether a post stands above the thread's first gap.
func above(t *unroll.Thread, way unroll.Ref) bool {
	for i := range t.Posts {
		if t.Posts[i].Gap != nil {
			return false
		}
		if t.RefOf(&t.Posts[i]) == way {
			return true
		}
	}
	return false
}

func TestPictures(t *testing.T) {
	n := serve(t)
	seen := map[string]bool{}
	for _, link := range n.Links {
		thread := unrolled(t, n, link.URL)
		for p := range thread.All {
			for _, m := range p.Media {
				seen[m.URL] = true
			}
			if p.Card != nil {
				seen[p.Card.Image] = true
			}
			if p.Quote != nil && p.Quote.Author.Avatar != "" {
				seen[p.Quote.Author.Avatar] = true
			}
		}
		seen[thread.Author.Avatar] = true
	}
	for url := range seen {
		if err := picture(t.Context(), url); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(url, n.MediaURL) && !strings.HasSuffix(url, "/avatars/original/missing.png") {
			t.Errorf("%s is not ours", url)
		}
	}
	if len(seen) < 6 {
		t.Errorf("only %d pictures", len(seen))
	}
}

func picture(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if kind := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || kind != "image/png" || !strings.HasPrefix(string(body), "\x89PNG") {
		return fmt.Errorf("%s: %d %s", url, res.StatusCode, kind)
	}
	return nil
}

// A second demo beside the first takes another port, and its links lead there.
func TestServeTwice(t *testing.T) {
	a, b := serve(t), serve(t)
	if a.MastodonHost == b.MastodonHost {
		t.Fatal("one address for both")
	}
	if got := unrolled(t, b, b.Links[2].URL); got.Ref.Host != b.MastodonHost {
		t.Errorf("read from %s", got.Ref.Host)
	}
}
