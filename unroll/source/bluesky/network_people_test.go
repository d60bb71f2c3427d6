package bluesky_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"unrollbot/internal/httpx"
)

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

// post writes a post. Of a reply, reply are the conversation's first post and
// the one that it answers.
func (p *person) post(t *testing.T, text string, reply ...strong) strong {
	t.Helper()
	record := map[string]any{"$type": "app.bsky.feed.post", "text": text, "createdAt": time.Now().UTC().Format(time.RFC3339Nano)}
	if len(reply) > 0 {
		record["reply"] = map[string]any{"root": reply[0], "parent": reply[1]}
	}
	out := p.call(t, "com.atproto.repo.createRecord", map[string]any{
		"repo": p.did, "collection": "app.bsky.feed.post", "record": record,
	})
	uri, _ := out["uri"].(string)
	cid, _ := out["cid"].(string)
	return strong{URI: uri, CID: cid}
}

// remove deletes a post, and waits until the AppView knows.
func (p *person) remove(t *testing.T, post strong) {
	t.Helper()
	p.call(t, "com.atproto.repo.deleteRecord", map[string]any{"repo": p.did, "collection": "app.bsky.feed.post", "rkey": post.ref(t).ID})
	p.n.wait(t, func(ctx context.Context) bool { return p.n.knows(ctx, post) == 0 })
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
	n.wait(t, func(ctx context.Context) bool { return n.knows(ctx, p) == 1 })
}

// knows gives how many posts the AppView has at an address, -1 where it does
// not say.
func (n *network) knows(ctx context.Context, p strong) int {
	var out struct {
		Posts []any `json:"posts"`
	}
	if _, err := n.client.GetJSON(ctx, httpx.Request{
		URL: n.appview + "/xrpc/app.bsky.feed.getPosts?uris=" + url.QueryEscape(p.URI), Op: "wait",
	}, &out); err != nil {
		return -1
	}
	return len(out.Posts)
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
