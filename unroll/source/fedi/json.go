// Package fedi holds what is the same about posts of fediverse servers,
// whatever API they speak: JSON that is read with forbearance, texts with
// their facets, and what an author's profile asks for.
package fedi

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"
)

// Decode is [json.Unmarshal] that leaves a field of an unexpected type as it
// was, so that one odd value costs no post.
func Decode(raw []byte, out any) error {
	err := json.Unmarshal(raw, out)
	if odd := new(json.UnmarshalTypeError); errors.As(err, &odd) {
		return nil
	}
	return err
}

// String is a string, empty for null and for anything else.
type String string

// UnmarshalJSON implements [json.Unmarshaler].
func (s *String) UnmarshalJSON(raw []byte) error {
	*s = ""
	var read string
	if json.Unmarshal(raw, &read) == nil {
		*s = String(read)
	}
	return nil
}

// Time is a time, zero for null and for anything that is none.
type Time struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Time) UnmarshalJSON(raw []byte) error {
	at, _ := time.Parse(time.RFC3339, string(bytes.Trim(raw, `"`)))
	t.Time = at.UTC()
	return nil
}

// IsAlnum tells whether c is a letter or a digit of ASCII.
func IsAlnum[T rune | byte](c T) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' }

// Pixels reads the width or height of a picture; what no picture has is 0.
func Pixels(f float64) int {
	const most = 1 << 16 // beyond any real picture
	if f >= 1 && f <= most {
		return int(f)
	}
	return 0
}
