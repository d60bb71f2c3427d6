package mastodon

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"unrollbot/bot/mention"
)

func FuzzNotification(f *testing.F) {
	f.Add([]byte(`{"id":"1","type":"mention","created_at":"2026-11-01T00:00:00.000Z","status":{"id":"2","visibility":"public","account":{"id":"3","acct":"c@e.example"},"content":"<p><a href=\"https://e.example/@bot\" class=\"mention\">@bot</a> unroll <a href=\"https://x.com/a/status/1\">x</a></p>","mentions":[{"id":"me","url":"https://e.example/@bot"}],"quote":{"state":"accepted","quoted_status":{"url":"https://e.example/@a/1"}}}}`))
	f.Add([]byte(`{"id":"1","type":"mention","created_at":"x","status":{"content":"<a <b></a>","in_reply_to_id":null}}`))
	me := account{ID: "me", URL: "https://e.example/@bot"}
	f.Fuzz(func(t *testing.T, data []byte) {
		var n notification
		if json.Unmarshal(data, &n) != nil {
			return
		}
		m, ok := fromNotification(&n, me)
		if !ok {
			return
		}
		if m.ID == "" || m.Cursor == "" || m.At.IsZero() || !utf8.ValidString(m.Text) {
			t.Errorf("%+v", m)
		}
		if d := compose(n.Status, &mention.Answer{Words: "w", Text: "t"}, instance{MaxChars: 500}); m.Public != (d.Visibility == "unlisted") {
			t.Errorf("asked %v, answered %s", n.Status.Visibility, d.Visibility)
		}
	})
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte(":thump\nevent: notification\ndata: {}\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		if err := events(bytes.NewReader(data), func(string) { n++ }); err == nil {
			t.Error("a stream ended without an error")
		}
		if n > bytes.Count(data, []byte("\n"))+1 {
			t.Errorf("heard %d lines", n)
		}
	})
}

func TestEvents(t *testing.T) {
	var heard []string
	err := events(strings.NewReader(":thump\nevent: notification\ndata: {}\n\nevent:update\n"), func(name string) {
		if name != "" {
			heard = append(heard, name)
		}
	})
	if strings.Join(heard, " ") != "notification update" || !errors.Is(err, io.EOF) {
		t.Errorf("%q, %v", heard, err)
	}
	if err := events(strings.NewReader(strings.Repeat("x", maxEvent+1)), func(string) {}); errors.Is(err, io.EOF) {
		t.Error("a line without end was read")
	}
}
