// Package web is the reader: one page per thread, its exports, a form for a
// link, the latest threads, health and metrics.
//
// Everything is rendered on the server. Pages have no scripts and no cookies,
// load nothing but the media of posts, and ask search engines to stay away.
package web

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/typeset"
)

// Config tunes a [Server]. The zero value of every field works.
type Config struct {
	// PublicURL is the base of every link we hand out; empty means
	// http://localhost:8080. With https, browsers are told to insist on it.
	PublicURL string
	// Telegram and Discord are addresses that lead to the bot there, and
	// Accounts its handles on networks; the front page names them.
	Telegram string
	Discord  string
	Accounts []string
	// Keyword is the word that triggers the bot; empty means "unroll".
	Keyword string
	// Contact is where authors reach the operator: an address of mail or of
	// the web, or any words.
	Contact string
	// Index lets search engines in.
	Index bool
	// MediaSources are further places that pages may load media from, such
	// as http://127.0.0.1:9000. All of https is allowed already.
	MediaSources []string

	// ProxyMedia lets pages load pictures through us, with Picture, and
	// nothing from elsewhere. Videos are linked to.
	ProxyMedia bool

	// TrustedProxies may say in X-Forwarded-For whom a request is from.
	// Loopback addresses always may.
	TrustedProxies []netip.Prefix
	// Limit is for unrolls per address, and for searches, RefreshLimit for looking again and
	// for opting out.
	// Pages that were made a moment ago cost nothing.
	Limit        unroll.Limit // zero: 60 a minute, 30 at once
	RefreshLimit unroll.Limit // zero: 6 an hour, 3 at once
	// MaxUnrolls bounds unrolls at the same time; 0 means 64.
	MaxUnrolls int
	// Timeout bounds one unroll; 0 means 30 s.
	Timeout time.Duration
	// CacheFor is how long a page is kept as it was sent; 0 means 30 s.
	CacheFor time.Duration
	// CacheBytes bounds the pages kept; 0 means 64 MiB.
	CacheBytes int

	// Picture gets a picture of a post: its bytes. Without ProxyMedia there is
	// no need of it.
	Picture func(ctx context.Context, address string) ([]byte, error)
	// Pictures gets those of a thread for exports that hold their pictures,
	// see [render.Options]; nil means that they do without.
	Pictures func(ctx context.Context, t *unroll.Thread) func(address string) (content []byte, mediaType string, ok bool)

	// Words gives the phrases around a thread in a language (BCP 47, or
	// empty), or those of another where it has none; nil means English.
	Words func(lang string) render.Words
	// Fonts are what PDFs and share pictures are set in; nil means those of
	// the program and of the machine.
	Fonts *typeset.Fonts

	// Metrics serves /metrics; nil means there is none.
	Metrics http.Handler
	// Checks are what /readyz asks.
	Checks []Check
	// Served hears of every answer, for metrics; nil means nobody. Calls may
	// run at the same time and must not block.
	Served func(route string, status int, took time.Duration)
	Log    *slog.Logger
	Now    func() time.Time
}

// Unroller is what the reader needs of the service.
type Unroller interface {
	// Unroll gives the thread that ref belongs to. Errors are *[unroll.Error]
	// or a context's.
	Unroll(ctx context.Context, ref unroll.Ref) (unroll.Thread, error)
	// Refresh is Unroll, but looks at the source first.
	Refresh(ctx context.Context, ref unroll.Ref) (unroll.Thread, error)
	// OptOut notes that an author does not want to be unrolled, and returns
	// the roots of the threads that were forgotten.
	OptOut(ctx context.Context, n unroll.Network, authorID string) ([]unroll.Ref, error)
	// Publish lists a thread that was asked for in public, if it may be listed.
	Publish(ctx context.Context, t *unroll.Thread, title string) error
}

// Store is what the reader needs of a store. Any of it may fail at any time;
// pages do without, but for the authors' page.
type Store interface {
	unroll.Store
	unroll.Latest
	unroll.Limiter
	unroll.Values
	// OptedOut tells which of the authors asked not to be unrolled.
	OptedOut(ctx context.Context, n unroll.Network, authorIDs ...string) (map[string]bool, error)
}

// Server serves the reader.
type Server struct {
	cfg    Config
	unroll Unroller
	store  Store
	signer signer
	mux    *http.ServeMux
	header http.Header // of every answer
	pages  *cache
	corpus corpus
	slots  chan struct{} // one per unroll under way
	heavy  chan struct{} // one per export with pictures, or picture, under way

	kept    *cache        // pictures of the media proxy
	fetches chan struct{} // one per picture under way
}

// New makes a reader of what u unrolls.
func New(cfg Config, u Unroller, store Store) (*Server, error) {
	if u == nil || store == nil {
		return nil, errors.New("web: an unroller and a store are needed")
	}
	cfg.PublicURL = strings.TrimRight(cmp.Or(cfg.PublicURL, "http://localhost:8080"), "/")
	if base, err := url.Parse(cfg.PublicURL); err != nil || base.Host == "" || base.RawQuery != "" {
		return nil, errors.New("web: the public URL must be absolute, like https://unroll.example")
	}
	cfg.Keyword = cmp.Or(cfg.Keyword, "unroll")
	cfg.MaxUnrolls = cmp.Or(cfg.MaxUnrolls, 64)
	cfg.Timeout = cmp.Or(cfg.Timeout, 30*time.Second)
	cfg.CacheFor = cmp.Or(cfg.CacheFor, 30*time.Second)
	cfg.CacheBytes = cmp.Or(cfg.CacheBytes, 64<<20)
	cfg.Limit = cmp.Or(cfg.Limit, unroll.Limit{Events: 60, Per: time.Minute, Burst: 30})
	cfg.RefreshLimit = cmp.Or(cfg.RefreshLimit, unroll.Limit{Events: 6, Per: time.Hour, Burst: 3})
	if cfg.Words == nil {
		cfg.Words = func(string) render.Words { return render.English{} }
	}
	if cfg.Fonts == nil {
		cfg.Fonts = typeset.System()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Server{
		cfg: cfg, unroll: u, store: store, signer: signer{values: store}, corpus: corpus{store: store},
		header: securityHeaders(cfg), pages: newCache(cfg.CacheBytes), slots: make(chan struct{}, cfg.MaxUnrolls), heavy: make(chan struct{}, heavyAtOnce),
		kept: newCache(mediaBytes), fetches: make(chan struct{}, mediaAtOnce),
	}
	if cfg.ProxyMedia && cfg.Picture == nil {
		return nil, errors.New("web: the media proxy needs what gets pictures")
	}
	s.mux = s.routes()
	return s, nil
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.front)
	mux.HandleFunc("GET /latest", s.latestPage)
	mux.HandleFunc("GET /latest.atom", s.latestFeed)
	mux.HandleFunc("GET /search", s.search)
	if s.cfg.ProxyMedia {
		mux.HandleFunc("GET /media/{signature}/{address}", s.media)
	}
	mux.HandleFunc("GET /authors", s.authors)
	mux.HandleFunc("POST /authors", s.optOut)
	mux.HandleFunc("GET /oembed", s.oembed)
	for _, path := range []string{"/x/{id}", "/bluesky/{author}/{id}", "/mastodon/{host}/{id}"} {
		mux.HandleFunc("GET "+path, s.thread)
		mux.HandleFunc("POST "+path+"/refresh", s.refresh)
	}
	mux.HandleFunc("GET /bluesky/{id}", s.thread) // authors
	mux.HandleFunc("GET /mastodon/{id}", s.thread)
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	if s.cfg.Metrics != nil {
		mux.Handle("GET /metrics", s.cfg.Metrics)
	}
	mux.HandleFunc("GET /robots.txt", s.robots)
	mux.HandleFunc("GET /favicon.svg", s.favicon)
	mux.HandleFunc("GET /favicon.ico", http.RedirectHandler("/favicon.svg", http.StatusMovedPermanently).ServeHTTP)
	mux.HandleFunc("GET /schema/thread.json", s.schema)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, &unroll.Error{Kind: unroll.KindNotFound, Op: "web"}, noPage)
	})
	return mux
}

// HTTPServer is a server for h with all its time-outs set. Unrolls take
// their time, so writing may.
func HTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      90 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
}
