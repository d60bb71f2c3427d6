package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"unrollbot/config"
	"unrollbot/web"
)

// The local file belongs to one process. So that operators need not stop the
// bot, it takes their commands on a socket beside the file: who may write the
// one may write the other.

func socketPath(cfg config.Config) string { return filepath.Join(cfg.DataDir, "admin.sock") }

// adminAnswer is what a command printed, and how it ended.
type adminAnswer struct {
	Out   string `json:"out"`
	Error string `json:"error,omitempty"`
	Usage bool   `json:"usage,omitempty"`
}

// listenAdmin takes the socket. That it cannot be taken costs the commands,
// not the bot.
func (a *app) listenAdmin(ctx context.Context) {
	if a.cfg.RedisURL != "" || a.demo != nil {
		return
	}
	path := socketPath(a.cfg)
	_ = os.Remove(path) // left by one that was killed: who holds the file is alone here
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		a.log.Info("no socket for admin commands: they need the bot stopped", "err", err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{$}", a.serveAdmin)
	mux.HandleFunc("GET /export", a.serveExport)
	server := web.HTTPServer(mux)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l) // ends with Close
	}()
	a.onClose(func() error {
		err := server.Close()
		<-ended
		return err
	})
}

func (a *app) serveAdmin(w http.ResponseWriter, r *http.Request) {
	var args []string
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&args); err != nil {
		http.Error(w, "arguments cannot be read", http.StatusBadRequest)
		return
	}
	var out bytes.Buffer
	var answer adminAnswer
	if err := a.administer(r.Context(), args, &out); err != nil {
		var bad usageError
		answer.Error, answer.Usage = err.Error(), errors.As(err, &bad)
	}
	answer.Out = out.String()
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		a.log.Info("admin command was not told its end", "err", err)
	}
}

// askRunning has the bot that runs on the local file do a command. there is
// false where none runs.
func askRunning(ctx context.Context, cfg config.Config, args []string, out io.Writer) (there bool, err error) {
	body, err := json.Marshal(args)
	if err != nil {
		return false, err
	}
	resp, there, err := knock(ctx, cfg, http.MethodPost, "/", body)
	if !there || err != nil {
		return there, err
	}
	defer resp.Body.Close()
	var answer adminAnswer
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return true, fmt.Errorf("the running bot's answer cannot be read: %w", err)
	}
	if _, err := io.WriteString(out, answer.Out); err != nil {
		return true, err
	}
	switch {
	case answer.Usage:
		return true, usageError{errors.New(answer.Error)}
	case answer.Error != "":
		return true, errors.New(answer.Error)
	default:
		return true, nil
	}
}

// knock makes a call on the socket. there is false where nobody listens.
func knock(ctx context.Context, cfg config.Config, method, path string, body []byte) (resp *http.Response, there bool, err error) {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", socketPath(cfg))
		},
	}}
	req, err := http.NewRequestWithContext(ctx, method, "http://admin"+path, bytes.NewReader(body))
	if err != nil {
		return nil, false, err
	}
	resp, err = client.Do(req)
	var dial *net.OpError
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		return nil, false, nil
	case err != nil:
		return nil, true, fmt.Errorf("the running bot does not answer: %w", err)
	default:
		return resp, true, nil
	}
}
