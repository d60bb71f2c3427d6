package web_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/web"
)

// BenchmarkCachedPage compares the page of a thread that was made a moment
// ago with a bare handler that writes the same bytes, headers and all, and,
// where nginx is installed, with nginx that serves them as a file. The client
// does as little as it can, to leave the machine to the server.
func BenchmarkCachedPage(b *testing.B) {
	s := newServer(b, newFake(), web.Config{})
	answer := get(b, s, root)
	page := []byte(answer.Body)
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), answer.Header)
		_, _ = w.Write(page)
	})
	var addresses []string
	for _, h := range []http.Handler{s, bare} {
		server := httptest.NewServer(h)
		defer server.Close()
		addresses = append(addresses, server.Listener.Addr().String())
	}
	if address := nginx(b, answer); address != "" {
		addresses = append(addresses, address)
	}
	conns := make([]net.Conn, len(addresses))
	readers := make([]*bufio.Reader, len(addresses))
	for i, address := range addresses {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		conns[i], readers[i] = conn, bufio.NewReaderSize(conn, 64<<10)
	}
	took := make([]time.Duration, len(addresses))
	n := 0
	// In turn, so that other load on the machine meets all, and none always
	// after the same other one, which leaves caches and threads as it needs them.
	for ; b.Loop(); n++ {
		for _, i := range rand.Perm(len(conns)) {
			start := time.Now()
			if err := exchange(conns[i], readers[i], len(page)); err != nil {
				b.Fatal(err)
			}
			took[i] += time.Since(start)
		}
	}
	for i, name := range []string{"", "bare", "nginx"}[:len(took)] {
		b.ReportMetric(float64(n)/took[i].Seconds(), strings.TrimPrefix(name+"-req/s", "-"))
		if i > 0 {
			b.ReportMetric(float64(took[i])/float64(took[0]), "of-"+name)
		}
	}
}

// nginx serves an answer as a file, with its headers, and returns where; ""
// when it is not installed.
func nginx(b *testing.B, answer reply) string {
	b.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		return ""
	}
	dir := b.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var headers strings.Builder
	for name, values := range answer.Header {
		if name != "Content-Type" && name != "Content-Length" && name != "Etag" {
			fmt.Fprintf(&headers, "add_header %s %q;\n", name, values[0])
		}
	}
	config := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log stderr;
events { worker_connections 64; }
http {
	access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=10; default_type "text/html; charset=utf-8";
	client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	server { listen %[2]s; location / { root %[1]s; try_files /page =404; %[3]s } }
}
`, dir, address, headers.String())
	// nginx may give its rights away, and must be able to read.
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(filepath.Join(dir, "page"), []byte(answer.Body), 0o644),
		os.WriteFile(filepath.Join(dir, "conf"), []byte(config), 0o644)); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program, "-c", filepath.Join(dir, "conf"), "-p", dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 100 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address
		}
		time.Sleep(20 * time.Millisecond) // a program of others: nothing tells when it listens
	}
	b.Fatalf("nginx does not listen: %s", said.String())
	return ""
}

// exchange sends one request and reads its answer of n bytes.
func exchange(conn net.Conn, r *bufio.Reader, n int) error {
	if _, err := io.WriteString(conn, "GET "+root+" HTTP/1.1\r\nHost: unroll.example\r\n\r\n"); err != nil {
		return err
	}
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) {
			return errors.New(string(line))
		}
		if len(line) == 2 {
			break
		}
	}
	_, err := r.Discard(n)
	return err
}

// BenchmarkNewPage is what a page costs that was not made a moment ago.
func BenchmarkNewPage(b *testing.B) {
	f := newFake()
	t := f.threads[unroll.Ref{Network: unroll.Mastodon, Host: "tidewater.example", ID: "1100"}]
	b.ReportAllocs()
	for b.Loop() {
		if err := (render.Options{}).Article(io.Discard, &t); err != nil {
			b.Fatal(err)
		}
	}
}
