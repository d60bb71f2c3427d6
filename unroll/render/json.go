package render

import (
	_ "embed"
	"encoding/json"
	"io"

	"unrollbot/unroll"
)

//go:embed thread.schema.json
var schema string

// Schema is the JSON Schema (2020-12) of what [JSON] writes.
func Schema() string { return schema }

// JSON writes the thread as one JSON object, as described by [Schema]:
// facets as byte ranges of UTF-8 texts, times in RFC 3339, durations in
// nanoseconds. Errors are w's.
func JSON(w io.Writer, t *unroll.Thread) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(t)
}
