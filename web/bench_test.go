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
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/web"
)

// BenchmarkCachedPage compares the page of a thread that was made a moment
// ago with a bare handler that writes the same bytes, headers and all, and,
// where nginx is installed, with nginx that serves them as a file: on one
// connection, and on 16. The client does as little as it can, to leave the
// machine to the server.
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
	for _, at := range []struct{ once, each int }{{1, 1}, {16, 25}} {
		b.Run(fmt.Sprintf("%d", at.once), func(b *testing.B) {
			clients := make([][]client, len(addresses))
			for i, address := range addresses {
				for range at.once {
					clients[i] = append(clients[i], connect(b, address))
				}
			}
			took := make([]time.Duration, len(addresses))
			n := 0
			// In turn, so that other load on the machine meets all, and none always
			// after the same other one, which leaves caches and threads as it needs them.
			for ; b.Loop(); n += at.once * at.each {
				for _, i := range rand.Perm(len(clients)) {
					start := time.Now()
					if err := ask(clients[i], at.each, len(page)); err != nil {
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
		})
	}
}

type client struct {
	conn net.Conn
	r    *bufio.Reader
}

func connect(b *testing.B, address string) client {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return client{conn, bufio.NewReaderSize(conn, 64<<10)}
}

// ask lets all clients send that many requests each, at the same time.
func ask(all []client, each, size int) error {
	if len(all) == 1 && each == 1 {
		return exchange(all[0], size)
	}
	var g errgroup.Group
	for _, c := range all {
		g.Go(func() error {
			for range each {
				if err := exchange(c, size); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
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
	user := ""
	if os.Getuid() == 0 { // else its workers may not read what is ours
		user = "user root; "
	}
	config := user + fmt.Sprintf(`daemon off; worker_processes auto; pid %[1]s/pid; error_log stderr;
events { worker_connections 64; }
http {
	access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=10; default_type "text/html; charset=utf-8";
	client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	server { listen %[2]s; location / { root %[1]s; try_files /page =404; %[3]s } }
}
`, dir, address, headers.String())
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "page"), []byte(answer.Body), 0o644),
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
		_ = cmd.Process.Signal(syscall.SIGTERM) // its workers end with it
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
func exchange(c client, n int) error {
	if _, err := io.WriteString(c.conn, "GET "+root+" HTTP/1.1\r\nHost: unroll.example\r\n\r\n"); err != nil {
		return err
	}
	for first := true; ; first = false {
		line, err := c.r.ReadSlice('\n')
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
	_, err := c.r.Discard(n)
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
