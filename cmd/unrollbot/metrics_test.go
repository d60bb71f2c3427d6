package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"unrollbot/bot"
	"unrollbot/internal/fakenet"
)

func TestMetricsOfTheWholeProgram(t *testing.T) {
	r := newRig(t, fakenet.Chain(3))
	limit := bot.DefaultLimits().User
	for range limit.Burst { // all that this user may ask at once
		if _, err := r.app.store.Allow(t.Context(), "user:telegram:77", limit); err != nil {
			t.Fatal(err)
		}
	}
	r.telegramSays(xLink(1))
	r.get("/?url=" + xLink(1))
	r.get("/x/1000001")
	_, _, body := r.get("/metrics")
	for _, want := range []string{
		`unrollbot_request_seconds_count{intent="unroll",kind="rate_limited",platform="telegram"}`,
		`unrollbot_limited_total{limit="user"}`,
		`unrollbot_web_seconds_count{route="GET /x/{id}",status="200"} 1`,
		"unrollbot_requests_waiting 0",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
}

// TestDashboardKnowsTheMetrics has every metric of the dashboard exist, and
// every metric of ours stand on it and in the documentation.
func TestDashboardKnowsTheMetrics(t *testing.T) {
	data, err := os.ReadFile("../../deploy/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../internal/metrics/metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`unrollbot_(\w+?)(_bucket|_count|_sum)?\b`)
	seen := 0
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			for _, m := range name.FindAllStringSubmatch(target.Expr, -1) {
				seen++
				if !strings.Contains(string(source), `"`+m[1]+`"`) {
					t.Errorf("%s: there is no metric %s", p.Title, m[0])
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no metric on the dashboard")
	}
	docs, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?:histogram|counter|gauge)\("(\w+)"|Name: "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		metric := m[1] + m[2]
		if !strings.Contains(string(data), "unrollbot_"+metric) {
			t.Errorf("unrollbot_%s is not on the dashboard", metric)
		}
		if !strings.Contains(string(docs), "`unrollbot_"+metric+"`") {
			t.Errorf("unrollbot_%s is not in the documentation", metric)
		}
	}
}
