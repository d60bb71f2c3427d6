package bluesky_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
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
	p := a.post(t, "Not for everybody", strong{})
	n.indexed(t, p)
	n.refused(t, p.ref(t), unroll.KindLoginRequired)
}

func (n *network) renamed(t *testing.T) {
	a := n.account(t, "old")
	p := a.post(t, "The same words under another name", strong{})
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
	root := a.post(t, "post 1", strong{})
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

// person is an account on the PDS.
type person struct {
	n                *network
	did, handle, jwt string
}

func (n *network) account(t *testing.T, name string) *person {
	t.Helper()
	p := &person{n: n, handle: fmt.Sprintf("%s%d.test", name, time.Now().UnixMilli()%1e9)}
	out := p.call(t, "com.atproto.server.createAccount", map[string]any{
		"handle": p.handle, "email": p.handle + "@example.org", "password": "on loopback only",
	})
	p.did, _ = out["did"].(string)
	p.jwt, _ = out["accessJwt"].(string)
	return p
}

func (p *person) post(t *testing.T, text string, parent strong) strong {
	t.Helper()
	record := map[string]any{"$type": "app.bsky.feed.post", "text": text, "createdAt": time.Now().UTC().Format(time.RFC3339Nano)}
	if parent.URI != "" {
		record["reply"] = map[string]any{"root": parent, "parent": parent}
	}
	out := p.call(t, "com.atproto.repo.createRecord", map[string]any{
		"repo": p.did, "collection": "app.bsky.feed.post", "record": record,
	})
	uri, _ := out["uri"].(string)
	cid, _ := out["cid"].(string)
	return strong{URI: uri, CID: cid}
}

func (p *person) put(t *testing.T, collection, key string, record map[string]any) {
	t.Helper()
	record["$type"] = collection
	p.call(t, "com.atproto.repo.putRecord", map[string]any{"repo": p.did, "collection": collection, "rkey": key, "record": record})
}

func (p *person) call(t *testing.T, method string, in any) map[string]any {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.n.pds+"/xrpc/"+method, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if p.jwt != "" {
		req.Header.Set("Authorization", "Bearer "+p.jwt)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", method, res.Status, raw, err)
	}
	out := map[string]any{}
	if len(raw) > 0 {
		_ = json.Unmarshal(raw, &out)
	}
	return out
}

// indexed waits until the AppView knows a post.
func (n *network) indexed(t *testing.T, p strong) {
	t.Helper()
	n.wait(t, func(ctx context.Context) bool {
		var out any
		_, err := n.client.GetJSON(ctx, httpx.Request{
			URL: n.appview + "/xrpc/app.bsky.feed.getPosts?uris=" + url.QueryEscape(p.URI), Op: "wait",
		}, &out)
		posts, _ := out.(map[string]any)["posts"].([]any)
		return err == nil && len(posts) == 1
	})
}

func (n *network) wait(t *testing.T, done func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !done(ctx) {
		select {
		case <-ctx.Done():
			t.Fatal("the AppView has not seen it within a minute")
		case <-tick.C:
		}
	}
}
