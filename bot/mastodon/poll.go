package mastodon

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"unrollbot/bot/mention"
)

const (
	// pageSize is below what every server gives: Mastodon 80, GoToSocial 80.
	pageSize = "40"
	maxPages = 25
	// firstLook is how far back the first start looks.
	firstLook = time.Hour
	// origin is before every notification.
	origin = "0"
)

// Poll implements [mention.Network]. The cursor is the id of a notification.
func (a *Adapter) Poll(ctx context.Context, cursor string) ([]*mention.Mention, string, error) {
	me, _, err := a.known(ctx)
	if err != nil {
		return nil, "", err
	}
	if cursor == "" {
		if cursor, err = a.start(ctx); err != nil {
			return nil, "", err
		}
	}
	var out []*mention.Mention
	at := cursor
	for range maxPages {
		page, err := a.page(ctx, "min_id", at)
		if err != nil {
			return nil, "", err
		}
		next := at
		slices.Reverse(page) // it comes newest first
		for _, raw := range page {
			m, id, ok := a.decode(raw, me)
			if id != "" {
				next = id
			}
			if ok && !slices.ContainsFunc(out, func(o *mention.Mention) bool { return o.ID == m.ID }) {
				out = append(out, m)
			}
		}
		if next == at {
			break
		}
		at = next
	}
	return out, cursor, nil
}

// start finds where to begin: before the mentions of the last hour.
func (a *Adapter) start(ctx context.Context) (string, error) {
	since := time.Now().Add(-firstLook)
	oldest := ""
	for range maxPages {
		page, err := a.page(ctx, "max_id", oldest)
		if err != nil {
			return "", err
		}
		before := oldest
		for _, raw := range page {
			var n notification
			if json.Unmarshal(raw, &n) != nil || n.ID == "" {
				continue
			}
			if n.CreatedAt.Before(since) {
				return n.ID, nil
			}
			oldest = n.ID
		}
		if oldest == before {
			break
		}
	}
	return origin, nil
}

// page gives notifications of mentions on one side of id, newest first.
func (a *Adapter) page(ctx context.Context, side, id string) (page []json.RawMessage, err error) {
	query := url.Values{"types[]": {"mention"}, "limit": {pageSize}}
	if id != "" {
		query.Set(side, id)
	}
	err = a.call(ctx, mention.Call{Path: "/api/v1/notifications", Query: query}, &page)
	return page, err
}
