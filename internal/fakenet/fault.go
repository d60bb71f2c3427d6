package fakenet

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
)

// Fault is what happens to a call instead of an answer. The first of Hang,
// Drop, Half and Status that is set is done.
type Fault struct {
	Hang bool // never answer; the call ends when the caller gives up
	Drop bool // close the connection at once; net/http's client may then try once more by itself
	Half bool // send half of the true answer, then close the connection

	// Status is the answer's status, with Body as ContentType.
	Status      int
	Body        string
	ContentType string // application/json when empty
	RetryAfter  string // the Retry-After header, as it is

	// Skip lets that many calls pass first, Times breaks that many and no
	// more; 0 breaks all.
	Skip, Times int
}

// HTMLPage answers with status 200 and a page for people, as services do in
// front of an API that is down.
func HTMLPage() Fault {
	return Fault{
		Status: http.StatusOK, ContentType: "text/html; charset=utf-8",
		Body: "<!doctype html><title>Back soon</title><p>We are doing some work here.",
	}
}

// TooMany is a 429 that asks to wait for some seconds.
func TooMany(seconds int) Fault {
	return Fault{
		Status: http.StatusTooManyRequests, RetryAfter: strconv.Itoa(seconds),
		Body: `{"error":"Too many requests"}`,
	}
}

// Faults counts the calls to a server and breaks those it is told to. Every
// server of the package has one built in.
type Faults struct {
	mu    sync.Mutex
	calls []string // request URIs
	armed []*armed
}

type armed struct {
	match string
	fault Fault
}

// Break makes calls whose request URI (path and query as sent) contains match
// fail. The fault armed last is looked at first.
func (f *Faults) Break(match string, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = append([]*armed{{match: match, fault: fault}}, f.armed...)
}

// Mend takes all faults away.
func (f *Faults) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = nil
}

// Calls counts the calls so far whose request URI contains match.
func (f *Faults) Calls(match string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, uri := range f.calls {
		if strings.Contains(uri, match) {
			n++
		}
	}
	return n
}

// Log gives the request URIs of all calls so far, in order.
func (f *Faults) Log() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.calls...)
}

// take notes a call and gives the fault that breaks it, if one does.
func (f *Faults) take(uri string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, uri)
	for i, a := range f.armed {
		if !strings.Contains(uri, a.match) {
			continue
		}
		if a.fault.Skip > 0 {
			a.fault.Skip--
			continue
		}
		if a.fault.Times == 1 {
			f.armed = append(f.armed[:i:i], f.armed[i+1:]...)
		}
		a.fault.Times--
		return a.fault, true
	}
	return Fault{}, false
}

// serve answers r through next, unless a fault says otherwise.
func (f *Faults) serve(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	fault, broken := f.take(r.URL.RequestURI())
	switch {
	case !broken:
		next(w, r)
	case fault.Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case fault.Drop:
		panic(http.ErrAbortHandler)
	case fault.Half:
		whole := httptest.NewRecorder()
		next(whole, r)
		for k, v := range whole.Header() {
			w.Header()[k] = v
		}
		w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
		w.WriteHeader(whole.Code)
		_, _ = io.Copy(w, bytes.NewReader(whole.Body.Bytes()[:whole.Body.Len()/2]))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	default:
		kind := fault.ContentType
		if kind == "" {
			kind = "application/json; charset=utf-8"
		}
		w.Header().Set("Content-Type", kind)
		if fault.RetryAfter != "" {
			w.Header().Set("Retry-After", fault.RetryAfter)
		}
		w.WriteHeader(fault.Status)
		_, _ = io.WriteString(w, fault.Body)
	}
}
