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

	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`unrollbot_request_seconds_count{intent="unroll",kind="ok",platform="telegram"} 1`,
		`unrollbot_unroll_seconds_count{cached="yes",kind="deleted",network="x"} 1`,
		`unrollbot_fetch_seconds_sum{kind="upstream",source="fxtwitter"} 1`,
		`unrollbot_build_info{version="v1"} 1`,
	} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("no %s in:\n%s", want, rec.Body)
		}
	}
}
