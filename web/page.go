package web

import (
	"bytes"
	"compress/gzip"
	"container/list"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"unrollbot/unroll"
)

// page is an answer as it will be sent, in every encoding.
type page struct {
	header http.Header // without what depends on the encoding
	bodies []body      // smallest first, identity last
	route  string      // that made it
	until  time.Time
	size   int // in bytes, of all bodies

	network unroll.Network
	authors []string     // whom it shows, by [unroll.Author.ID]
	asked   atomic.Int64 // when they were last asked for, in nanoseconds since 1970
}

type body struct {
	encoding string // empty for identity
	bytes    []byte
	header   [3][]string // ETag, Content-Length, Content-Encoding
}

// minCompressed is the size below which compressing an answer gains nothing:
// it fits into one packet anyway. In bytes.
const minCompressed = 1200

// brotliLevel is where pages of text gain little more for much more time.
const brotliLevel = 5

// newPage makes an answer of content and its headers, good until then.
func newPage(h http.Header, content []byte, until time.Time) *page {
	h["Vary"] = []string{"Accept-Encoding"}
	p := &page{header: h, until: until}
	tag := tagOf(content)
	if len(content) >= minCompressed {
		p.add("zstd", tag, zstdEncoder.EncodeAll(content, nil))
		var b bytes.Buffer
		compress(&b, content, func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, brotliLevel) })
		p.add("br", tag, b.Bytes())
		var g bytes.Buffer
		compress(&g, content, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
		p.add("gzip", tag, g.Bytes())
		slices.SortStableFunc(p.bodies, func(a, b body) int { return len(a.bytes) - len(b.bytes) })
	}
	p.add("", tag, content)
	return p
}

// newPacked is newPage for what is compressed already.
func newPacked(h http.Header, content []byte, until time.Time) *page {
	p := &page{header: h, until: until}
	p.add("", tagOf(content), content)
	return p
}

func tagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// compress writes into a buffer, which takes everything.
func compress(b *bytes.Buffer, content []byte, to func(io.Writer) io.WriteCloser) {
	w := to(b)
	_, _ = w.Write(content)
	_ = w.Close()
}

// zstdEncoder may be used by many at once. Browsers decode windows of up to
// 8 MiB (RFC 9659).
var zstdEncoder = func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(1<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // the options are constants
	}
	return e
}()

func (p *page) add(encoding, tag string, content []byte) {
	b := body{encoding: encoding, bytes: content}
	b.header[0] = []string{`"` + strings.TrimSuffix(tag+"-"+encoding, "-") + `"`}
	b.header[1] = []string{strconv.Itoa(len(content))}
	if encoding != "" {
		b.header[2] = []string{encoding}
	}
	p.bodies = append(p.bodies, b)
	p.size += len(content)
}

func (p *page) serve(w http.ResponseWriter, r *http.Request) {
	b := p.choose(r.Header.Get("Accept-Encoding"))
	h := w.Header()
	for name, values := range p.header {
		h[name] = values
	}
	h["Etag"] = b.header[0]
	if match := r.Header.Get("If-None-Match"); match != "" && matches(match, b.header[0][0]) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Length"] = b.header[1]
	if b.encoding != "" {
		h["Content-Encoding"] = b.header[2]
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.bytes) // whoever left misses nothing
	}
}

// choose picks the best body that the client accepts (RFC 9110, 12.5.3).
func (p *page) choose(accept string) *body {
	if accept != "" {
		for i := range p.bodies[:len(p.bodies)-1] {
			if accepts(accept, p.bodies[i].encoding) {
				return &p.bodies[i]
			}
		}
	}
	return &p.bodies[len(p.bodies)-1]
}

func accepts(accept, encoding string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		q, ok := strings.CutPrefix(strings.TrimSpace(weight), "q=")
		return !ok || strings.Trim(q, "0.") != ""
	}
	return false
}

// matches compares weakly (RFC 9110, 13.1.2).
func matches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if part = strings.TrimSpace(part); part == "*" || strings.TrimPrefix(part, "W/") == tag {
			return true
		}
	}
	return false
}

// cache keeps pages by path, the ones asked for last within a bound on
// bytes.
type cache struct {
	mu    sync.Mutex
	max   int
	size  int
	order *list.List // of *cached, the one used last first
	byKey map[string]*list.Element
}

type cached struct {
	key  string
	page *page
}

func newCache(maxBytes int) *cache {
	return &cache{max: maxBytes, order: list.New(), byKey: make(map[string]*list.Element)}
}

// get returns the page unless it is too old or not there.
func (c *cache) get(key string, now time.Time) *page {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil
	}
	if p := e.Value.(*cached).page; now.Before(p.until) {
		c.order.MoveToFront(e)
		return p
	}
	c.remove(e)
	return nil
}

func (c *cache) put(key string, p *page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.remove(e)
	}
	if p.size+len(key) > c.max {
		return
	}
	c.byKey[key] = c.order.PushFront(&cached{key, p})
	c.size += p.size + len(key)
	for c.size > c.max {
		c.remove(c.order.Back())
	}
}

// forget drops one page.
func (c *cache) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.remove(e)
	}
}

// drop forgets the page at path and all exports of it.
func (c *cache) drop(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := []string{path, path + "?" + withoutMedia}
	for _, f := range formats {
		keys = append(keys, path+f.suffix)
	}
	for _, key := range keys {
		if e, ok := c.byKey[key]; ok {
			c.remove(e)
		}
	}
}

func (c *cache) remove(e *list.Element) {
	gone := c.order.Remove(e).(*cached)
	delete(c.byKey, gone.key)
	c.size -= gone.page.size + len(gone.key)
}
