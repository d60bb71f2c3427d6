package bluesky

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/mention"
	"unrollbot/bot/mention/mentiontest"
	"unrollbot/unroll"
)

// person is an account on a real network.
type person struct {
	*testing.T
	pds, appview string
	DID, Handle  string
	Access       string `json:"accessJwt"`
	password     string
}

// seed is the thread that stands on a real network.
type seed struct {
	Root  strong
	Posts []strong
}

func (s *seed) ref() unroll.Ref {
	did, key, _ := splitURI(s.Root.URI)
	return unroll.Ref{Network: unroll.Bluesky, Author: did, ID: key}
}

func readSeed(t *testing.T) *seed {
	t.Helper()
	file := os.Getenv("UNROLL_BLUESKY_NETWORK")
	if file == "" {
		t.Skip("UNROLL_BLUESKY_NETWORK is not set: it names the seed.json of a Bluesky network on this machine")
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s seed
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// TestNetwork answers on a real network. UNROLL_BLUESKY_NETWORK names the
// seed.json of its thread; UNROLL_BLUESKY_APPVIEW_URL and
// UNROLL_BLUESKY_PDS_URL say where it is, if not on ports 2584 and 2583.
func TestNetwork(t *testing.T) {
	seed := readSeed(t)
	robot, asker := newPerson(t, "robot"), newPerson(t, "asker")
	n := mentiontest.NewNet(t, seed.ref(), robot.password)
	tap := &tap{next: http.DefaultTransport}
	cfg := Config{PDSURL: robot.pds, Identifier: robot.Handle, AppPassword: robot.password, Transport: tap}
	cfg.Interval, cfg.Again = 200*time.Millisecond, mention.AgainLike
	n.Make = func(log *slog.Logger, d bot.Dispatch, p bot.Phrases, v unroll.Values) (bot.Adapter, error) {
		cfg.Log = log
		return New(cfg, d, p, v)
	}
	end := func(l *mentiontest.Life) {
		t.Helper()
		if l.End(); l.Err != nil {
			t.Error(l.Err)
		}
	}
	done := func() bool { return len(n.Values.Keys("mention:bluesky:done:")) > 0 }

	// A first answer, killed before it is marked.
	tap.posted = n.Values.Kill
	asked := asker.ask(robot, seed.Root, seed.Posts[len(seed.Posts)-1])
	l := n.Begin()
	answer := robot.wait("a reply", func() any { return robot.replyTo(asked.URI) }).(map[string]any)
	end(l)
	if done() {
		t.Error("the kill came too late for this test")
	}
	record := answer["record"].(map[string]any)
	t.Logf("%s", indent(answer["record"]))
	if !strings.HasPrefix(record["text"].(string), "“How looms work") || answer["embed"].(map[string]any)["$type"] != "app.bsky.embed.external#view" {
		t.Errorf("the answer: %s", indent(answer))
	}

	// The next life finds it, and likes the second request.
	tap.posted = nil
	l = n.Begin()
	robot.wait("the mark", func() any { return or(done()) })
	second := asker.ask(robot, seed.Root, seed.Posts[3])
	robot.wait("a like", func() any { return or(len(robot.records("app.bsky.feed.like")) == 1) })
	end(l)
	if got := robot.records(postType); len(got) != 1 {
		t.Errorf("%d answers, want 1: %s", len(got), indent(got))
	}
	if r := robot.replyTo(second.URI); r != nil {
		t.Errorf("the second request was answered: %s", indent(r))
	}

	// A thread that lets nobody reply.
	gated := asker.post("1/ A thread of my own", nil)
	_, gate, _ := splitURI(gated.URI)
	asker.put("app.bsky.feed.threadgate", gate, map[string]any{
		"$type": "app.bsky.feed.threadgate", "post": gated.URI, "allow": []any{}, "createdAt": time.Now().UTC().Format(cursorForm),
	})
	asker.wait("the gate", func() any {
		got := robot.get(robot.pds, "app.bsky.feed.getPosts", url.Values{"uris": {gated.URI}})
		posts := got["posts"].([]any)
		return or(len(posts) == 1 && posts[0].(map[string]any)["viewer"].(map[string]any)["replyDisabled"] == true)
	})
	third := asker.ask(robot, gated, gated)
	l = n.Begin()
	robot.wait("the refusal", func() any { return or(len(n.Values.Keys("mention:bluesky:done:"+third.URI)) == 1) })
	end(l)
	if got := robot.records(postType); len(got) != 1 {
		t.Errorf("%d answers, want 1: %s", len(got), indent(got))
	}
	if got := robot.get(robot.pds, "app.bsky.notification.getUnreadCount", nil); got["count"].(float64) > 1 {
		t.Errorf("unread: %v", got)
	}
	profile := robot.get(robot.appview, "app.bsky.actor.getProfile", url.Values{"actor": {robot.DID}})
	t.Logf("labels: %s", indent(profile["labels"]))
	if !strings.Contains(indent(profile["labels"]), `"bot"`) {
		t.Error("the account is not labelled")
	}
}

// TestNetworkNews tells of a watched thread that grows, on a real network.
func TestNetworkNews(t *testing.T) {
	seed := readSeed(t)
	robot, asker := newPerson(t, "robot"), newPerson(t, "asker")
	n := mentiontest.NewNet(t, seed.ref(), robot.password)
	n.Lookout = bot.LookoutConfig{Soonest: 100 * time.Millisecond, Gap: 100 * time.Millisecond, Poll: 100 * time.Millisecond}
	cfg := Config{PDSURL: robot.pds, Identifier: robot.Handle, AppPassword: robot.password}
	cfg.Interval = 200 * time.Millisecond
	var a *Adapter
	n.Make = func(log *slog.Logger, d bot.Dispatch, p bot.Phrases, v unroll.Values) (_ bot.Adapter, err error) {
		cfg.Log = log
		a, err = New(cfg, d, p, v)
		return a, err
	}
	l := n.Begin()
	asked := asker.say(robot, "watch", seed.Root, seed.Posts[3])
	told := func(want int) {
		t.Helper()
		robot.wait(fmt.Sprint(want, " answers"), func() any { return or(len(robot.records(postType)) >= want) })
		time.Sleep(time.Second) // for one too many
		got := robot.records(postType)
		if len(got) != want {
			t.Errorf("%d answers, want %d: %s", len(got), want, indent(got))
		}
	}
	told(1)
	n.Threads.Grow(2)
	told(2)
	n.Threads.Grow(1)
	told(3)
	if l.End(); l.Err != nil {
		t.Error(l.Err)
	}
	link := mentiontest.PublicURL + seed.ref().Path() + "#p-3"
	if got := indent(robot.records(postType)); !strings.Contains(got, link) || !strings.Contains(got, "2 new posts by Ada") {
		t.Errorf("no link to %s: %s", link, got)
	}

	// The same news again, as after a kill before the mark.
	address, err := json.Marshal(note{Post: asked, Root: &seed.Root})
	if err != nil {
		t.Fatal(err)
	}
	th, err := n.Threads.Unroll(t.Context(), seed.ref())
	if err != nil {
		t.Fatal(err)
	}
	res, err := a.Recall(t.Context(), bot.Request{User: asker.DID, Locale: "en"}, address)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Send(t.Context(), bot.Reply{Thread: &th, PageURL: mentiontest.PublicURL + th.Ref.Path(), NewFrom: th.Posts[2].ID}); err != nil {
		t.Error(err)
	}
	told(3)
}

// tap calls posted when a record was written.
type tap struct {
	next   http.RoundTripper
	posted func()
}

func (p *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := p.next.RoundTrip(r)
	if err == nil && p.posted != nil && bytes.Contains(body, []byte(`"collection":"`+postType)) {
		p.posted()
	}
	return resp, err
}

func newPerson(t *testing.T, name string) *person {
	t.Helper()
	p := &person{
		T:       t,
		appview: cmp.Or(os.Getenv("UNROLL_BLUESKY_APPVIEW_URL"), "http://localhost:2584"),
		pds:     cmp.Or(os.Getenv("UNROLL_BLUESKY_PDS_URL"), "http://localhost:2583"),
	}
	p.password = "pass-word-of-" + name
	handle := fmt.Sprintf("%s%d.test", name, time.Now().UnixMilli()%1e9)
	p.call(http.MethodPost, p.pds, "com.atproto.server.createAccount", nil,
		map[string]string{"handle": handle, "email": handle + "@example.test", "password": p.password}, p)
	p.put(profileType, "self", map[string]any{"$type": profileType, "displayName": name})
	return p
}

func (p *person) call(method, base, nsid string, query url.Values, body, out any) {
	p.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		p.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.Context(), method, base+"/xrpc/"+nsid+"?"+query.Encode(), bytes.NewReader(data))
	if err != nil {
		p.Fatal(err)
	}
	if body == nil {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.Header.Set("Content-Type", "application/json")
	if p.Access != "" && base == p.pds {
		req.Header.Set("Authorization", "Bearer "+p.Access)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.Fatal(err)
	}
	defer resp.Body.Close()
	if data, err = io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		if strings.HasSuffix(nsid, "getPostThread") {
			return // not there yet
		}
		p.Fatalf("%s: %d %v %s", nsid, resp.StatusCode, err, data)
	}
	if err := json.Unmarshal(data, out); err != nil {
		p.Fatal(err)
	}
}

func (p *person) get(base, nsid string, query url.Values) map[string]any {
	p.Helper()
	var out map[string]any
	p.call(http.MethodGet, base, nsid, query, nil, &out)
	return out
}

func (p *person) put(collection, key string, record any) {
	p.Helper()
	var out map[string]any
	p.call(http.MethodPost, p.pds, "com.atproto.repo.putRecord", nil,
		map[string]any{"repo": p.DID, "collection": collection, "rkey": key, "record": record}, &out)
}

func (p *person) post(text string, more map[string]any) strong {
	p.Helper()
	record := map[string]any{"$type": postType, "text": text, "createdAt": time.Now().UTC().Format(cursorForm), "langs": []string{"en"}}
	for k, v := range more {
		record[k] = v
	}
	var out strong
	p.call(http.MethodPost, p.pds, "com.atproto.repo.createRecord", nil,
		map[string]any{"repo": p.DID, "collection": postType, "record": record}, &out)
	return out
}

// ask asks the bot for a thread, in a reply.
func (p *person) ask(robot *person, root, parent strong) strong {
	p.Helper()
	return p.say(robot, "unroll please", root, parent)
}

// say names the bot in a reply.
func (p *person) say(robot *person, words string, root, parent strong) strong {
	p.Helper()
	name := "@" + robot.Handle
	return p.post(name+" "+words, map[string]any{
		"reply": reply{root, parent},
		"facets": []any{map[string]any{
			"index":    map[string]int{"byteStart": 0, "byteEnd": len(name)},
			"features": []any{map[string]any{"$type": mentionType, "did": robot.DID}},
		}},
	})
}

// replyTo gives the bot's reply to a post as the AppView shows it, or nil.
func (p *person) replyTo(uri string) any {
	p.Helper()
	got := p.get(p.appview, "app.bsky.feed.getPostThread", url.Values{"uri": {uri}, "depth": {"1"}})
	th, _ := got["thread"].(map[string]any)
	replies, _ := th["replies"].([]any)
	for _, r := range replies {
		post := r.(map[string]any)["post"].(map[string]any)
		if post["author"].(map[string]any)["did"] == p.DID {
			return post
		}
	}
	return nil
}

func (p *person) records(collection string) []any {
	p.Helper()
	return p.get(p.pds, "com.atproto.repo.listRecords", url.Values{"repo": {p.DID}, "collection": {collection}})["records"].([]any)
}

// wait asks until there is something.
func (p *person) wait(what string, ask func() any) any {
	p.Helper()
	for range 150 {
		if got := ask(); got != nil {
			return got
		}
		time.Sleep(100 * time.Millisecond) // a real network has a time of its own
	}
	p.Fatalf("waited in vain for %s", what)
	return nil
}

// or is nil for false.
func or(ok bool) any {
	if !ok {
		return nil
	}
	return ok
}

func indent(v any) string {
	b, _ := json.MarshalIndent(v, "", "  ")
	return string(b)
}
