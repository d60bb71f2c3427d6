package discord

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeIsLenient(t *testing.T) {
	t.Parallel()
	m, err := decodeMessage([]byte(`{"id":"1","channel_id":"2","type":"odd","author":{"id":"3","bot":"maybe"},"content":"hi",
		"embeds":[{"url":5,"description":"see (https://x.com/a/status/1)."},{"url":"https://b.example/","author":{"url":"https://c.example/"},
		"fields":[{"value":"https://d.example/"}]}],"components":{"type":99}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"https://x.com/a/status/1", "https://b.example/", "https://c.example/", "https://d.example/"}
	if diff := cmp.Diff(want, m.links()); diff != "" || m.Author.ID != "3" || m.Content != "hi" {
		t.Errorf("%+v %s", m, diff)
	}
	for name, data := range map[string]string{"no id": `{"channel_id":"2"}`, "a list": `[]`, "cut off": `{"id":`, "null": `null`} {
		if _, err := decodeMessage([]byte(data)); err == nil {
			t.Errorf("message, %s: no error", name)
		}
		if _, err := decodeInteraction([]byte(data)); err == nil {
			t.Errorf("interaction, %s: no error", name)
		}
	}
}

func TestComponentsOfAnyDepth(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`[{"type":17,"components":`, 50) + `[{"content":"https://x.com/a/status/1"}]` + strings.Repeat(`}]`, 50)
	m := message{Components: json.RawMessage(deep)}
	if got := m.texts(); got != nil {
		t.Errorf("read %v beyond the depth that Discord nests", got)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"id":"1","channel_id":"2","author":{"id":"3"},"content":"hi","embeds":[{"url":"https://x.com/a/status/1"}],"components":[{"type":99}]}`))
	f.Add([]byte(`{"id":"1","token":"t","application_id":"5","type":2,"data":{"name":"unroll","type":1,"options":[{"name":"link","value":"x"}]}}`))
	f.Add([]byte(`{"id":"1","token":"t","application_id":"5","type":3,"member":{"user":{"id":"1"}},"data":{"custom_id":"p|2|/x/20"},"message":{"id":"3","flags":64}}`))
	f.Add([]byte(`{"id":"1","channel_id":"2","message_snapshots":[{"message":{"content":"https://x.com/a/status/1"}}],"referenced_message":{"id":"2"}}`))
	a, err := New(Config{Token: "t"}, nil, words{}, &memory{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := decodeMessage(data); err == nil {
			m.links()
			m.empty()
			m.owner()
			if m.Referenced != nil {
				a.replied(m.Referenced)
			}
		}
		i, err := decodeInteraction(data)
		if err != nil {
			return
		}
		p, err := a.plan(t.Context(), i)
		if err == nil && p.answer.Type == 0 {
			t.Errorf("no answer to %s", data)
		}
	})
}
