package web

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"unrollbot/unroll"
)

// ServeHTTP answers r with the headers that every answer has, and lets
// nobody feel a panic but the one whose request it was.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := s.cfg.Now()
	a := &answer{ResponseWriter: w, status: http.StatusOK}
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares so too
				panic(v)
			}
			s.cfg.Log.Error("panic while answering", "route", r.Pattern, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			if !a.wrote {
				s.fail(a, r, &unroll.Error{Kind: unroll.KindInternal, Op: "web"})
			}
		}
		took := s.cfg.Now().Sub(start)
		if s.cfg.Served != nil {
			s.cfg.Served(r.Pattern, a.status, took)
		}
		if s.cfg.Log.Enabled(r.Context(), slog.LevelDebug) {
			s.cfg.Log.DebugContext(r.Context(), "answered", "method", r.Method, "route", r.Pattern, "status", a.status, "took_ms", took.Milliseconds())
		}
	}()
	header := w.Header()
	for name, values := range s.header {
		header[name] = values
	}
	if p := s.keptPage(r, start); p != nil {
		r.Pattern = p.route
		p.serve(a, r)
		return
	}
	s.mux.ServeHTTP(a, r)
}

// keptPage is the page of a thread that was made a moment ago: what is asked
// for most goes the shortest way.
func (s *Server) keptPage(r *http.Request, now time.Time) *page {
	if r.URL.RawQuery != "" || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		return nil
	}
	return s.lookUp(r.Context(), r.URL.Path, now)
}

// answer remembers what became of a request.
type answer struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (a *answer) WriteHeader(status int) {
	if !a.wrote {
		a.status, a.wrote = status, true
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	a.wrote = true
	return a.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// securityHeaders are the headers of every answer.
func securityHeaders(cfg Config) http.Header {
	sum := sha256.Sum256([]byte(style))
	media := " " + strings.Join(append([]string{"https:"}, cfg.MediaSources...), " ")
	pictures := "'self'" + media
	if cfg.ProxyMedia {
		pictures, media = "'self'", " 'none'"
	}
	h := http.Header{
		"Content-Security-Policy": {"default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; img-src " + pictures + "; media-src" + media + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Permissions-Policy":           {"camera=(), microphone=(), geolocation=(), payment=(), usb=()"},
		// Not no-referrer: browsers would send the form with "Origin: null".
		// Other sites learn nothing either way.
		"Referrer-Policy":        {"same-origin"},
		"X-Content-Type-Options": {"nosniff"},
		"X-Frame-Options":        {"DENY"},
	}
	if strings.HasPrefix(cfg.PublicURL, "https://") {
		h["Strict-Transport-Security"] = []string{fmt.Sprintf("max-age=%d", int((365 * 24 * time.Hour).Seconds()))}
	}
	if !cfg.Index {
		h["X-Robots-Tag"] = []string{"noindex, nofollow"}
	}
	return h
}
