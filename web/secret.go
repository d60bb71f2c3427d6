package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"unrollbot/unroll"
)

// signer signs with a secret that all processes with one store share. It is
// made when it is first needed.
type signer struct {
	values unroll.Values
	mu     sync.Mutex
	key    []byte
}

const (
	secretKey  = "web:secret"
	secretSize = 32 // bytes
	secretFor  = 10 * 365 * 24 * time.Hour
)

// sign returns the first n bytes of the signature of text. Signatures of one
// purpose are good for no other.
func (s *signer) sign(ctx context.Context, purpose, text string, n int) ([]byte, error) {
	key, err := s.secret(ctx)
	if err != nil {
		return nil, fmt.Errorf("web: secret: %w", err)
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(purpose + "\x00" + text))
	return h.Sum(nil)[:n], nil
}

func (s *signer) secret(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.key != nil {
		return s.key, nil
	}
	key, ok, err := s.values.Value(ctx, secretKey)
	if err == nil && !ok {
		key, err = s.make(ctx)
	}
	if err != nil {
		return nil, err
	}
	if len(key) != secretSize {
		return nil, errors.New("what is stored is none")
	}
	s.key = key
	return key, nil
}

// make makes the secret, unless another process does so at this moment.
func (s *signer) make(ctx context.Context) ([]byte, error) {
	first, err := s.values.Claim(ctx, secretKey+":made", time.Minute)
	if err != nil {
		return nil, err
	}
	if !first {
		key, ok, err := s.values.Value(ctx, secretKey)
		if err == nil && !ok {
			err = errors.New("another process is making it")
		}
		return key, err
	}
	key := make([]byte, secretSize)
	rand.Read(key)
	return key, s.values.SetValue(ctx, secretKey, key, secretFor)
}
