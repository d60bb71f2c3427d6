package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"unrollbot/internal/fakenet"
)

// freeAddress is one that nobody listens on just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// behind starts a reverse proxy with one of our files, in which words are
// replaced that an operator would replace, and waits until it answers.
func behind(t *testing.T, program, file, base string, replace []string, args func(conf string) []string) {
	t.Helper()
	binary, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed", program)
	}
	ours, err := os.ReadFile("../../deploy/" + file)
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), file)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(string(ours), replace[i]) {
			t.Fatalf("%s does not hold %q", file, replace[i])
		}
	}
	if err := os.WriteFile(conf, []byte(strings.NewReplacer(replace...).Replace(string(ours))), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, args(conf)...)
	cmd.Env = append(os.Environ(), "SITE="+base, "HOME="+t.TempDir())
	var out safeBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", program, &out)
		}
	})
	eventually(t, program, func() bool {
		status, _ := visit(t, base+"/healthz", "127.0.0.1", nil)
		return status == http.StatusOK
	})
}

// visit asks for a page from an address of this machine.
func visit(t *testing.T, address, from string, header http.Header) (status int, body string) {
	t.Helper()
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext(ctx, network, addr)
		},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header.Clone()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	data, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data)
}

// behaves looks whether visitors are told apart by where they come from, and
// by nothing that they say, and whether what is for inside stays there.
func behaves(t *testing.T, r *rig, base string) {
	t.Helper()
	if status, body := visit(t, base+"/?url="+url.QueryEscape(xLink(1)), "127.0.0.1", nil); status != http.StatusSeeOther {
		t.Errorf("a link: %d %.200s", status, body)
	}
	if status, body := visit(t, base+"/x/1000001", "127.0.0.1", nil); status != http.StatusOK || !strings.Contains(body, "post number 3") {
		t.Errorf("a page: %d %.200s", status, body)
	}
	for _, inside := range []string{"/metrics", "/readyz"} {
		if status, _ := visit(t, base+inside, "127.0.0.1", nil); status != http.StatusNotFound {
			t.Errorf("%s is shown to strangers: %d", inside, status)
		}
	}
	limited := func(from string, header func(i int) http.Header) bool {
		for i := range 60 {
			if status, _ := visit(t, base+"/?url="+url.QueryEscape(xLink(1)), from, header(i)); status == http.StatusTooManyRequests {
				return true
			}
		}
		return false
	}
	pretends := func(i int) http.Header { return http.Header{"X-Forwarded-For": {fmt.Sprintf("203.0.113.%d", i)}} }
	if !limited("127.0.0.2", pretends) {
		t.Error("who pretends to be many is not limited")
	}
	if status, body := visit(t, base+"/?url="+url.QueryEscape(xLink(1)), "127.0.0.3", nil); status != http.StatusSeeOther {
		t.Errorf("another visitor pays for it: %d %.200s", status, body)
	}
}

func TestBehindNginx(t *testing.T) {
	r := newRig(t, fakenet.Chain(3))
	dir, address := t.TempDir(), freeAddress(t)
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if out, err := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-subj", "/CN=unroll.example.org", "-keyout", key, "-out", cert).CombinedOutput(); err != nil {
		t.Skipf("a certificate cannot be made: %v\n%s", err, out)
	}
	main := filepath.Join(dir, "main.conf")
	base := "https://" + address
	behind(t, "nginx", "nginx.conf", base, []string{
		"listen 443 ", "listen " + address + " ", "http://127.0.0.1:8080", "http://" + r.app.listener.Addr().String(),
		"/etc/letsencrypt/live/unroll.example.org/fullchain.pem", cert, "/etc/letsencrypt/live/unroll.example.org/privkey.pem", key,
	}, func(conf string) []string {
		if err := os.WriteFile(main, fmt.Appendf(nil, `
daemon off; pid %[1]s/pid; error_log stderr; user root;
events {}
http {
	access_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	include %[2]s;
}`, dir, conf), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"-c", main}
	})
	behaves(t, r, base)
}

func TestBehindCaddy(t *testing.T) {
	r := newRig(t, fakenet.Chain(3))
	base := "http://" + freeAddress(t)
	behind(t, "caddy", "Caddyfile", base, []string{"reverse_proxy unrollbot:8080", "reverse_proxy " + r.app.listener.Addr().String()},
		func(conf string) []string { return []string{"run", "--adapter", "caddyfile", "--config", conf} })
	behaves(t, r, base)
}
