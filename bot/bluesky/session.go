package bluesky

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"unrollbot/bot/mention"
)

// session is the bot's login at its server.
type session struct {
	client               *mention.Client
	identifier, password string

	mu      sync.Mutex // one login at a time: servers count them
	did     string
	access  string
	refresh string
}

// tokens is the output of com.atproto.server.createSession and
// refreshSession.
type tokens struct {
	DID     string `json:"did"`
	Access  string `json:"accessJwt"`
	Refresh string `json:"refreshJwt"`
}

// call makes a call as the bot, logging in when that is needed.
func (s *session) call(ctx context.Context, c mention.Call, out any) error {
	token, err := s.token(ctx, "")
	if err != nil {
		return err
	}
	c.Header = bearer(token)
	err = s.client.Do(ctx, c, out)
	if !stale(err) {
		return err
	}
	if token, err = s.token(ctx, token); err != nil {
		return err
	}
	c.Header = bearer(token)
	return s.client.Do(ctx, c, out)
}

// whoami gives the bot's DID.
func (s *session) whoami(ctx context.Context) (string, error) {
	if _, err := s.token(ctx, ""); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.did, nil
}

// token gives an access token other than the stale one.
func (s *session) token(ctx context.Context, stale string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.access != "" && s.access != stale {
		return s.access, nil
	}
	var t tokens
	if s.refresh != "" {
		c := mention.Call{Method: http.MethodPost, Path: "/xrpc/com.atproto.server.refreshSession", Header: bearer(s.refresh)}
		if err := s.client.Do(ctx, c, &t); err == nil {
			return s.keep(t)
		} else if mention.Refusal(err).Status == 0 || mention.Refusal(err).Status >= 500 {
			return "", err // the server's trouble; the token may still be good
		}
	}
	c := mention.Call{
		Method: http.MethodPost, Path: "/xrpc/com.atproto.server.createSession",
		Body: map[string]string{"identifier": s.identifier, "password": s.password}, Secrets: []string{s.password},
	}
	switch err := s.client.Do(ctx, c, &t); {
	case err == nil:
		return s.keep(t)
	case mention.Refusal(err).Status == http.StatusUnauthorized, mention.Refusal(err).Code == "AccountTakedown":
		return "", mention.Fatal(fmt.Errorf("bluesky refuses the account: make a new app password in Settings and set it: %w", err))
	default:
		return "", err
	}
}

func (s *session) keep(t tokens) (string, error) {
	if t.Access == "" || t.DID == "" {
		return "", fmt.Errorf("bluesky: a session without a token")
	}
	s.did, s.access, s.refresh = t.DID, t.Access, t.Refresh
	return s.access, nil
}

// stale tells whether the server wants another token (XRPC specification,
// "Authentication": ExpiredToken with status 400).
func stale(err error) bool {
	e := mention.Refusal(err)
	return e.Code == "ExpiredToken" || e.Code == "InvalidToken" || e.Status == http.StatusUnauthorized
}

func bearer(token string) http.Header {
	return http.Header{"Authorization": {"Bearer " + token}}
}
