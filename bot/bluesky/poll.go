package bluesky

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"time"

	"unrollbot/bot/mention"
)

const (
	// lookBack is how far behind the cursor is read. The server sorts
	// notifications by the time that the author's software claims, so that
	// one may appear behind those already read.
	lookBack = time.Hour
	// pageSize is the most that listNotifications gives (its lexicon, 2026-08).
	pageSize = "100"
	maxPages = 50
)

// Poll implements [mention.Network]. The cursor is the time of a notification.
func (a *Adapter) Poll(ctx context.Context, cursor string) ([]*mention.Mention, string, error) {
	me, err := a.session.whoami(ctx)
	if err != nil {
		return nil, "", err
	}
	a.introduce(ctx)
	base, err := time.Parse(cursorForm, cursor)
	if err != nil {
		base = time.Now() // the first start, or a cursor of another making
	}
	from := base.Add(-lookBack)
	query := url.Values{"reasons": {"mention", "reply", "quote"}, "limit": {pageSize}}
	var out []*mention.Mention
	for range maxPages {
		var p page
		if err := a.session.call(ctx, mention.Call{Path: "/xrpc/app.bsky.notification.listNotifications", Query: query}, &p); err != nil {
			return nil, "", err
		}
		older := false
		for _, raw := range p.Notifications {
			m, ok := decode(raw, me)
			switch {
			case !ok:
			case m.At.Before(from):
				older = true
			default:
				out = append(out, m)
			}
		}
		if older || p.Cursor == "" || len(p.Notifications) == 0 {
			break
		}
		query.Set("cursor", p.Cursor)
	}
	slices.SortStableFunc(out, func(x, y *mention.Mention) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.ID, y.ID))
	})
	out = slices.CompactFunc(out, func(x, y *mention.Mention) bool { return x.ID == y.ID })
	return out, base.UTC().Format(cursorForm), nil
}
