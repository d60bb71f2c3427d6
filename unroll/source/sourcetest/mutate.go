package sourcetest

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// rounds is how many broken answers a source must live through.
const rounds = 400

// mutations feeds answers in which a few values were dropped, replaced or
// moved. Fetch may fail or show less; what it shows keeps the contract.
func (h *Harness) mutations(t *testing.T) {
	rng := rand.New(rand.NewPCG(20, 2006)) //nolint:gosec // a test repeats
	var body []byte
	var last []byte // what the round served, for the report
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := record(h.Good, r)
		body = Mutate(rng, rec.Body.Bytes())
		last = append(last, body...)
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	})
	src, ref := h.start(t, handler)
	for i := range rounds {
		last = last[:0]
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Fatalf("round %d: panic: %v\n%s", i, p, last)
				}
			}()
			conv, err := src.Fetch(t.Context(), ref)
			if err != nil {
				h.failed(t, src, err)
			} else if found := problems(conv); len(found) > 0 {
				t.Errorf("round %d: %s", i, strings.Join(found, "; "))
			}
			if t.Failed() {
				t.Fatalf("round %d was given: %.20000s", i, last)
			}
		}()
	}
}

// Mutate breaks one to three values of a JSON document: it drops, replaces or
// doubles them, or puts one in another's place. What is not JSON stays.
func Mutate(rng *rand.Rand, body []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var doc any
	if dec.Decode(&doc) != nil {
		return body
	}
	for range 1 + rng.IntN(3) {
		var slots []slot
		collect(&slots, doc, func(v any) { doc = v }, nil)
		s := slots[rng.IntN(len(slots))]
		switch {
		case s.drop != nil && rng.IntN(3) == 0:
			s.drop()
		case rng.IntN(4) == 0:
			s.set(clone(slots[rng.IntN(len(slots))].value))
		default:
			s.set(odd(rng, s.value))
		}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return body
	}
	return out
}

// slot is a place in a document.
type slot struct {
	value any
	set   func(any)
	drop  func() // nil where nothing can be dropped
}

func collect(slots *[]slot, v any, set func(any), drop func()) {
	*slots = append(*slots, slot{v, set, drop})
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			collect(slots, v[key], func(to any) { v[key] = to }, func() { delete(v, key) })
		}
	case []any:
		for i := range v {
			collect(slots, v[i], func(to any) { v[i] = to }, nil)
		}
	}
}

// odd gives a value that a service should not have sent.
func odd(rng *rand.Rand, was any) any {
	if s, ok := was.(string); ok && rng.IntN(2) == 0 {
		return []any{
			"", s + s, strings.ToUpper(s), s[:len(s)/2], "\x00" + s, "javascript:alert(1)", "//x", s + "\u202e", "https://",
			"🧵" + s, "&amp;" + s, strings.Repeat(s, 50), " ", "-1", "99999999999999999999999", "../..", "null",
		}[rng.IntN(17)]
	}
	if l, ok := was.([]any); ok && rng.IntN(2) == 0 {
		return slices.Concat(l, l)
	}
	if n, ok := was.(json.Number); ok && rng.IntN(2) == 0 {
		return json.Number([]string{"-" + strings.TrimPrefix(n.String(), "-"), n.String() + "0", "1e3", "0.5", "9223372036854775807", "0"}[rng.IntN(6)])
	}
	return []any{
		nil, "", "x", true, false, 0, -1, 1 << 40, 1.5,
		[]any{},
		[]any{nil},
		map[string]any{},
		[]any{map[string]any{}},
		map[string]any{"type": "x"},
	}[rng.IntN(14)]
}

// clone copies a value, so that a document never contains itself.
func clone(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var out any
	if dec.Decode(&out) != nil {
		return nil
	}
	return out
}
