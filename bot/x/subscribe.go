package x

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"unrollbot/bot/mention"
)

const (
	// mentionEvent comes when somebody writes the bot's name into a post, not
	// when the name merely came along with a reply.
	mentionEvent = "post.mention.create"

	subscriptions = "/2/activity/subscriptions"
	// maxSubscriptionPages holds the 1,500 that an app may have (docs.x.com,
	// "X Activity API", August 2026).
	maxSubscriptionPages = 20
)

// subscribe sees to it that the stream tells of mentions. The subscription
// outlives the program. It is made with the account's keys, because mentions
// count as private, and listed with the app's token, as the stream is.
func (l *listener) subscribe(ctx context.Context) (err error) {
	if l.subscribed {
		return nil
	}
	if l.subscribed, err = l.a.subscribed(ctx); err != nil || l.subscribed {
		return err
	}
	if !l.created {
		want := subscription{Type: mentionEvent, Tag: "unrollbot"}
		want.Filter.User = l.a.cfg.UserID
		if err := l.a.call(ctx, mention.Call{Method: http.MethodPost, Path: subscriptions, Body: want}, nil); err != nil {
			return err
		}
		l.created = true
	}
	if l.subscribed, err = l.a.subscribed(ctx); err != nil || l.subscribed {
		return err
	}
	return errors.New("x: the subscription does not show: the bearer token may be of another app than the keys")
}

// subscribed tells whether the stream tells of the account's mentions.
func (a *Adapter) subscribed(ctx context.Context) (bool, error) {
	query := url.Values{"max_results": {maxResults}}
	for range maxSubscriptionPages {
		var p struct {
			Data []subscription `json:"data"`
			Meta struct {
				Next string `json:"next_token"`
			} `json:"meta"`
		}
		if err := a.client.Do(ctx, a.asApp(mention.Call{Path: subscriptions, Query: query}), &p); err != nil {
			return false, err
		}
		for _, s := range p.Data {
			// One with a webhook is delivered there, "in addition to the
			// stream if it is open".
			if s.Type == mentionEvent && s.Filter.User == a.cfg.UserID {
				return true, nil
			}
		}
		if p.Meta.Next == "" {
			return false, nil
		}
		query.Set("pagination_token", p.Meta.Next)
	}
	return false, nil
}
