package metrics

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
)

func TestHandlerShowsWhatHappened(t *testing.T) {
	m := New("v1")
	m.Answered("telegram", bot.IntentUnroll, "", time.Millisecond)
	m.Unrolled(unroll.X, unroll.KindDeleted, true, time.Millisecond)
	m.Fetched("fxtwitter", unroll.KindUpstream, time.Second)

	m.Served("GET /x/{id}", 200, time.Second)
	m.Served("", 404, time.Second)
	m.Limited("user:telegram:77")
	m.Paid("lookup", 3, 15_000)
	m.Banned("discord")
	m.Queue(func() (int, int) { return 5, 2 })
	m.Kept("telegram", bot.FateTaken)
	m.Backlogs(func() map[string]unroll.Backlog {
		return map[string]unroll.Backlog{"discord": {Jobs: 7, Oldest: 90 * time.Second, Buried: 3}}
	})
	held := m.Lease("telegram")
	held(true)
	m.Lease("bluesky")
	m.Lease("x")(false)

	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`unrollbot_request_seconds_count{intent="unroll",kind="ok",platform="telegram"} 1`,
		`unrollbot_unroll_seconds_count{cached="yes",kind="deleted",network="x"} 1`,
		`unrollbot_fetch_seconds_sum{kind="upstream",source="fxtwitter"} 1`,
		`unrollbot_web_seconds_count{route="GET /x/{id}",status="200"} 1`,
		`unrollbot_web_seconds_count{route="none",status="404"} 1`,
		`unrollbot_limited_total{limit="user"} 1`,
		`unrollbot_paid_posts_total{endpoint="lookup"} 3`,
		`unrollbot_paid_dollars_total{endpoint="lookup"} 0.015`,
		`unrollbot_banned_requests_total{platform="discord"} 1`,
		`unrollbot_requests_waiting 5`,
		`unrollbot_requests_answering 2`,
		`unrollbot_kept_requests_total{fate="taken",platform="telegram"} 1`,
		`unrollbot_queue_requests{platform="discord"} 7`,
		`unrollbot_queue_oldest_seconds{platform="discord"} 90`,
		`unrollbot_queue_buried{platform="discord"} 3`,
		`unrollbot_lease_held{work="telegram"} 1`,
		`unrollbot_lease_held{work="x"} 0`,
		`unrollbot_build_info{version="v1"} 1`,
	} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("no %s in:\n%s", want, rec.Body)
		}
	}
	if strings.Contains(rec.Body.String(), "telegram:77") {
		t.Error("a person stands in the metrics")
	}
}
