package shortlink_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/shortlink"
)

// web is who leads where; a missing address leads nowhere.
type web struct {
	leads map[string]string
	errs  map[string]error
	asked []string
}

func (w *web) Location(ctx context.Context, op, url string) (string, error) {
	w.asked = append(w.asked, url)
	if ctx.Err() != nil {
		return "", &unroll.Error{Kind: unroll.KindOf(ctx.Err()), Op: op, Err: ctx.Err()}
	}
	if err := w.errs[url]; err != nil {
		return "", err
	}
	if to, ok := w.leads[url]; ok {
		return to, nil
	}
	return "", &unroll.Error{Kind: unroll.KindUnsupported, Op: op}
}

func (w *web) GetJSON(context.Context, httpx.Request, any) (httpx.Answer, error) {
	return httpx.Answer{Status: http.StatusTeapot}, errors.New("not asked for JSON")
}

var short = unroll.Ref{Network: unroll.Short, Host: "t.co", ID: "abc"}

func TestExpand(t *testing.T) {
	const post = "https://x.com/gopher/status/20?s=20"
	limited := &unroll.Error{Kind: unroll.KindRateLimited, Op: "test", RetryAfter: time.Minute}
	tests := []struct {
		name  string
		web   web
		want  string
		kind  unroll.Kind
		calls int
	}{
		{"post", web{leads: map[string]string{"https://t.co/abc": post}}, post, "", 1},
		{"over another short link", web{leads: map[string]string{"https://t.co/abc": "https://bit.ly/x", "https://bit.ly/x": post}}, post, "", 2},
		{"over a stranger", web{leads: map[string]string{"https://t.co/abc": "https://go.example/1", "https://go.example/1": post}}, post, "", 2},
		{"some page", web{leads: map[string]string{"https://t.co/abc": "https://news.example/1"}}, "https://news.example/1", "", 2},
		{"a page that is down", web{
			leads: map[string]string{"https://t.co/abc": "https://news.example/1"},
			errs:  map[string]error{"https://news.example/1": limited},
		}, "https://news.example/1", "", 2},
		{"nowhere", web{}, "", unroll.KindUnsupported, 1},
		{"rate limited", web{errs: map[string]error{"https://t.co/abc": limited}}, "", unroll.KindRateLimited, 1},
		{"second one limited", web{
			leads: map[string]string{"https://t.co/abc": "https://bit.ly/x"},
			errs:  map[string]error{"https://bit.ly/x": limited},
		}, "", unroll.KindRateLimited, 2},
		{"ring", web{leads: map[string]string{"https://t.co/abc": "https://t.co/abc"}}, "", unroll.KindUnsupported, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := shortlink.New(&tt.web).Expand(t.Context(), short)
			if got != tt.want || unroll.KindOf(err) != tt.kind {
				t.Errorf("got %q, %v; want %q, %q", got, err, tt.want, tt.kind)
			}
			if len(tt.web.asked) != tt.calls {
				t.Errorf("asked %q, want %d calls", tt.web.asked, tt.calls)
			}
			if tt.kind == unroll.KindRateLimited && unroll.RetryAfter(err) != time.Minute {
				t.Errorf("retry after %v", unroll.RetryAfter(err))
			}
		})
	}
}

func TestExpandRefuses(t *testing.T) {
	var w web
	for _, r := range []unroll.Ref{
		{},
		{Network: unroll.X, ID: "20"},
		{Network: unroll.Short, Host: "intranet.example", ID: "abc"},
		{Network: unroll.Short, Host: "t.co", ID: "../abc"},
	} {
		_, err := shortlink.New(&w).Expand(t.Context(), r)
		if unroll.KindOf(err) != unroll.KindInvalidRef {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if len(w.asked) != 0 {
		t.Errorf("asked %q", w.asked)
	}
}

func TestExpandCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := shortlink.New(&web{}).Expand(ctx, short)
	if unroll.KindOf(err) != unroll.KindCanceled {
		t.Error(err)
	}
}
