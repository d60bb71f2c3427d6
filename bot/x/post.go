package x

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"unrollbot/bot/mention"
)

const (
	maxWeight = 280 // of a post
	// linkWeight is a link's, whatever its length.
	linkWeight = 23
	// settled is how long after a post X's lists surely hold it.
	settled  = time.Minute
	claimFor = 14 * 24 * time.Hour
)

// draft is a post to be made.
type draft struct {
	Text  string `json:"text"`
	Reply struct {
		To string `json:"in_reply_to_tweet_id"`
	} `json:"reply"`
}

// compose makes the post that answers m, and tells what it costs.
func (a *Adapter) compose(m *mention.Mention, ans *mention.Answer) (draft, money) {
	var d draft
	d.Reply.To = m.ID
	price, tail, most := priceReply, "", maxWeight
	inert := *ans
	inert.Words = mention.Inert(ans.Words)
	switch {
	case ans.Link == "" && !strings.Contains(ans.Text, "://"):
	case ans.Link == "" && a.cfg.NoLink:
		inert.Text = mention.Inert(ans.Text)
	case ans.Link == "":
		price = priceLink
	case a.cfg.NoLink:
		if u, err := url.Parse(ans.Link); err == nil {
			tail = a.phrases.Text(m.Locale, "mention_page", map[string]any{"Page": u.Path})
		}
	default:
		price, tail = priceLink, ans.Link
		most += weight(ans.Link) - linkWeight
	}
	d.Text = inert.Fit(most, weight, tail)
	return d, price
}

// weight is a text's length as X counts it, links aside: 1 for the code
// points of most alphabets, 2 for all others (twitter-text, configuration 3).
func weight(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r <= 4351, r >= 8192 && r <= 8205, r >= 8208 && r <= 8223, r >= 8242 && r <= 8247:
			n++
		default:
			n += 2
		}
	}
	return n
}

// Post implements [mention.Network]. Whether an answer may stand already is
// told by the claim, not by the hint: another process may have left it.
func (a *Adapter) Post(ctx context.Context, m *mention.Mention, ans *mention.Answer, _ bool) error {
	d, price := a.compose(m, ans)
	if err := a.purse.bear(ctx, price, time.Now()); err != nil {
		return err
	}
	stands, err := a.claimed(ctx, m)
	if err != nil || stands {
		return err
	}
	first, err := a.firstToSay(ctx, m, d.Text)
	if err != nil {
		return err
	}
	if !first {
		d, _ = a.compose(m, dated(m, ans))
	}
	if err := a.purse.spend(ctx, price, time.Now()); err != nil {
		return err
	}
	err = a.call(ctx, mention.Call{Method: http.MethodPost, Path: "/2/tweets", Body: d}, nil)
	if first && isTwin(err) {
		return a.twin(ctx, d.Text, err)
	}
	return err
}

// X refuses a text that it holds for one that was posted before, whomever it
// answers. So what was said to somebody else is said with a date.

func saidKey(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "mention:x:said:" + hex.EncodeToString(sum[:16])
}

// firstToSay tells whether the text was said to nobody but m.
func (a *Adapter) firstToSay(ctx context.Context, m *mention.Mention, text string) (bool, error) {
	first, err := a.values.Claim(ctx, saidKey(text), claimFor)
	if err != nil {
		return false, err
	}
	if first {
		return true, a.values.SetValue(ctx, saidKey(text), []byte(m.ID), claimFor)
	}
	holder, _, err := a.values.Value(ctx, saidKey(text))
	return string(holder) == m.ID, err
}

// isTwin knows X's refusal of a text by its words: it has no number (seen in
// February 2026).
func isTwin(err error) bool {
	e := mention.Refusal(err)
	return e.Status == http.StatusForbidden && strings.Contains(e.Message, "duplicate content")
}

// twin has the answer tried again with a date, after a while: should the twin
// be this very answer, then the claim finds it by that time.
func (a *Adapter) twin(ctx context.Context, text string, refused error) error {
	if err := a.values.SetValue(ctx, saidKey(text), []byte("somebody"), claimFor); err != nil {
		return err
	}
	e := mention.Refusal(refused)
	e.Status, e.Wait = http.StatusConflict, settled
	return &e
}

// dated is the answer with the time of its question, which no other has.
func dated(m *mention.Mention, ans *mention.Answer) *mention.Answer {
	out := *ans
	out.Text = m.At.UTC().Format(time.DateTime) + " UTC · " + out.Text
	return &out
}

// claimed claims m for a post. Where a claim stands, it looks whether the
// post does: X's lists may lag, so a young claim makes it wait.
func (a *Adapter) claimed(ctx context.Context, m *mention.Mention) (stands bool, err error) {
	key := "mention:x:claim:" + m.ID
	first, err := a.values.Claim(ctx, key, claimFor)
	if err != nil {
		return false, err
	}
	now := time.Now()
	text, ok, err := a.values.Value(ctx, key+":at")
	if err != nil {
		return false, err
	}
	if !first && ok {
		at, _ := strconv.ParseInt(string(text), 10, 64)
		if now.Sub(time.UnixMilli(at)) >= settled {
			if stands, err = a.answered(ctx, m); err != nil || stands {
				return stands, err
			}
			first = true // nothing came of it
		}
	}
	if first || !ok {
		if err := a.values.SetValue(ctx, key+":at", strconv.AppendInt(nil, now.UnixMilli(), 10), claimFor); err != nil {
			return false, err
		}
	}
	if !first {
		return false, &mention.APIError{Call: "claim", Status: http.StatusTooManyRequests, Code: "claimed", Message: "an earlier try is not settled", Wait: settled}
	}
	return false, nil
}

// answered looks for the reply to m among the bot's own posts.
func (a *Adapter) answered(ctx context.Context, m *mention.Mention) (bool, error) {
	query := url.Values{"max_results": {maxResults}, "since_id": {m.ID}}
	for range maxPages {
		p, err := a.page(ctx, "/2/users/"+a.cfg.UserID+"/tweets", query)
		if err != nil {
			return false, err
		}
		if err := a.purse.pay(ctx, money(len(p.Data))*priceRead, time.Now()); err != nil {
			return false, err
		}
		for _, raw := range p.Data {
			var own post
			if json.Unmarshal(raw, &own) == nil && own.refersTo("replied_to") == m.ID {
				return true, nil
			}
		}
		if p.Meta.Next == "" {
			break
		}
		query.Set("pagination_token", p.Meta.Next)
	}
	return false, nil
}
