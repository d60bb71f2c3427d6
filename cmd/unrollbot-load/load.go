package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// load is everything that runs.
type load struct {
	settings
	net      *fakenet.Net
	discord  *discord
	replicas []*replica
	bare     *replica
	client   *http.Client
	ends     []func()
}

// replica is one process that is asked.
type replica struct {
	base string
	cmd  *exec.Cmd
}

func world(threads, posts int) fakenet.World {
	w := fakenet.World{Authors: []fakenet.Author{{ID: "ada", Name: "Ada"}}}
	start := time.Now().Add(-30 * 24 * time.Hour)
	for n := range threads {
		for i := range posts {
			p := fakenet.Post{Post: unroll.Post{
				ID: postID(n, i), AuthorID: "ada", At: start.Add(time.Duration(i) * time.Minute),
				Text: fmt.Sprintf("This is post %d %s, number %d, and it goes on for about as long as people write.", i+1, threadMark, n),
			}}
			if i > 0 {
				p.ParentID = postID(n, i-1)
			}
			w.Posts = append(w.Posts, p)
		}
	}
	return w
}

// begin starts the fakes and the replicas.
func begin(ctx context.Context, s settings, dir string) (_ *load, err error) {
	l := &load{settings: s, client: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 512, IdleConnTimeout: 20 * time.Second},
	}}
	l.ends = append(l.ends, l.client.CloseIdleConnections)
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.net, err = fakenet.Start(ctx, world(s.cold, s.posts), fakenet.Config{}); err != nil {
		return nil, err
	}
	l.ends = append(l.ends, func() { _ = l.net.Close() })
	if l.discord, err = newDiscord(); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	certificate := filepath.Join(dir, "certificate.pem")
	encrypted, err := encrypt(listener, certificate)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	stop := fakenet.Serve(ctx, encrypted, l.discord.handler())
	l.ends = append(l.ends, func() { _ = stop() })
	platform := []string{"SSL_CERT_FILE=" + certificate, "UNROLL_DISCORD_API_URL=https://" + listener.Addr().String()}
	for i := range s.replicas {
		r, err := l.start(ctx, l.binary, "serve", append(l.environment(filepath.Join(dir, strconv.Itoa(i))), platform...))
		if err != nil {
			return nil, err
		}
		l.replicas = append(l.replicas, r)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if l.bare, err = l.start(ctx, self, bareVerb, platform); err != nil {
		return nil, err
	}
	return l, nil
}

// close ends all, the latest first.
func (l *load) close() {
	for i := len(l.ends) - 1; i >= 0; i-- {
		l.ends[i]()
	}
}

// environment are a replica's settings.
func (l *load) environment(dir string) []string {
	vars := []string{
		"UNROLL_DISCORD_TOKEN=token", "UNROLL_DISCORD_PUBLIC_KEY=" + l.discord.publicKey(),
		"UNROLL_PUBLIC_URL=https://unroll.example", "UNROLL_DATA_DIR=" + dir,
		"UNROLL_TRUSTED_HOSTS=" + l.net.MastodonHost, "UNROLL_FXTWITTER_URL=" + l.net.FxTwitterURL,
		"UNROLL_SYNDICATION_URL=" + l.net.FxTwitterURL, "UNROLL_BLUESKY_APPVIEW_URL=" + l.net.AppViewURL,
		"UNROLL_LOG_LEVEL=info", // as in earnest: logging costs, too
	}
	if l.redis != "" {
		vars = append(vars, "UNROLL_REDIS_URL="+l.redis)
	}
	return vars
}

// start starts a process with an environment of its own and nothing of ours,
// and waits until it answers.
func (l *load) start(ctx context.Context, binary, verb string, environment []string) (*replica, error) {
	free, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := free.Addr().String()
	_ = free.Close()
	// Not with ctx: it ends as it would in earnest.
	cmd := exec.Command(binary, verb) //nolint:gosec,noctx // the binary is what the operator names
	cmd.Env = append(environment, "UNROLL_HTTP_ADDR="+addr)
	if l.verbose {
		cmd.Stderr = os.Stderr
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the program: %w", err)
	}
	r := &replica{"http://" + addr, cmd}
	l.ends = append(l.ends, r.stop)
	return r, l.ready(ctx, r)
}

// stop ends the process as an operator would, and kills it if that takes long.
func (r *replica) stop() {
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { _ = r.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(45 * time.Second):
		_ = r.cmd.Process.Kill()
		<-done
	}
}

// ready asks a first thread until it is answered.
func (l *load) ready(ctx context.Context, r *replica) error {
	for deadline := time.Now().Add(30 * time.Second); ; {
		if q, err := l.send(ctx, r, 0, time.Now()); err == nil {
			select {
			case a := <-q.answered:
				if a.good {
					return nil
				}
			case <-time.After(2 * time.Second):
			}
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return errors.Join(errors.New("the program does not answer: -v shows its log"), context.Cause(ctx))
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// send has somebody ask for the n-th thread.
func (l *load) send(ctx context.Context, r *replica, n int, due time.Time) (*question, error) {
	q, body, header := l.discord.ask(link(l.net.MastodonHost, n), due)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.base+"/discord/interactions", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = header
	resp, err := l.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return nil, fmt.Errorf("the program answers %d", resp.StatusCode)
	}
	response, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	l.discord.acknowledged(q.token, response)
	return q, nil
}
