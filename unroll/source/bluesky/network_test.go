package bluesky_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/bluesky"
)

// network is a real AppView and PDS, on this machine.
type network struct {
	appview, pds string
	client       *httpx.Client
}

// tapped counts the calls that go through it.
type tapped struct {
	httpx.Doer
	calls []string
}

func (d *tapped) GetJSON(ctx context.Context, r httpx.Request, out any) (httpx.Answer, error) {
	_, method, _ := strings.Cut(r.URL, "/xrpc/app.bsky.")
	method, _, _ = strings.Cut(strings.TrimPrefix(method, "feed."), "?")
	d.calls = append(d.calls, method)
	return d.Doer.GetJSON(ctx, r, out)
}

// seeded is what the network's seed script wrote down.
type seeded struct {
	Root, Branch, Deleted, Quoted strong
	Posts, DeletedThread, Calls   []strong
}

type strong struct {
	URI string `json:"uri"`
	CID string `json:"cid"`
}

func (s strong) ref(t *testing.T) unroll.Ref {
	t.Helper()
	did, key, ok := strings.Cut(strings.TrimPrefix(s.URI, "at://"), "/app.bsky.feed.post/")
	if !ok {
		t.Fatalf("no post: %q", s.URI)
	}
	return unroll.Ref{Network: unroll.Bluesky, Author: did, ID: key}
}

// TestNetwork reads from a real AppView. UNROLL_BLUESKY_NETWORK names the
// seed.json of its thread; UNROLL_BLUESKY_APPVIEW_URL and
// UNROLL_BLUESKY_PDS_URL say where it is, if not on ports 2584 and 2583.
func TestNetwork(t *testing.T) {
	file := os.Getenv("UNROLL_BLUESKY_NETWORK")
	if file == "" {
		t.Skip("UNROLL_BLUESKY_NETWORK is not set: it names the seed.json of a Bluesky network on this machine")
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var seed seeded
	if err := json.Unmarshal(raw, &seed); err != nil {
		t.Fatal(err)
	}
	n := network{
		appview: cmp.Or(os.Getenv("UNROLL_BLUESKY_APPVIEW_URL"), "http://localhost:2584"),
		pds:     cmp.Or(os.Getenv("UNROLL_BLUESKY_PDS_URL"), "http://localhost:2583"),
	}
	host, err := url.Parse(n.appview)
	if err != nil {
		t.Fatal(err)
	}
	n.client = httpx.New(httpx.Config{Trusted: []string{host.Host}})

	last := len(seed.Posts) - 1
	for _, tt := range []struct {
		name     string
		asked    strong
		cfg      bluesky.Config
		calls    []string
		main     int
		branches []int
		gap      int // index of the gap in the main chain, 0 for none
		state    unroll.State
	}{
		{"root", seed.Root, bluesky.Config{}, times(1, thread), 30, []int{2}, 0, unroll.Complete},
		{"middle", seed.Posts[14], bluesky.Config{}, times(2, thread), 30, []int{2}, 0, unroll.Complete},
		{"last", seed.Posts[last], bluesky.Config{}, times(2, thread), 30, []int{2}, 0, unroll.Complete},
		{"side branch", seed.Branch, bluesky.Config{}, times(2, thread), 30, []int{2}, 0, unroll.Complete},
		{"stranger's reply at the end", seed.Calls[0], bluesky.Config{}, times(2, thread), 30, []int{2}, 0, unroll.Complete},
		{"stranger's reply in the middle", seed.Calls[1], bluesky.Config{}, times(2, thread), 30, []int{2}, 0, unroll.Complete},
		{"root, counted", seed.Root, bluesky.Config{Count: true}, []string{thread, count}, 30, []int{2}, 0, unroll.Complete},
		{"deleted in the middle, from below", seed.DeletedThread[9], bluesky.Config{}, []string{thread, thread, count}, 10, nil, 4, unroll.Partial},
		{"deleted in the middle, from the root, counted", seed.DeletedThread[0], bluesky.Config{Count: true}, []string{thread, count, feed}, 10, nil, 4, unroll.Partial},
		{"deleted in the middle, from the root, nothing told", seed.DeletedThread[0], bluesky.Config{}, times(1, thread), 4, nil, 0, unroll.Complete},
	} {
		t.Run(tt.name, func(t *testing.T) {
			th, calls := n.unroll(t, tt.cfg, tt.asked.ref(t))
			var branches []int
			for _, b := range th.Branches {
				branches = append(branches, len(b.Posts))
			}
			gap := 0
			for i, p := range th.Posts {
				if p.Gap != nil {
					gap = i
				}
			}
			t.Logf("%d posts, branches %v, gap at %d, calls %v, %s", len(th.Posts), branches, gap, calls, th.Verdict.State)
			for _, diff := range []string{
				gocmp.Diff(tt.calls, calls), gocmp.Diff(tt.main, len(th.Posts)), gocmp.Diff(tt.branches, branches),
				gocmp.Diff(tt.gap, gap), gocmp.Diff(tt.state, th.Verdict.State),
			} {
				if diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	t.Run("deleted post itself", func(t *testing.T) {
		n.refused(t, seed.Deleted.ref(t), unroll.KindNotFound)
	})
	t.Run("handle that nobody has", func(t *testing.T) {
		ref := seed.Root.ref(t)
		ref.Author = "nobody.test"
		n.refused(t, ref, unroll.KindNotFound)
	})
	t.Run("login only", n.loginOnly)
	t.Run("renamed", n.renamed)
	t.Run("1,200 posts", n.long)
	t.Run("update", n.update)
}

func (n *network) unroll(t *testing.T, cfg bluesky.Config, ref unroll.Ref) (unroll.Thread, []string) {
	t.Helper()
	cfg.BaseURL, cfg.Now = n.appview, time.Now
	d := &tapped{Doer: n.client}
	start := time.Now()
	c, err := newSource(t, cfg, d).Fetch(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	th, err := unroll.Assemble(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("read in %v", took.Round(time.Millisecond))
	return th, d.calls
}

func (n *network) refused(t *testing.T, ref unroll.Ref, want unroll.Kind) {
	t.Helper()
	_, err := newSource(t, bluesky.Config{BaseURL: n.appview}, n.client).Fetch(t.Context(), ref)
	t.Log(err)
	if got := unroll.KindOf(err); got != want {
		t.Errorf("kind %q, want %q", got, want)
	}
}

func (n *network) loginOnly(t *testing.T) {
	a := n.account(t, "shy")
	a.put(t, "app.bsky.actor.profile", "self", map[string]any{
		"labels": map[string]any{
			"$type":  "com.atproto.label.defs#selfLabels",
			"values": []any{map[string]any{"val": "!no-unauthenticated"}},
		},
	})
	p := a.post(t, "Not for everybody")
	n.indexed(t, p)
	n.refused(t, p.ref(t), unroll.KindLoginRequired)
}

func (n *network) renamed(t *testing.T) {
	a := n.account(t, "old")
	p := a.post(t, "The same words under another name")
	n.indexed(t, p)
	before, after := p.ref(t), p.ref(t)
	before.Author, after.Author = a.handle, strings.Replace(a.handle, "old", "new", 1)
	if th, _ := n.unroll(t, bluesky.Config{}, before); th.Ref != p.ref(t) {
		t.Errorf("ref %s, want the DID", th.Ref)
	}
	a.call(t, "com.atproto.identity.updateHandle", map[string]any{"handle": after.Author})
	n.wait(t, func(ctx context.Context) bool {
		_, err := newSource(t, bluesky.Config{BaseURL: n.appview}, n.client).Fetch(ctx, after)
		return err == nil
	})
	n.refused(t, before, unroll.KindNotFound)
	th, _ := n.unroll(t, bluesky.Config{}, after)
	if th.Ref != p.ref(t) || th.Author.Handle != after.Author {
		t.Errorf("ref %s by %s", th.Ref, th.Author.Handle)
	}
}

// long writes 1,200 posts, 200 at a time, and reads them from three places.
func (n *network) long(t *testing.T) {
	a := n.account(t, "long")
	root := a.post(t, "post 1")
	posts, start := []strong{root}, time.Now()
	for len(posts) < 1200 {
		var writes []any
		for range min(200, 1200-len(posts)) {
			key := tid(start.Add(time.Duration(len(posts)) * time.Millisecond))
			up := posts[len(posts)-1]
			writes = append(writes, map[string]any{
				"$type": "com.atproto.repo.applyWrites#create", "collection": "app.bsky.feed.post", "rkey": key,
				"value": map[string]any{
					"$type": "app.bsky.feed.post", "text": fmt.Sprintf("post %d", len(posts)+1),
					"createdAt": start.Add(time.Duration(len(posts)) * time.Millisecond).UTC().Format(time.RFC3339Nano),
					"reply": map[string]any{
						"root": root,
						// The AppView goes by addresses; any CID will do.
						"parent": strong{URI: up.URI, CID: root.CID},
					},
				},
			})
			posts = append(posts, strong{URI: "at://" + a.did + "/app.bsky.feed.post/" + key})
		}
		a.call(t, "com.atproto.repo.applyWrites", map[string]any{"repo": a.did, "writes": writes})
	}
	n.indexed(t, posts[len(posts)-1])
	for _, i := range []int{0, 599, 1199} {
		th, calls := n.unroll(t, bluesky.Config{}, posts[i].ref(t))
		t.Logf("from post %d: %d posts, calls %v, %s", i+1, len(th.Posts), calls, th.Verdict.State)
		if len(th.Posts) != 1200 || len(calls) > 2 || th.Verdict.State != unroll.Complete {
			t.Errorf("%d findings", len(th.Verdict.Evidence))
		}
	}
}

// update reads one thread again and again while it grows and loses posts.
func (n *network) update(t *testing.T) {
	a := n.account(t, "grows")
	posts := []strong{a.post(t, "post 1")}
	say := func() {
		posts = append(posts, a.post(t, fmt.Sprintf("post %d", len(posts)+1), posts[0], posts[len(posts)-1]))
	}
	for range 4 {
		say()
	}
	n.indexed(t, posts[4])
	th, _ := n.unroll(t, bluesky.Config{}, posts[0].ref(t))
	for _, step := range []struct {
		name  string
		do    func()
		calls []string
		want  []string
		state unroll.State
	}{
		{"nothing has changed", func() {}, []string{thread, count}, lines("post", 1, 5), unroll.Complete},
		{"it goes on", func() { say(); n.indexed(t, posts[5]) }, []string{thread, count}, lines("post", 1, 6), unroll.Complete},
		{
			"a post in the middle is deleted", func() { a.remove(t, posts[2]) },
			[]string{thread, thread, count},
			[]string{"post 1", "post 2", "[deleted]", "post 4", "post 5", "post 6"},
			unroll.Partial,
		},
		{
			"and the last one", func() { a.remove(t, posts[5]) },
			[]string{thread, thread, count, feed},
			[]string{"post 1", "post 2", "[deleted]", "post 4", "post 5"},
			unroll.Partial,
		},
	} {
		step.do()
		d := &tapped{Doer: n.client}
		c, err := newSource(t, bluesky.Config{BaseURL: n.appview, Now: time.Now}, d).Update(t.Context(), &th)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if th, err = unroll.Assemble(c); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		t.Logf("%s: %q, calls %v, %s", step.name, texts(th.Posts), d.calls, th.Verdict.State)
		for _, diff := range []string{gocmp.Diff(step.calls, d.calls), gocmp.Diff(step.want, texts(th.Posts)), gocmp.Diff(step.state, th.Verdict.State)} {
			if diff != "" {
				t.Errorf("%s: %s", step.name, diff)
			}
		}
	}
}

// tid makes a record key of a time: its microseconds and a clock's number, in
// the base 32 that sorts.
func tid(at time.Time) string {
	const digits = "234567abcdefghijklmnopqrstuvwxyz"
	var out [13]byte
	for i, n := len(out)-1, at.UnixMicro()<<10; i >= 0; i, n = i-1, n>>5 {
		out[i] = digits[n&31]
	}
	return string(out[:])
}
