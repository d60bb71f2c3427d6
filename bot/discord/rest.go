package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/bwmarrin/discordgo"
)

// rest calls the API through discordgo.
type rest struct {
	session   *discordgo.Session
	transport *transport
}

func newRest(token, agent string, t *transport) *rest {
	s, _ := discordgo.New("Bot " + token) // never fails
	s.LogLevel = -1                       // it writes to the global logger
	s.UserAgent = agent
	s.Client = &http.Client{Transport: t}
	return &rest{session: s, transport: t}
}

// do makes one call with a JSON body, or none when body is nil, and decodes
// the answer into out unless that is nil. path begins with a slash.
func (r *rest) do(ctx context.Context, method, path string, body, out any) error {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return fmt.Errorf("%s: %w", callName(method, path), err)
		}
	}
	return r.call(ctx, method, path, "application/json", data, out)
}

// upload makes one call with files beside the JSON body.
func (r *rest) upload(ctx context.Context, method, path string, body any, files []*discordgo.File, out any) error {
	kind, data, err := discordgo.MultipartBodyWithJSON(body, files)
	if err != nil {
		return fmt.Errorf("%s: %w", callName(method, path), err)
	}
	return r.call(ctx, method, path, kind, data, out)
}

func (r *rest) call(ctx context.Context, method, path, kind string, data []byte, out any) error {
	// discordgo holds a bucket's lock through the call, and keeps a bucket
	// for ever. Given a fresh one for every call it does neither.
	bucket := discordgo.NewRatelimiter().LockBucket("")
	answer, err := r.session.RequestWithLockedBucket(method, discordgo.EndpointAPI+strings.TrimPrefix(path, "/"), kind, data, bucket, 0,
		discordgo.WithContext(ctx), discordgo.WithRestRetries(0), discordgo.WithRetryOnRatelimit(false))
	if err != nil {
		var outer *url.Error // its text holds the address, and that the token
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return err
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s: %w", callName(method, path), err)
	}
	return nil
}
