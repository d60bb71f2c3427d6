package unroll

import "context"

// Held tells whether Unroll can answer for ref from the store, at the price of
// one look there. Nobody is asked for it: a short link is not held.
func (s *Service) Held(ctx context.Context, ref Ref) bool {
	if ref.Network == Short {
		return false
	}
	e := s.load(ctx, ref)
	return e.Thread != nil || e.Failure != nil && s.cfg.Now().Before(e.FreshUntil)
}
