package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"unrollbot/unroll/render"
)

// Check is one thing without which the program is not ready.
type Check struct {
	Name string
	// Ready returns nil when all is well. Its error is logged, not shown.
	Ready func(context.Context) error
}

// checkFor bounds one [Check].
const checkFor = 2 * time.Second

// healthz tells that the program runs.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writePlain(w, http.StatusOK, "text/plain; charset=utf-8", "ok\n")
}

// readyz tells whether the program can do its work, and what is missing.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), checkFor)
	defer cancel()
	errs := make([]error, len(s.cfg.Checks))
	var wg sync.WaitGroup
	for i, c := range s.cfg.Checks {
		wg.Go(func() { errs[i] = c.Ready(ctx) })
	}
	wg.Wait()
	answer := struct {
		Ready   bool     `json:"ready"`
		OK      []string `json:"ok,omitempty"`
		Missing []string `json:"missing,omitempty"`
	}{Ready: true}
	status := http.StatusOK
	for i, c := range s.cfg.Checks {
		if errs[i] == nil {
			answer.OK = append(answer.OK, c.Name)
			continue
		}
		s.cfg.Log.Warn("not ready", "check", c.Name, "err", errs[i])
		answer.Ready, status = false, http.StatusServiceUnavailable
		answer.Missing = append(answer.Missing, c.Name)
	}
	b, err := json.Marshal(answer)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writePlain(w, status, "application/json", string(b)+"\n")
}

func writePlain(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

// previewers fetch a page because somebody shared its link. They are let in
// where search engines are not, so that shared links look like something.
var previewers = []string{"Twitterbot", "facebookexternalhit", "LinkedInBot", "Slackbot-LinkExpanding", "Discordbot", "TelegramBot", "WhatsApp", "Mastodon", "Bluesky Cardyb"}

func (s *Server) robots(w http.ResponseWriter, _ *http.Request) {
	text := "User-agent: *\nDisallow: /\n"
	if s.cfg.Index {
		text = "User-agent: *\nDisallow: /*?url=\nDisallow: /search\n"
	} else {
		for _, name := range previewers {
			text += "\nUser-agent: " + name
		}
		text += "\nAllow: /\n"
	}
	s.constant(w, "text/plain; charset=utf-8", text)
}

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#8a3a12"/>` +
	`<path d="M8 9h16M8 14h16M8 19h16M8 24h9" stroke="#fbf9f4" stroke-width="2.6" stroke-linecap="round"/></svg>`

func (s *Server) favicon(w http.ResponseWriter, _ *http.Request) {
	s.constant(w, "image/svg+xml", icon)
}

// schema describes what the JSON export holds.
func (s *Server) schema(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	s.constant(w, "application/schema+json", render.Schema())
}

// constant answers with what changes with a release only.
func (s *Server) constant(w http.ResponseWriter, kind, text string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = strings.NewReader(text).WriteTo(w)
}
