package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strings"

	"unrollbot/unroll"
)

// allow takes one event of what from the address that r comes from. A
// limiter that fails stops nobody.
func (s *Server) allow(r *http.Request, what string, l unroll.Limit) error {
	key := "web:" + what + ":" + hashed(s.address(r))
	wait, err := s.store.Allow(r.Context(), key, l)
	if err != nil {
		if r.Context().Err() == nil {
			s.cfg.Log.Warn("limiter cannot be asked", "err", err)
		}
		return context.Cause(r.Context())
	}
	if wait > 0 {
		return &unroll.Error{Kind: unroll.KindRateLimited, Op: "web: " + what, RetryAfter: wait, Err: errVisitor}
	}
	return nil
}

// address is where r comes from: the peer, or whom a trusted proxy names.
func (s *Server) address(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap()
	}
	return addr
}

func (s *Server) trusted(addr netip.Addr) bool {
	if addr.IsLoopback() {
		return true
	}
	for _, p := range s.cfg.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// hashed names an address without telling it. Whoever has an IPv6 address
// has the 2^64 around it too (RFC 4291, 2.5.4), so those count as one.
func hashed(addr netip.Addr) string {
	if addr.Is6() {
		if p, err := addr.WithZone("").Prefix(64); err == nil {
			addr = p.Addr()
		}
	}
	sum := sha256.Sum256(addr.AsSlice())
	return hex.EncodeToString(sum[:12])
}
