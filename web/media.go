package web

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"unrollbot/unroll"
)

// Bounds of the media proxy.
const (
	mediaFor    = 20 * time.Second // one picture may take
	mediaAtOnce = 16               // pictures under way
	mediaKept   = 10 * time.Minute
	mediaBytes  = 32 << 20 // kept, all together
	mediaSigned = 16       // bytes of a signature
)

// mediaLimit is for pictures that are not kept, per address: a long thread
// has a hundred.
var mediaLimit = unroll.Limit{Events: 600, Per: time.Minute, Burst: 300}

// withoutMedia is the query that asks for the page without pictures.
const withoutMedia = "media=0"

// proxied gives the address from which our pages show a picture. Only what
// stands in a thread gets one, so that nobody can let us fetch anything else.
func (s *Server) proxied(ctx context.Context) func(address string) string {
	return func(address string) string {
		sum, err := s.signer.sign(ctx, "media", address, mediaSigned)
		if err != nil {
			s.cfg.Log.Warn("picture cannot be signed", "err", err)
			return ""
		}
		e := base64.RawURLEncoding
		return "/media/" + e.EncodeToString(sum) + "/" + e.EncodeToString([]byte(address))
	}
}

// media answers with a picture of a thread. It passes on nothing of the
// reader, and nothing of the server that it asks but the picture.
func (s *Server) media(w http.ResponseWriter, r *http.Request) {
	if p := s.kept.get(r.URL.Path, s.cfg.Now()); p != nil {
		p.serve(w, r)
		return
	}
	address, err := s.signedAddress(r)
	if err != nil {
		s.fail(w, r, &unroll.Error{Kind: unroll.KindNotFound, Op: "web: media", Err: err}, noPage)
		return
	}
	if err := s.allow(r, "media", mediaLimit); err != nil {
		s.fail(w, r, err)
		return
	}
	content, err := s.fetchPicture(r.Context(), address)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	kind := pictureType(content)
	if kind == "" {
		s.fail(w, r, &unroll.Error{Kind: unroll.KindUnsupported, Op: "web: media", Err: errors.New("no picture")})
		return
	}
	p := newPacked(http.Header{"Content-Type": {kind}, "Cache-Control": {"public, max-age=86400, immutable"}}, content, s.cfg.Now().Add(mediaKept))
	s.kept.put(r.URL.Path, p)
	p.serve(w, r)
}

func (s *Server) signedAddress(r *http.Request) (string, error) {
	e := base64.RawURLEncoding.Strict()
	sum, err1 := e.DecodeString(r.PathValue("signature"))
	address, err2 := e.DecodeString(r.PathValue("address"))
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	want, err := s.signer.sign(r.Context(), "media", string(address), mediaSigned)
	if err == nil && !hmac.Equal(sum, want) {
		err = errors.New("the signature is not ours")
	}
	return string(address), err
}

func (s *Server) fetchPicture(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, mediaFor)
	defer cancel()
	select {
	case s.fetches <- struct{}{}:
		defer func() { <-s.fetches }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.cfg.Picture(ctx, address)
}

// pictureType tells what a picture is by its bytes: servers are often wrong.
// It is empty for all that is none, SVG among it, which may hold scripts.
func pictureType(content []byte) string {
	switch kind := http.DetectContentType(content); {
	case kind == "image/jpeg", kind == "image/png", kind == "image/gif", kind == "image/webp":
		return kind
	case len(content) > 12 && bytes.Equal(content[4:12], []byte("ftypavif")):
		return "image/avif"
	default:
		return ""
	}
}
