package fakenet_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/fakenet"
)

func TestFaults(t *testing.T) {
	n := start(t, fakenet.Chain(3), fakenet.Config{})
	call := func(ctx context.Context, path string) (status int, wait, body string, err error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.FxTwitterURL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, "", "", err
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		return res.StatusCode, res.Header.Get("Retry-After"), string(b), err
	}
	ctx := t.Context()

	n.FxTwitter.Break("/2/thread/", fakenet.TooMany(7))
	if status, wait, _, _ := call(ctx, "/2/thread/1000001"); status != 429 || wait != "7" {
		t.Errorf("429: %d, Retry-After %q", status, wait)
	}
	if status, _, _, err := call(ctx, "/2/status/1000001"); status != 200 || err != nil {
		t.Errorf("another path: %d %v", status, err)
	}
	n.FxTwitter.Break("1000002", fakenet.HTMLPage())
	if status, _, body, _ := call(ctx, "/2/thread/1000002"); status != 200 || body[0] != '<' {
		t.Errorf("HTML: %d %q", status, body)
	}
	n.FxTwitter.Mend()

	n.FxTwitter.Break("", fakenet.Fault{Status: 503, Skip: 1, Times: 2})
	var got []int
	for range 4 {
		status, _, _, _ := call(ctx, "/2/status/1000001")
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{200, 503, 503, 200}, got); diff != "" {
		t.Errorf("skip and times (-want +got):\n%s", diff)
	}

	n.FxTwitter.Break("", fakenet.Fault{Drop: true})
	if _, _, _, err := call(ctx, "/2/status/1000001"); err == nil {
		t.Error("a dropped call was answered")
	}
	n.FxTwitter.Mend()
	n.FxTwitter.Break("", fakenet.Fault{Half: true, Times: 1})
	if status, _, body, err := call(ctx, "/2/status/1000001"); status != 200 || body == "" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a body: %d %q %v", status, body, err)
	}
	n.FxTwitter.Break("", fakenet.Fault{Hang: true, Times: 1})
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, _, _, err := call(short, "/2/status/1000001"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hang: %v", err)
	}

	if n.FxTwitter.Calls("/2/thread/") != 2 || n.FxTwitter.Calls("") != len(n.FxTwitter.Log()) || n.AppView.Calls("") != 0 {
		t.Errorf("calls: %q", n.FxTwitter.Log())
	}
}

func TestCloseEndsHangingCalls(t *testing.T) {
	n := start(t, fakenet.Chain(1), fakenet.Config{})
	n.AppView.Break("", fakenet.Fault{Hang: true})
	done := make(chan error, 1)
	go func() {
		res, err := http.Get(n.AppViewURL + "/xrpc/app.bsky.actor.getProfile")
		if err == nil {
			res.Body.Close()
		}
		done <- err
	}()
	for n.AppView.Calls("") == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Error("the call was answered")
	}
}
