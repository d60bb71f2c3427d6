package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// bareVerb has this program be the bare one: it knows no threads, and makes
// the calls that one answer takes.
const bareVerb = "bare"

// bareAnswer is about as long as the answer with a thread of 12 posts.
var bareAnswer = mustJSON(map[string]any{"content": strings.Repeat(threadMark+" ", 150)})

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil { // plain data: never
		panic(err)
	}
	return data
}

// runBare serves until it is told to end. It takes its two settings by the
// names that the program has for them.
func runBare(getenv func(string) string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server := &http.Server{Addr: getenv("UNROLL_HTTP_ADDR"), Handler: bare(getenv("UNROLL_DISCORD_API_URL")), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); ctx.Err() == nil {
		return err
	}
	return nil
}

func bare(api string) http.Handler {
	client := &http.Client{Timeout: patience}
	call := func(method, path string, body []byte) {
		req, err := http.NewRequest(method, api+path, bytes.NewReader(body)) //nolint:noctx // the client has its time
		if err != nil {
			return
		}
		if resp, err := client.Do(req); err == nil { // else it counts as not answered
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var i struct{ ID, Token string }
		if err := json.Unmarshal(read(r), &i); err != nil {
			http.Error(w, "no interaction", http.StatusBadRequest)
			return
		}
		go func() {
			call(http.MethodPost, "/interactions/"+i.ID+"/"+i.Token+"/callback", []byte(`{"type":5}`))
			call(http.MethodPatch, "/webhooks/"+application+"/"+i.Token+"/messages/@original", bareAnswer)
		}()
		w.WriteHeader(http.StatusAccepted)
	})
}
