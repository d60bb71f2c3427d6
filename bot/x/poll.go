package x

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"unrollbot/bot/mention"
)

const (
	maxResults = "100" // the most of one page (OpenAPI 2.167)
	maxPages   = 8     // X gives the newest 800 mentions
	firstLook  = time.Hour
)

// dialect is how X names the parameters: it renamed tweets to posts in
// August 2026, and does not say when the old names end.
type dialect struct{ param, fields string }

func dialects() []dialect {
	const common = "author_id,conversation_id,created_at,display_text_range,entities,in_reply_to_user_id,lang,"
	return []dialect{{"tweet.fields", common + "referenced_tweets"}, {"post.fields", common + "referenced_posts"}}
}

// Poll implements [mention.Network]. The cursor is the id of a post. X is
// asked once in an interval, however often the stream rings in between.
func (a *Adapter) Poll(ctx context.Context, cursor string) ([]*mention.Mention, string, error) {
	now := time.Now()
	query := url.Values{"max_results": {maxResults}}
	if isID(cursor) {
		query.Set("since_id", cursor)
	} else {
		cursor = firstID(now.Add(-firstLook))
		query.Set("start_time", now.Add(-firstLook).UTC().Format(time.RFC3339))
	}
	if a.listDue(now) {
		if err := a.list(ctx, query, now); err != nil {
			return nil, "", err
		}
	}
	return a.batch(cursor, now), cursor, nil
}

// list asks X for mentions, and remembers them.
func (a *Adapter) list(ctx context.Context, query url.Values, now time.Time) error {
	if err := a.purse.bearReading(ctx, priceRead, now); err != nil {
		return err
	}
	var out []*mention.Mention
	for range maxPages {
		p, err := a.page(ctx, "/2/users/"+a.cfg.UserID+"/mentions", query)
		if err != nil {
			return refusedKeys(err)
		}
		fresh := 0
		for _, raw := range p.Data {
			if m, ok := decode(raw, a.cfg.UserID); ok {
				out = append(out, m)
			}
			fresh += a.unpaid(raw, now)
		}
		if fresh > 0 {
			if err := a.purse.pay(ctx, money(fresh)*priceRead, now); err != nil {
				return err
			}
		}
		if p.Meta.Next == "" {
			break
		}
		query.Set("pagination_token", p.Meta.Next)
	}
	a.listed(out, now)
	return nil
}

// unpaid is 1 for a post that was neither listed before in this life nor
// heard on the same day: X charges for a post once in a day.
func (a *Adapter) unpaid(raw json.RawMessage, now time.Time) int {
	var p struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &p) != nil {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if h, ok := a.heard[p.ID]; ok && day(h.at).Equal(day(now)) {
		return 0
	}
	if compareIDs(p.ID, a.newest) > 0 {
		return 1
	}
	return 0
}

// page gets a page of posts, in whichever dialect X understands.
func (a *Adapter) page(ctx context.Context, path string, query url.Values) (p page, err error) {
	all := dialects()
	for range all {
		a.mu.Lock()
		d := all[a.names]
		a.mu.Unlock()
		q := make(url.Values, len(query)+1)
		for k, v := range query {
			q[k] = v
		}
		q.Set(d.param, d.fields)
		err = a.call(ctx, mention.Call{Path: path, Query: q}, &p)
		if mention.Refusal(err).Status != http.StatusBadRequest {
			return p, err
		}
		a.mu.Lock()
		a.names = (a.names + 1) % len(all)
		a.mu.Unlock()
	}
	return p, err
}

func refusedKeys(err error) error {
	switch mention.Refusal(err).Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return mention.Fatal(fmt.Errorf("x refuses the keys: check them, the app's permission to read and write, and this machine's clock: %w", err))
	default:
		return err
	}
}

// firstID is the least id that a post of that time can have: milliseconds
// since 2010-11-04T01:42:54.657Z, shifted by 22 bits.
func firstID(at time.Time) string {
	const epoch = 1_288_834_974_657
	return fmt.Sprint(max(at.UnixMilli()-epoch, 0) << 22)
}
