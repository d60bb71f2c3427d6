package discord

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"unrollbot/bot/bottest"
)

// signer signs like Discord.
func signer(t testing.TB, a *Adapter) func(body string, at time.Time) *http.Request {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	a.publicKey = public
	return func(body string, at time.Time) *http.Request {
		stamp := strconv.FormatInt(at.Unix(), 10)
		r := httptest.NewRequest(http.MethodPost, "/discord", strings.NewReader(body))
		r.Header.Set("X-Signature-Timestamp", stamp)
		r.Header.Set("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(private, []byte(stamp+body))))
		return r
	}
}

func TestInteractionsAreVerified(t *testing.T) {
	t.Parallel()
	a := testAdapter(t)
	sign := signer(t, a)
	const ping = `{"id":"1","application_id":"5","token":"t","type":1}`

	for name, tc := range map[string]struct {
		request func() *http.Request
		status  int
		body    string
	}{
		"ping": {func() *http.Request { return sign(ping, time.Now()) }, http.StatusOK, `{"type":1}`},
		"bad signature": {func() *http.Request {
			r := sign(ping, time.Now())
			r.Header.Set("X-Signature-Ed25519", strings.Repeat("00", ed25519.SignatureSize))
			return r
		}, http.StatusUnauthorized, ""},
		"no signature": {func() *http.Request { return httptest.NewRequest(http.MethodPost, "/discord", strings.NewReader(ping)) }, http.StatusUnauthorized, ""},
		"another body": {func() *http.Request {
			r := sign(ping, time.Now())
			r.Body = http.NoBody
			return r
		}, http.StatusUnauthorized, ""},
		"old":       {func() *http.Request { return sign(ping, time.Now().Add(-time.Minute)) }, http.StatusUnauthorized, ""},
		"ahead":     {func() *http.Request { return sign(ping, time.Now().Add(time.Minute)) }, http.StatusUnauthorized, ""},
		"too large": {func() *http.Request { return sign(strings.Repeat(" ", maxInteraction+1), time.Now()) }, http.StatusRequestEntityTooLarge, ""},
		"nonsense":  {func() *http.Request { return sign("[]", time.Now()) }, http.StatusBadRequest, ""},
		"GET":       {func() *http.Request { return httptest.NewRequest(http.MethodGet, "/discord", nil) }, http.StatusMethodNotAllowed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			a.Interactions().ServeHTTP(w, tc.request())
			if w.Code != tc.status || (tc.body != "" && w.Body.String() != tc.body) {
				t.Errorf("%d %q", w.Code, w.Body)
			}
		})
	}
}

func TestInteractionsNeedAKey(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	testAdapter(t).Interactions().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/discord", strings.NewReader("{}")))
	if w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
	if _, err := New(Config{Token: "t", PublicKey: "abc"}, nil, words{}, nil); err == nil || !strings.Contains(err.Error(), "UNROLL_DISCORD_PUBLIC_KEY") {
		t.Errorf("a short key: %v", err)
	}
}

func TestInteractionOverHTTP(t *testing.T) {
	t.Parallel()
	r := prepare(t, bottest.DiscordConfig{}, whole(1))
	sign := signer(t, r.adapter)
	id, event := r.Event(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}})
	body, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r.adapter.Interactions().ServeHTTP(w, sign(string(body), time.Now()))
	if w.Code != http.StatusAccepted || w.Body.Len() > 0 {
		t.Fatalf("%d %q", w.Code, w.Body)
	}
	if m := r.Answered(id); !strings.Contains(m.Text(), "Post 1 of") {
		t.Errorf("answered %q", m.Text())
	}
	r.adapter.tasks.finish()
	w = httptest.NewRecorder()
	r.adapter.Interactions().ServeHTTP(w, sign(string(body), time.Now()))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("after the end: %d", w.Code)
	}
	r.handler.wg.Wait()
}

func FuzzVerify(f *testing.F) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("1700000000", "00", []byte("{}"))
	f.Fuzz(func(t *testing.T, stamp, signature string, body []byte) {
		h := http.Header{"X-Signature-Timestamp": {stamp}, "X-Signature-Ed25519": {signature}}
		if verify(public, h, body, time.Now()) {
			raw, _ := hex.DecodeString(signature)
			if !bytes.Equal(raw, ed25519.Sign(private, append([]byte(stamp), body...))) {
				t.Error("a forged signature passed")
			}
		}
	})
}
