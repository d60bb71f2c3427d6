package fakenet_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// start serves w for the time of a test.
func start(t *testing.T, w fakenet.World, cfg fakenet.Config) *fakenet.Net {
	t.Helper()
	n, err := fakenet.Start(t.Context(), w, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// get asks for an address and gives the status and the decoded body.
func get(t *testing.T, url string, header ...string) (int, value) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "fakenet-test/1 (+https://unrollbot.test)")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%s: %v in %q", url, err, body)
	}
	return res.StatusCode, value{v}
}

// value is decoded JSON to walk through. A step that leads nowhere gives nil.
type value struct{ v any }

func (v value) at(path ...any) value {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			o, _ := v.v.(map[string]any)
			v.v = o[step]
		case int:
			l, _ := v.v.([]any)
			if step >= len(l) {
				return value{}
			}
			v.v = l[step]
		}
	}
	return v
}

func (v value) list() []value {
	l, _ := v.v.([]any)
	out := make([]value, len(l))
	for i := range l {
		out[i] = value{l[i]}
	}
	return out
}

func (v value) str() string { s, _ := v.v.(string); return s }

func (v value) has(key string) bool {
	o, _ := v.v.(map[string]any)
	_, ok := o[key]
	return ok
}

// ids gives one key of every entry of a list.
func (v value) ids(key string) []string {
	var out []string
	for _, e := range v.list() {
		out = append(out, e.at(key).str())
	}
	return out
}

// post is a short way to write a post of a World.
func post(id, author, parent string) fakenet.Post {
	return fakenet.Post{Post: unroll.Post{ID: id, AuthorID: author, ParentID: parent, Text: "post " + id}}
}

func hidden(p fakenet.Post, why unroll.GapReason) fakenet.Post {
	p.Gap = &unroll.Gap{Reason: why}
	return p
}

// gapped is a thread of eight by ada whose fourth post was hidden; bob
// answers the second, and ada has a side branch from the third.
func gapped(why unroll.GapReason) fakenet.World {
	return fakenet.World{
		Authors: []fakenet.Author{{ID: "ada", Name: "Ada"}, {ID: "bob"}},
		Posts: []fakenet.Post{
			post("101", "ada", ""), post("102", "ada", "101"), post("201", "bob", "102"), post("103", "ada", "102"),
			hidden(post("104", "ada", "103"), why), post("301", "ada", "103"), post("302", "ada", "301"),
			post("105", "ada", "104"), post("106", "ada", "105"), post("107", "ada", "106"), post("108", "ada", "107"),
		},
	}
}
