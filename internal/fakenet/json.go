package fakenet

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// object is a JSON object as a service writes it. The wire shapes here are
// built, not declared: which keys are there, null or absent is the point.
type object map[string]any

// answer writes body as JSON.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(body) // a caller that left needs no answer
}

// list never becomes null.
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

// number makes a stable decimal id from a key.
func number(key string) string {
	sum := sha256.Sum256([]byte(key))
	return strconv.FormatUint(uint64(binary.BigEndian.Uint32(sum[:]))+1_000_000, 10)
}

// letters makes n stable lower-case base32 letters from a key.
func letters(key string, n int) string {
	sum := sha256.Sum256([]byte(key))
	more := sha256.Sum256(sum[:])
	s := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(append(sum[:], more[:]...))
	return strings.ToLower(s)[:n]
}
