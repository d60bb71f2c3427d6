package bluesky_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/bluesky"
	"unrollbot/unroll/source/sourcetest"
)

func TestFetchByHandle(t *testing.T) {
	a := newAppview()
	ids := a.thread(ann, "", "post", 3)
	ref := refOf(ids[1])
	ref.Author = "ann.example"
	c, err := newSource(t, bluesky.Config{}, a).Fetch(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if c.Ref != refOf(ids[1]) || c.Asked != ids[1] {
		t.Errorf("ref %v, asked %s; want the DID in both", c.Ref, c.Asked)
	}
	if got := c.Authors[ann].Handle; got != "ann.example" {
		t.Errorf("handle %q", got)
	}
}

func TestLinksAreKnown(t *testing.T) {
	a := newAppview()
	ids := a.thread(ann, "", "post", 2)
	c, _ := a.fetch(t, bluesky.Config{}, ids[0])
	for _, p := range c.Posts {
		if p.ID == ids[0] && (p.RootID != ids[0] || p.ParentID != "") {
			t.Errorf("root: %+v", p)
		}
		if p.ID == ids[1] && (p.RootID != ids[0] || p.ParentID != ids[0] || p.ParentAuthorID != ann) {
			t.Errorf("reply: %+v", p)
		}
	}
	if want := map[string]int{ids[0]: 1, ids[1]: 0}; !cmp.Equal(want, c.Replies) {
		t.Errorf("replies %v, want %v", c.Replies, want)
	}
}

func TestOthersPostsAreLeftOut(t *testing.T) {
	a := newAppview()
	ids := a.thread(ann, "", "post", 3)
	for i := range 100 {
		a.say(fmt.Sprintf("did:plc:reader%d", i), ids[i%3], "reply")
	}
	if c, _ := a.fetch(t, bluesky.Config{}, ids[0]); len(c.Posts) != 3 || len(c.Authors) != 1 {
		t.Errorf("%d posts by %d authors held, want 3 by 1", len(c.Posts), len(c.Authors))
	}
}

func TestFetchFails(t *testing.T) {
	upstream := &unroll.Error{Kind: unroll.KindUpstream, Op: "test", Err: errors.New("status 400")}
	tests := []struct {
		name string
		body string
		err  error
		want unroll.Kind
	}{
		{"no such post", `{"error":"NotFound","message":"Post not found: at://x"}`, upstream, unroll.KindNotFound},
		{"no such handle", `{"error":"InvalidRequest","message":"Unable to resolve handle"}`, upstream, unroll.KindNotFound},
		{"not an address", `{"error":"InvalidRequest","message":"Invalid at-uri"}`, upstream, unroll.KindInvalidRef},
		{"deactivated", `{"error":"AccountDeactivated"}`, upstream, unroll.KindBlocked},
		{"taken down", `{"error":"AccountTakedown"}`, upstream, unroll.KindBlocked},
		{"not found, said with 200", `{"thread":{"uri":"at://did:plc:a/app.bsky.feed.post/b","notFound":true}}`, nil, unroll.KindNotFound},
		{"blocked, said with 200", `{"thread":{"uri":"at://did:plc:a/app.bsky.feed.post/b","blocked":true}}`, nil, unroll.KindBlocked},
		{"rate limited", `{}`, &unroll.Error{Kind: unroll.KindRateLimited, RetryAfter: time.Minute}, unroll.KindRateLimited},
		{"out of order", `{}`, &unroll.Error{Kind: unroll.KindUpstream}, unroll.KindUpstream},
		{"nothing", `{}`, nil, unroll.KindUpstream},
		{"null", `{"thread":null}`, nil, unroll.KindUpstream},
		{"no post", `{"thread":{"replies":[]}}`, nil, unroll.KindUpstream},
		{"a post without a name", `{"thread":{"post":{"record":{}}}}`, nil, unroll.KindUpstream},
		{"no record", `{"thread":{"post":{"uri":"at://did:plc:a/app.bsky.feed.post/b","author":{"did":"did:plc:a"}}}}`, nil, unroll.KindUpstream},
		{"another account's post", `{"thread":{"post":{"uri":"at://did:plc:a/app.bsky.feed.post/b","author":{"did":"did:plc:z"},"record":{}}}}`, nil, unroll.KindUpstream},
		{"types all wrong", `{"thread":{"post":{"uri":7,"author":[],"record":"x"},"replies":{}}}`, nil, unroll.KindUpstream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newSource(t, bluesky.Config{}, &refuser{body: tt.body, err: tt.err}).Fetch(t.Context(), refOf("did:plc:a/b"))
			var e *unroll.Error
			if !errors.As(err, &e) || e.Kind != tt.want {
				t.Fatalf("error %v, want kind %s", err, tt.want)
			}
			if tt.want == unroll.KindRateLimited && e.RetryAfter != time.Minute {
				t.Errorf("retry after %v", e.RetryAfter)
			}
		})
	}
}

func TestFetchCanceled(t *testing.T) {
	a := newAppview()
	id := a.say(ann, "", "post")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newSource(t, bluesky.Config{}, a).Fetch(ctx, refOf(id))
	if got := unroll.KindOf(err); got != unroll.KindCanceled {
		t.Errorf("kind %q, want canceled", got)
	}
}

func TestNew(t *testing.T) {
	sourcetest.BaseURLs(t, "https://public.api.bsky.app", func(base string) error {
		_, err := bluesky.New(bluesky.Config{BaseURL: base}, newAppview())
		return err
	})
	if _, err := bluesky.New(bluesky.Config{}, nil); err == nil {
		t.Error("no client: no error")
	}
}

func TestMatch(t *testing.T) {
	s := newSource(t, bluesky.Config{}, newAppview())
	for ref, want := range map[unroll.Ref]bool{
		{Network: unroll.Bluesky, Author: ann, ID: "x"}:              true,
		{Network: unroll.Bluesky, Author: "ann.example", ID: "x"}:    true,
		{Network: unroll.Bluesky, ID: "x"}:                           false,
		{Network: unroll.X, ID: "20"}:                                false,
		{Network: unroll.Mastodon, Host: "social.example", ID: "20"}: false,
	} {
		if got := s.Match(ref); got != want {
			t.Errorf("Match(%v) = %v", ref, got)
		}
	}
}
