package unroll

import "context"

// Held tells whether Unroll can answer for ref from the store, at the price of
// one look there. Nobody is asked for it: a short link is not held.
func (s *Service) Held(ctx context.Context, ref Ref) bool {
	if ref.Network == Short {
		return false
	}
	e, held := s.load(ctx, ref)
	return held && (e.Thread != nil || s.cfg.Now().Before(e.FreshUntil))
}
