package xapi

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
	"unrollbot/unroll/source/sourcetest"
)

// TestProblems: what X says of the linked post decides the kind of the error;
// what it says of our token does not.
func TestProblems(t *testing.T) {
	t.Parallel()
	const about = `{"errors":[{"resource_id":"20","resource_type":"tweet","parameter":"ids","value":"20",`
	for name, tc := range map[string]struct {
		status int
		body   string
		kind   unroll.Kind
		says   string
	}{
		"not found": {
			200, about + `"title":"Not Found Error","type":"https://api.twitter.com/2/problems/resource-not-found"}]}`,
			unroll.KindNotFound, "deleted",
		},
		"not found, by the value alone": {
			200, `{"errors":[{"value":"20","type":"https://api.x.com/2/problems/resource-not-found"}]}`,
			unroll.KindNotFound, "deleted",
		},
		"not found, by its status": {
			404, `{"title":"Not Found Error","detail":"no such thing","type":"https://api.x.com/2/problems/resource-not-found"}`,
			unroll.KindNotFound, "no such thing",
		},
		"left out": {200, `{"meta":{"result_count":0}}`, unroll.KindNotFound, "unknown"},
		"protected": {
			200, about + `"title":"Authorization Error","type":"https://api.x.com/2/problems/not-authorized-for-resource"}]}`,
			unroll.KindPrivate, "private",
		},
		"suspended": {
			200, about + `"title":"Forbidden","detail":"User has been suspended: [20].","type":"https://api.x.com/2/problems/resource-not-found"}]}`,
			unroll.KindBlocked, "suspended",
		},
		"disallowed": {
			200, about + `"title":"Disallowed","type":"https://api.x.com/2/problems/disallowed-resource"}]}`,
			unroll.KindBlocked, "withheld",
		},
		"unavailable": {
			200, about + `"title":"Unavailable","type":"https://api.x.com/2/problems/resource-unavailable"}]}`,
			unroll.KindNotFound, "unknown",
		},
		"a page of nobody's": {404, `{}`, unroll.KindUpstream, "404"},
		"wrong token":        {401, `{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}`, unroll.KindUpstream, "set another"},
		"a token that may not": {
			403, `{"title":"Client Forbidden","detail":"not enrolled","type":"https://api.twitter.com/2/problems/client-forbidden"}`,
			unroll.KindUpstream, "may not do this",
		},
		"wrong kind of token": {
			403, `{"errors":[{"title":"Unsupported Authentication","detail":"user context only","type":"https://api.x.com/2/problems/unsupported-authentication"}]}`,
			unroll.KindUpstream, "user context only",
		},
		"usage cap": {
			429, `{"title":"UsageCapExceeded","detail":"Usage cap exceeded: Monthly product cap","type":"https://api.x.com/2/problems/usage-capped"}`,
			unroll.KindRateLimited, "no credits left",
		},
		"no credits": {402, `{"title":"CreditsDepleted","detail":"no credits","type":"https://api.x.com/2/problems/credits"}`, unroll.KindRateLimited, "no credits"},
		"too often":  {429, `{"title":"Too Many Requests","type":"about:blank"}`, unroll.KindRateLimited, "429"},
		"neither language": {
			400, `{"errors":[{"message":"The query parameter is wrong"}],"title":"Invalid Request","detail":"invalid","type":"https://api.x.com/2/problems/invalid-request"}`,
			unroll.KindUpstream, "invalid-request",
		},
		"the token repeated": {401, `{"title":"` + token + `","type":"` + token + `","detail":"` + token + ` is wrong"}`, unroll.KindUpstream, "[redacted] is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := answering(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.body))
			})
			_, err := s.Fetch(t.Context(), ref("20"))
			if unroll.KindOf(err) != tc.kind || err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("kind %q: %v; want %q and %q", unroll.KindOf(err), err, tc.kind, tc.says)
			}
			if err != nil && strings.Contains(err.Error(), token) {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

// answering makes a source over a handler.
func answering(t testing.TB, h http.HandlerFunc) *Source {
	t.Helper()
	base, d := sourcetest.Serve(t, h)
	s, err := New(Config{BaseURL: base, Token: token, Now: clock}, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLongID(t *testing.T) {
	t.Parallel()
	s := answering(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	if _, err := s.Fetch(t.Context(), ref("12345678901234567890")); unroll.KindOf(err) != unroll.KindNotFound {
		t.Error(err)
	}
}

// TestNames: which language the API speaks is found out once.
func TestNames(t *testing.T) {
	t.Parallel()
	begin := now.Add(-time.Hour)
	w := world(begin, "0 ada -", "1 ada 0", "2 ada 1 quotes=0")
	w.Posts[2].Note, w.Posts[2].Text = true, strings.Repeat("many words ", 60)+"end"
	for name, api := range map[string]fakenet.XAPIConfig{"classic": {}, "new": {NewNames: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, s := start(t, w, api, Config{}, nil)
			for range 2 {
				c := fetch(t, s, idOf(begin, 0))
				posts, _ := short(begin, c)
				if last := c.Posts[2]; posts != "0. 1. 2." || !strings.HasSuffix(last.Text, "end") || last.Quote == nil {
					t.Errorf("posts %q, the last %+v", posts, last)
				}
			}
			if got, want := x.Calls("/2/tweets"), 4; name == "classic" && got != want || name == "new" && got != want+1 {
				t.Errorf("%d calls", got)
			}
		})
	}
}

// TestArchive: that a token may not search all of X is found out once, and
// only on X's own word.
func TestArchive(t *testing.T) {
	t.Parallel()
	begin := now.Add(-30 * 24 * time.Hour)
	x, s := start(t, world(begin, "0 ada -", "1 ada 0"), fakenet.XAPIConfig{}, Config{}, nil)
	x.Break("search/all", fakenet.Fault{Status: 403, Body: "<html>", ContentType: "text/html", Times: 1})
	for i, want := range []string{"la", "lart", "lrt"} {
		before := len(calls(x))
		fetch(t, s, idOf(begin, 0))
		if got := calls(x)[before:]; got != want {
			t.Errorf("fetch %d: calls %q, want %q", i, got, want)
		}
	}
}

// TestRest: an endpoint that asked for a rest is not asked before.
func TestRest(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limit int
		fault fakenet.Fault
		wait  time.Duration
		again time.Duration // the wait that is kept
	}{
		"a refusal":     {fault: fakenet.TooMany(40), wait: 40 * time.Second, again: 40 * time.Second},
		"a long word":   {fault: fakenet.TooMany(7200), wait: 2 * time.Hour, again: time.Hour},
		"the last call": {limit: 1, again: 15 * time.Minute},
		"no credits":    {fault: fakenet.Fault{Status: 402, Body: `{"title":"CreditsDepleted"}`}, wait: restCredits, again: restCredits},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var at atomic.Int64
			at.Store(now.Unix())
			x, s := start(t, world(now.Add(-time.Hour), "0 ada -"), fakenet.XAPIConfig{Limit: tc.limit},
				Config{Now: func() time.Time { return time.Unix(at.Load(), 0) }}, nil)
			if tc.fault.Status != 0 {
				tc.fault.Times = 1
				x.Break("/2/tweets", tc.fault)
			}
			id := idOf(now.Add(-time.Hour), 0)
			_, err := s.Fetch(t.Context(), ref(id))
			if tc.limit == 0 && (unroll.KindOf(err) != unroll.KindRateLimited || unroll.RetryAfter(err) != tc.wait) {
				t.Errorf("first: wait %v: %v", unroll.RetryAfter(err), err)
			}
			before := len(x.Log())
			_, err = s.Fetch(t.Context(), ref(id))
			if unroll.KindOf(err) != unroll.KindRateLimited || unroll.RetryAfter(err) != tc.again || len(x.Log()) != before {
				t.Errorf("second: wait %v: %v; calls %q", unroll.RetryAfter(err), err, calls(x))
			}
			at.Add(int64(tc.again / time.Second))
			_, _ = s.Fetch(t.Context(), ref(id))
			if len(x.Log()) == before {
				t.Error("not asked again after the rest")
			}
		})
	}
}

// TestOncePerSecond: a refusal while the window has calls left is about the
// second, not about the window, whose end the header tells all the same.
func TestOncePerSecond(t *testing.T) {
	t.Parallel()
	s := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Rate-Limit-Remaining", "250")
		w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(time.Now().Add(15*time.Minute).Unix(), 10))
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"title":"Too Many Requests"}`))
	})
	for range 2 {
		_, err := s.Fetch(t.Context(), ref("20"))
		if unroll.KindOf(err) != unroll.KindRateLimited || unroll.RetryAfter(err) != time.Second {
			t.Errorf("wait %v: %v", unroll.RetryAfter(err), err)
		}
	}
}

// TestHalfWay: what fails after the linked post was read shows in the
// conversation, so that the next source is asked.
func TestHalfWay(t *testing.T) {
	t.Parallel()
	begin := now.Add(-time.Hour)
	lines := []string{"0 ada -", "1 ada 0", "2 bob 1", "3 ada 1 quotes=2"}
	for name, tc := range map[string]struct {
		match string
		skip  int
		ask   int
		posts string
		cuts  string
	}{
		"search":                  {"search", 0, 1, "1", "failed 1"},
		"what is above":           {"/2/tweets?", 1, 3, "1. 3.", "failed 3"},
		"what is quoted, no more": {"/2/tweets?", 1, 0, "0. 1. 3.", ""},
		"what a stranger answers": {"search", 0, 2, "2", "failed 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, s := start(t, world(begin, lines...), fakenet.XAPIConfig{}, Config{}, nil)
			x.Break(tc.match, fakenet.Fault{Status: 500, Body: "{}", Skip: tc.skip})
			c := fetch(t, s, idOf(begin, tc.ask))
			if posts, cuts := short(begin, c); posts != tc.posts || cuts != tc.cuts {
				t.Errorf("posts %q, cuts %q", posts, cuts)
			}
		})
	}
}
