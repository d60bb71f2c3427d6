package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// planted are all settings that are secret.
func planted() map[string]string {
	return map[string]string{
		"TELEGRAM_TOKEN": "123456:hunter2_telegram", "TELEGRAM_WEBHOOK_SECRET": "hunter2_webhook",
		"DISCORD_TOKEN": "hunter2-discord", "X_BEARER_TOKEN": "hunter2-bearer",
		"X_API_KEY": "hunter2-a", "X_API_SECRET": "hunter2-b", "X_ACCESS_TOKEN": "hunter2-c", "X_ACCESS_SECRET": "hunter2-d",
		"BLUESKY_APP_PASSWORD": "hunter2-app", "MASTODON_TOKEN": "hunter2-mastodon",
		"REDIS_URL": "redis://hunter2-user:hunter2%3Aredis@127.0.0.1:1",
	}
}

// tells finds a secret in a text, also as it looks on its way.
func tells(text string) bool {
	for _, way := range []string{"hunter2", url.QueryEscape("123456:hunter2"), base64.StdEncoding.EncodeToString([]byte("hunter2"))} {
		if strings.Contains(text, way) {
			return true
		}
	}
	return false
}

// mirror answers everybody with what they sent: address, headers and body, in
// every place where an API tells what was wrong.
func mirror(status int, html bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen := fmt.Sprint(r.Method, " ", r.URL, " ", r.Header, " ", string(body))
		w.Header().Set("Retry-After", "1")
		w.Header().Set("Location", "http://127.0.0.1:1"+r.URL.RequestURI())
		if html {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			fmt.Fprintf(w, "<title>%s</title>", seen)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"ok": false, "error_code": status, "description": seen, // Telegram
			"message": seen, "code": status, // Discord, FxTwitter, AT Protocol
			"error": seen, "error_description": seen, // Mastodon
			"title": seen, "detail": seen, "errors": []any{map[string]any{"message": seen, "code": status}}, // X
		})
	})
}

// TestNoSecretIsTold runs the whole program with every secret set, against
// everybody who answers badly and repeats what they were told, and searches
// all that comes out of it.
func TestNoSecretIsTold(t *testing.T) {
	for name, everybody := range map[string]http.Handler{
		"garbage":      mirror(http.StatusOK, false),
		"a page":       mirror(http.StatusOK, true),
		"a redirect":   mirror(http.StatusFound, false),
		"wrong":        mirror(http.StatusBadRequest, false),
		"unauthorized": mirror(http.StatusUnauthorized, false),
		"forbidden":    mirror(http.StatusForbidden, true),
		"missing":      mirror(http.StatusNotFound, false),
		"conflict":     mirror(http.StatusConflict, false),
		"too often":    mirror(http.StatusTooManyRequests, false),
		"broken":       mirror(http.StatusInternalServerError, false),
		"broken proxy": mirror(http.StatusBadGateway, true),
		"cut off": http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewUnstartedServer(everybody)
			s.Config.ErrorLog = nil
			s.Start()
			defer s.Close()
			host, reader := strings.TrimPrefix(s.URL, "http://"), freeAddress(t)
			environ := []string{
				"UNROLL_TELEGRAM_API_URL=" + s.URL, "UNROLL_DISCORD_API_URL=" + s.URL, "UNROLL_X_API_URL=" + s.URL, "UNROLL_X_USER_ID=1",
				"UNROLL_FXTWITTER_URL=" + s.URL, "UNROLL_SYNDICATION_URL=" + s.URL, "UNROLL_BLUESKY_APPVIEW_URL=" + s.URL,
				"UNROLL_BLUESKY_PDS_URL=" + s.URL, "UNROLL_BLUESKY_IDENTIFIER=unroll.example", "UNROLL_MASTODON_URL=" + s.URL,
				"UNROLL_MASTODON_TOKENS=" + host + "=hunter2-read", "UNROLL_TRUSTED_HOSTS=" + host,
				"UNROLL_HTTP_ADDR=" + reader, "UNROLL_PUBLIC_URL=https://unroll.example", "UNROLL_DATA_DIR=" + t.TempDir(), "UNROLL_LOG_LEVEL=debug",
			}
			for name, secret := range planted() {
				environ = append(environ, "UNROLL_"+name+"="+secret)
			}
			search := func(what, text string) {
				if tells(text) {
					t.Errorf("%s:\n%s", what, text)
				}
			}
			ctx, stop := context.WithCancel(t.Context())
			var printed safeBuffer
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				run(ctx, []string{"serve"}, system{environ, strings.NewReader(""), &printed, &printed})
			}()
			seen := 0
			for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline) && seen < 5; time.Sleep(50 * time.Millisecond) {
				seen = 0
				for _, path := range []string{
					"/?url=" + url.QueryEscape(xLink(1)), "/mastodon/" + host + "/1", "/bluesky/did:plc:ewvi7nxzyoun6zhxrhs64oiz/3kabcdefghi2a", "/readyz", "/metrics",
				} {
					status, body := visit(t, "http://"+reader+path, "127.0.0.1", nil)
					search(path, body)
					if status != 0 {
						seen++
					}
				}
			}
			for _, args := range [][]string{
				{"config"},
				{"doctor"},
				{"healthcheck"},
				{"unroll", xLink(1)},
				{"unroll", "https://bsky.app/profile/did:plc:ewvi7nxzyoun6zhxrhs64oiz/post/3kabcdefghi2a"},
				{"admin", "stats"},
				{"admin", "optout", "add", xLink(1)},
				{"export", filepath.Join(t.TempDir(), "x")},
			} {
				_, out, errs := command(t, environ, "", args...)
				search(strings.Join(args, " "), out+errs)
			}
			stop()
			<-ended
			search("serve", printed.String())
		})
	}
}

// TestPlantedSecretsAreAll has every secret setting planted above.
func TestPlantedSecretsAreAll(t *testing.T) {
	source, err := os.ReadFile("../../config/config.go")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(source)) {
		if !strings.Contains(line, " Secret ") || !strings.Contains(line, `env:"`) {
			continue
		}
		_, rest, _ := strings.Cut(line, `env:"`)
		name, _, _ := strings.Cut(rest, `"`)
		if planted()[name] == "" {
			t.Errorf("%s is secret, and not planted", name)
		}
	}
}
