package bottest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// refused is an error answer.
type refused struct {
	status, code int
	message      string
}

func (r refused) body() any { return map[string]any{"code": r.code, "message": r.message} }

func (d *Discord) serveREST(w http.ResponseWriter, r *http.Request) {
	call := DiscordCall{Method: r.Method, Path: strings.TrimPrefix(r.URL.Path, "/api/v10"), Agent: r.UserAgent()}
	body, files, err := readBody(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	call.Body, call.Files = body, files
	fault := d.fault(call)
	if fault != nil && fault.Until != nil {
		<-fault.Until
	}
	if fault != nil && !fault.Apply && (fault.Drop || fault.Status != 0) {
		d.fail(w, call, fault)
		return
	}
	d.mu.Lock()
	status, answer := d.handle(r, &call)
	call.Status = status
	if status >= 400 && status != http.StatusUnauthorized && call.Method != http.MethodGet {
		d.violation("%s %s: %d %v", call.Method, call.Path, status, answer)
	}
	d.state.Calls = append(d.state.Calls, call)
	d.changed.Broadcast()
	d.mu.Unlock()
	if fault != nil && fault.Apply {
		d.fail(w, call, fault)
		return
	}
	writeJSON(w, status, answer)
}

func (d *Discord) fault(c DiscordCall) *DiscordFault {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, f := range d.faults {
		if strings.HasPrefix(c.Method+" "+c.Path, f.Match) {
			if f.Times--; f.Times <= 0 {
				d.faults = slices.Delete(d.faults, i, i+1)
			}
			return f
		}
	}
	return nil
}

func (d *Discord) fail(w http.ResponseWriter, c DiscordCall, f *DiscordFault) {
	c.Status = f.Status
	d.mu.Lock()
	d.state.Calls = append(d.state.Calls, c)
	d.changed.Broadcast()
	d.mu.Unlock()
	switch {
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.HTML:
		w.Header().Set("Content-Type", "text/html")
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.FormatFloat(f.RetryAfter, 'f', -1, 64))
		}
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, "<html>error code: 1015</html>")
	case f.Status == http.StatusTooManyRequests:
		writeJSON(w, f.Status, map[string]any{"message": "You are being rate limited.", "retry_after": f.RetryAfter, "global": f.Global})
	default:
		writeJSON(w, f.Status, refused{code: f.Code, message: "injected"}.body())
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if v != nil && status != http.StatusNoContent {
		_ = json.NewEncoder(w).Encode(v)
	}
}

// readBody reads a JSON body, alone or beside files.
func readBody(r *http.Request) (json.RawMessage, map[string]string, error) {
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		data, err := io.ReadAll(r.Body)
		if err == nil && len(data) > 0 && !json.Valid(data) {
			err = fmt.Errorf("the body is no JSON")
		}
		return data, nil, err
	}
	var body json.RawMessage
	files := make(map[string]string)
	form := multipart.NewReader(r.Body, params["boundary"])
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return body, files, nil
		}
		if err != nil {
			return nil, nil, err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, err
		}
		if part.FormName() == "payload_json" {
			body = data
		} else {
			files[part.FileName()] = string(data)
		}
	}
}

func objects(v any) []map[string]any {
	var out []map[string]any
	items, _ := v.([]any)
	for _, i := range items {
		if m, ok := i.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func walkComponents(v any, visit func(map[string]any)) {
	for _, c := range objects(v) {
		visit(c)
		walkComponents(c["components"], visit)
		if a, ok := c["accessory"].(map[string]any); ok {
			visit(a)
		}
	}
}

func jsonObject(data json.RawMessage) map[string]any {
	m := make(map[string]any)
	_ = json.Unmarshal(data, &m) // what is no object is empty
	return maps.Clone(m)
}
