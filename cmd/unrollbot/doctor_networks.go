package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// xAPI asks X how much of its API was used, which costs nothing.
func (d *doctor) xAPI(ctx context.Context) finding {
	if d.cfg.XBearerToken == "" {
		return off("read without a key; set UNROLL_X_BEARER_TOKEN for X's own API, which costs money")
	}
	base := strings.TrimSuffix(d.cfg.XAPIURL, "/")
	var usage struct {
		Data struct {
			Usage any `json:"project_usage"`
			Cap   any `json:"project_cap"`
		} `json:"data"`
	}
	status, err := d.http.do(ctx, probeCall{method: http.MethodGet, url: base + "/2/usage/tweets", authorization: "Bearer " + d.cfg.XBearerToken.Reveal()}, &usage)
	switch {
	case err != nil:
		return noAnswer(base, err)
	case status == http.StatusUnauthorized:
		return problem("take a new bearer token under Keys and tokens at console.x.com and set UNROLL_X_BEARER_TOKEN", "X refuses the bearer token")
	case status == http.StatusForbidden:
		return problem("attach the app to a project with API access at console.x.com", "X does not let this app use its API")
	case status >= 500:
		return problem("try again later", "%s answers %d", base, status)
	}
	if usage.Data.Usage != nil {
		return fine("%v of %v posts were read in this period", usage.Data.Usage, usage.Data.Cap)
	}
	return fine("%s answers", base)
}

// mastodonTokens asks each server that has a token whether it is good.
func (d *doctor) mastodonTokens(ctx context.Context) finding {
	if len(d.cfg.MastodonTokens) == 0 {
		return fine("read at each post's own server, without tokens")
	}
	var bad []string
	hosts := slices.Sorted(maps.Keys(d.cfg.MastodonTokens))
	for _, host := range hosts {
		status, err := d.http.do(ctx, probeCall{
			method: http.MethodGet, url: d.server(host) + "/api/v1/apps/verify_credentials",
			authorization: "Bearer " + d.cfg.MastodonTokens[host].Reveal(),
		}, nil)
		switch {
		case err != nil:
			bad = append(bad, fmt.Sprintf("%s does not answer (%v)", host, err))
		case status == http.StatusUnauthorized, status == http.StatusForbidden:
			bad = append(bad, host+" refuses its token")
		case status >= 500:
			bad = append(bad, fmt.Sprintf("%s answers %d", host, status))
		}
	}
	if len(bad) > 0 {
		return problem("make a token with the scope read under Preferences, Development on that server, and set UNROLL_MASTODON_TOKENS", "%s", strings.Join(bad, "; "))
	}
	return fine("tokens are good at %s", strings.Join(hosts, ", "))
}

// server is the base address of a Mastodon server.
func (d *doctor) server(host string) string {
	if slices.Contains(d.cfg.TrustedHosts, host) {
		return "http://" + host
	}
	return "https://" + host
}

// blueskyAccount logs in, and out again.
func (d *doctor) blueskyAccount(ctx context.Context) finding {
	if d.cfg.BlueskyIdentifier == "" {
		return off("set UNROLL_BLUESKY_IDENTIFIER and UNROLL_BLUESKY_APP_PASSWORD to answer mentions on Bluesky")
	}
	base := strings.TrimSuffix(d.cfg.BlueskyPDSURL, "/")
	var session struct {
		Handle  string `json:"handle"`
		Refresh string `json:"refreshJwt"`
		Message string `json:"message"`
	}
	status, err := d.http.do(ctx, probeCall{
		method: http.MethodPost, url: base + "/xrpc/com.atproto.server.createSession",
		body: map[string]string{"identifier": d.cfg.BlueskyIdentifier, "password": d.cfg.BlueskyAppPassword.Reveal()},
	}, &session)
	switch {
	case err != nil:
		return noAnswer(base, err)
	case status == http.StatusTooManyRequests:
		return problem("wait a few minutes: servers count logins", "%s lets nobody log in just now", base)
	case status != http.StatusOK:
		return problem("make an app password under Settings, Privacy and security, and set UNROLL_BLUESKY_APP_PASSWORD; is UNROLL_BLUESKY_PDS_URL the account's server?",
			"%s refuses the account: %d %s", base, status, session.Message)
	}
	_, _ = d.http.do(ctx, probeCall{method: http.MethodPost, url: base + "/xrpc/com.atproto.server.deleteSession", authorization: "Bearer " + session.Refresh}, nil) // else it ends by itself
	return fine("@%s", session.Handle)
}

// mastodonAccount asks whom the token belongs to.
func (d *doctor) mastodonAccount(ctx context.Context) finding {
	if d.cfg.MastodonToken == "" {
		return off("set UNROLL_MASTODON_URL and UNROLL_MASTODON_TOKEN to answer mentions on Mastodon")
	}
	base := strings.TrimSuffix(d.cfg.MastodonURL, "/")
	var me struct {
		Acct string `json:"acct"`
		Bot  bool   `json:"bot"`
	}
	status, err := d.http.do(ctx, probeCall{method: http.MethodGet, url: base + "/api/v1/accounts/verify_credentials", authorization: "Bearer " + d.cfg.MastodonToken.Reveal()}, &me)
	switch {
	case err != nil:
		return noAnswer(base, err)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return problem("make an application with the scopes read and write under Preferences, Development, and set UNROLL_MASTODON_TOKEN to its access token", "%s refuses the token", base)
	case status != http.StatusOK || me.Acct == "":
		return problem("is UNROLL_MASTODON_URL the account's server?", "%s answers %d", base, status)
	}
	f := fine("@%s", me.Acct)
	if !me.Bot {
		return f.advise("mark the account as automated under Preferences, Profile: most servers ask bots to")
	}
	return f
}

// xAccount cannot tell whether the keys are good: asking costs money, so that
// is found out when the first answer is posted.
func (d *doctor) xAccount(context.Context) finding {
	if d.cfg.XUserID == "" {
		return off("set UNROLL_X_USER_ID, UNROLL_X_API_KEY, … to answer mentions on X")
	}
	return fine("all keys are set; they are not tried, for X charges for each call")
}
