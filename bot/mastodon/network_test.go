package mastodon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/mention"
	"unrollbot/bot/mention/mentiontest"
	"unrollbot/unroll"
)

// server is a real server of Mastodon's client API, with two accounts on it.
type server struct {
	*testing.T
	URL   string `json:"url"`
	Bot   string `json:"bot"`   // its access token, with the scopes of Config.Token
	Asker string `json:"asker"` // another account's, which may read and write
}

// readServer reads where the server is, or skips the test.
func readServer(t *testing.T) *server {
	t.Helper()
	file := os.Getenv("UNROLL_MASTODON_NETWORK")
	if file == "" {
		t.Skip(`UNROLL_MASTODON_NETWORK is not set: it names a file {"url": …, "bot": token, "asker": token} for a server of Mastodon's API on this machine`)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{T: t}
	if err := json.Unmarshal(raw, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// call calls the API as one of the accounts.
func (s *server) call(method, path, token string, body, out any) {
	s.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		s.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.Context(), method, s.URL+path, bytes.NewReader(data))
	if err != nil {
		s.Fatal(err)
	}
	if body == nil {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	if data, err = io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		s.Fatalf("%s %s: %d %v %s", method, path, resp.StatusCode, err, data)
	}
	if err := json.Unmarshal(data, out); err != nil {
		s.Fatal(err)
	}
}

// post lets the asker write something, and gives the post.
func (s *server) post(text, to string) status {
	s.Helper()
	body := map[string]any{"status": text, "visibility": "public", "language": "en"}
	if to != "" {
		body["in_reply_to_id"] = to
	}
	var out status
	s.call(http.MethodPost, "/api/v1/statuses", s.Asker, body, &out)
	return out
}

// replies gives the contents of the replies to a post by others than the asker.
func (s *server) replies(to string) (out []string) {
	s.Helper()
	var me account
	s.call(http.MethodGet, "/api/v1/accounts/verify_credentials", s.Asker, nil, &me)
	var around struct{ Descendants []status }
	s.call(http.MethodGet, "/api/v1/statuses/"+to+"/context", s.Asker, nil, &around)
	for _, d := range around.Descendants {
		if d.InReplyTo == to && d.Account.ID != me.ID {
			out = append(out, d.Content)
		}
	}
	return out
}

// wants waits for so many replies, and a while longer for one too many.
func (s *server) wants(to string, n int) []string {
	s.Helper()
	for range 150 {
		if len(s.replies(to)) >= n {
			break
		}
		time.Sleep(100 * time.Millisecond) // a real server has a time of its own
	}
	time.Sleep(time.Second)
	got := s.replies(to)
	if len(got) != n {
		s.Fatalf("%d replies, want %d: %q", len(got), n, got)
	}
	return got
}

// TestNetwork answers on a real server, and tells of a thread that grows.
func TestNetwork(t *testing.T) {
	s := readServer(t)
	var robot account
	s.call(http.MethodGet, "/api/v1/accounts/verify_credentials", s.Bot, nil, &robot)
	first := s.post(fmt.Sprint("1/ A thread of my own, at ", time.Now().UnixMilli()), "")
	last := s.post("2/ and its end", first.ID)

	n := mentiontest.NewNet(t, threadRef, s.Bot)
	n.Lookout = bot.LookoutConfig{Soonest: 100 * time.Millisecond, Gap: 100 * time.Millisecond, Poll: 100 * time.Millisecond}
	tap := &tap{next: http.DefaultTransport}
	cfg := Config{URL: s.URL, Token: s.Bot, Transport: tap}
	cfg.Interval = 200 * time.Millisecond
	var a *Adapter
	n.Make = func(log *slog.Logger, d bot.Dispatch, p bot.Phrases, v unroll.Values) (_ bot.Adapter, err error) {
		cfg.Log = log
		a, err = New(cfg, d, p, v)
		return a, err
	}
	end := func(l *mentiontest.Life) {
		t.Helper()
		if l.End(); l.Err != nil {
			t.Error(l.Err)
		}
	}

	// A first answer, killed before it is marked; the next life finds it.
	tap.posted = n.Values.Kill
	asked := s.post("@"+robot.Acct+" unroll", last.ID)
	l := n.Begin()
	got := s.wants(asked.ID, 1)[0]
	end(l)
	if len(n.Values.KeysWith(":done:")) != 0 {
		t.Error("the kill came too late for this test")
	}
	t.Log(got)
	if page := mentiontest.PublicURL + threadRef.Path(); !strings.Contains(got, page) || !strings.Contains(got, "2 posts") {
		t.Errorf("the answer: %s", got)
	}
	tap.posted = nil
	l = n.Begin()
	s.wants(asked.ID, 1)

	// A thread that is watched.
	watched := s.post("@"+robot.Acct+" watch", last.ID)
	s.wants(watched.ID, 1)
	n.Threads.Grow(2)
	s.wants(watched.ID, 2)
	n.Threads.Grow(1)
	told := strings.Join(s.wants(watched.ID, 3), "\n")
	end(l)
	t.Log(told)
	if !strings.Contains(told, "2 new posts by Ada") || !strings.Contains(told, "1 new post by Ada") {
		t.Errorf("the news: %s", told)
	}

	// The same news again, as after a kill before the mark.
	address, err := a.Note(&mention.Mention{Post: &watched})
	if err != nil {
		t.Fatal(err)
	}
	th, err := n.Threads.Unroll(t.Context(), threadRef)
	if err != nil {
		t.Fatal(err)
	}
	res, err := a.Recall(t.Context(), bot.Request{User: watched.Account.ID, Locale: "en"}, address)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Send(t.Context(), bot.Reply{Thread: &th, PageURL: mentiontest.PublicURL + th.Ref.Path(), NewFrom: th.Posts[2].ID}); err != nil {
		t.Error(err)
	}
	s.wants(watched.ID, 3)

	// What is asked among few is answered to who asked.
	var whisper, reply status
	s.call(http.MethodPost, "/api/v1/statuses", s.Asker,
		map[string]any{"status": "@" + robot.Acct + " unroll", "visibility": "direct", "in_reply_to_id": first.ID}, &whisper)
	l = n.Begin()
	s.wants(whisper.ID, 1)
	end(l)
	var around struct{ Descendants []status }
	s.call(http.MethodGet, "/api/v1/statuses/"+whisper.ID+"/context", s.Asker, nil, &around)
	if reply = around.Descendants[0]; reply.Visibility != "direct" {
		t.Errorf("a private request was answered as %s", reply.Visibility)
	}
}

// tap calls posted when a post was made.
type tap struct {
	next   http.RoundTripper
	posted func()
}

func (p *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := p.next.RoundTrip(r)
	if err == nil && p.posted != nil && r.Method == http.MethodPost && r.URL.Path == "/api/v1/statuses" {
		p.posted()
	}
	return resp, err
}
