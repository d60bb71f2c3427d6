package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// probe makes the doctor's calls. They go to addresses that the operator has
// set, so there is no dial guard.
type probe struct{ client *http.Client }

func newProbe() probe {
	return probe{&http.Client{
		// Tokens must not follow a redirect.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (p probe) close() { p.client.CloseIdleConnections() }

// probeCall is one of them.
type probeCall struct {
	method, url   string
	authorization string
	agent         string // empty means the program's own name
	body          any    // sent as JSON
}

// do makes a call and decodes the answer's JSON, whatever its status, into
// out, where it is JSON. An error means that nobody answered.
func (p probe) do(ctx context.Context, c probeCall, out any) (status int, err error) {
	var body io.Reader
	if c.body != nil {
		data, err := json.Marshal(c.body)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, c.method, c.url, body)
	if err != nil {
		return 0, errors.New("not an address")
	}
	req.Header.Set("User-Agent", cmp.Or(c.agent, "unrollbot/"+version))
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.authorization != "" {
		req.Header.Set("Authorization", c.authorization)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, unaddressed(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && out != nil {
		_ = json.Unmarshal(data, out) // what is missing shows in its fields
	}
	return resp.StatusCode, nil
}

// unaddressed takes the address, which holds Telegram's token, off an error.
func unaddressed(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s", checkTime)
	}
	return err
}

// noAnswer is the finding where nobody answered.
func noAnswer(base string, err error) finding {
	do := "may this machine call out? Look at its firewall and proxy (HTTPS_PROXY), and at the address"
	var dns *net.DNSError
	if errors.As(err, &dns) {
		do = "does this machine resolve names, and is the address right?"
	}
	return problem(do, "%s: %v", base, err)
}

// reachable tells whether anybody answers at an address.
func (d *doctor) reachable(ctx context.Context, base string) finding {
	switch status, err := d.http.do(ctx, probeCall{method: http.MethodGet, url: base}, nil); {
	case err != nil:
		return noAnswer(base, err)
	case status >= 500 && status != http.StatusNotImplemented: // what some say to the bare address
		return problem("it has trouble of its own: try again later, or set the address of another one", "%s answers %d", base, status)
	default:
		return fine("%s answers", base)
	}
}

// ready asks the bot that runs on this machine.
func (d *doctor) ready(ctx context.Context) error {
	var answer struct{ Missing []string }
	status, err := d.http.do(ctx, probeCall{method: http.MethodGet, url: readerHere(d.cfg) + "/readyz"}, &answer)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("not ready: %s", strings.Join(answer.Missing, ", "))
	}
	return err
}
