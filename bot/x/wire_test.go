package x

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"unrollbot/bot/mention"
)

func FuzzMention(f *testing.F) {
	f.Add([]byte(`{"id":"30","author_id":"7","created_at":"2026-11-01T00:00:00.000Z","text":"@ada 🧵 &amp; @bot unroll https://t.co/x","display_text_range":[5,40],"entities":{"mentions":[{"start":0,"end":4,"id":"9"},{"start":13,"end":17,"id":"4242"}],"urls":[{"start":25,"end":40,"expanded_url":"https://x.com/a/status/1"}]},"referenced_tweets":[{"type":"replied_to","id":"21"}]}`))
	f.Add([]byte(`{"id":"30","author_id":"7","created_at":"2026-11-01T00:00:00Z","text":"x","display_text_range":[9,-1],"entities":{"mentions":[{"start":-4,"end":99,"id":"4242"},{"start":50,"end":60,"id":"4242"}]},"in_reply_to_user_id":"4242","referenced_posts":[{"type":"quoted","id":"/"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, ok := decode(data, "4242")
		if !ok {
			return
		}
		if !isID(m.ID) || m.User == "" || m.At.IsZero() || !utf8.ValidString(m.Text) {
			t.Errorf("%+v", m)
		}
	})
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"data":{"event_uuid":"1","event_type":"post.mention.create","filter":{"user_id":"4242"},"payload":{"id":"30","author_id":"7","created_at":"2026-11-01T00:00:00.000Z","text":"hey @bot","entities":{"mentions":[{"start":4,"start_str":"4","end":8,"id":"4242"}]}}}}`))
	f.Add([]byte(`{"errors":[{"title":"operational-disconnect","detail":"x","type":"about:blank"}]}`))
	f.Add([]byte(`{"data":[],"errors":{}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var e event
		if json.Unmarshal(line, &e) != nil {
			return
		}
		if m, ok := e.mention("4242"); ok && (e.Data.Type != mentionEvent || !isID(m.ID) || !utf8.ValidString(m.Text)) {
			t.Errorf("%+v", m)
		}
	})
}

// The example of X's documentation, "Creating a signature".
func TestSignature(t *testing.T) {
	k := keys{"xvz1evFS4wEEPTGEFPHBog", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"}
	q := url.Values{"include_entities": {"true"}, "status": {"Hello Ladies + Gentlemen, a signed OAuth request!"}}
	got := k.sign("POST", "https://api.twitter.com/1.1/statuses/update.json", q, "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", time.Unix(1318622958, 0))
	if want := `oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D"`; !strings.Contains(got, want) {
		t.Errorf("%s\nlacks %s", got, want)
	}
}

func TestComposeIsBounded(t *testing.T) {
	a := &Adapter{}
	m := &mention.Mention{ID: "30", Post: &post{}}
	for _, words := range []string{strings.Repeat("a.b@c ", 100), strings.Repeat("日本", 100), strings.Repeat("👩‍👩‍👧‍👦", 60)} {
		link := "https://unroll.example/x/" + strings.Repeat("1", 60)
		d, price := a.compose(m, &mention.Answer{Words: words, Text: "2 posts", Link: link})
		if w := weight(d.Text) - weight(link) + linkWeight; w > maxWeight || !strings.HasSuffix(d.Text, "\n2 posts\n"+link) || price != priceLink {
			t.Errorf("weight %d: %q", w, d.Text)
		}
	}
}
