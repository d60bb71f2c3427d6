package mastodon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"unrollbot/bot/mention"
)

// linkSize is what a link counts at least, in code points, whatever its
// length (docs.joinmastodon.org, "Posting to your profile", July 2026).
const linkSize = 23

// draft is a post to be made.
type draft struct {
	Status      string `json:"status"`
	InReplyTo   string `json:"in_reply_to_id"`
	Visibility  string `json:"visibility"`
	ContentType string `json:"content_type"` // of GoToSocial; others ignore it
}

// compose makes the post that answers s.
func compose(s *status, a *mention.Answer, server instance) draft {
	to := "@" + s.Account.Acct + " "
	extra := utf8.RuneCountInString(to) + max(0, linkSize-utf8.RuneCountInString(a.Link))
	inert := *a
	inert.Words = mention.Inert(a.Words)
	d := draft{
		Status:    to + inert.Fit(max(server.MaxChars-extra, 0), utf8.RuneCountInString, a.Link),
		InReplyTo: s.ID, Visibility: "unlisted", ContentType: "text/plain",
	}
	if s.Visibility != "public" && s.Visibility != "unlisted" {
		d.Visibility = "direct" // what was asked among few is answered to who asked
	}
	return d
}

// Post implements [mention.Network]. Mastodon knows the second post with one
// Idempotency-Key as the first, for an hour; GoToSocial does not. So where an
// answer may stand already, it is looked for.
func (a *Adapter) Post(ctx context.Context, m *mention.Mention, ans *mention.Answer, again bool) error {
	s := m.Post.(*status)
	me, server, err := a.known(ctx)
	if err != nil {
		return err
	}
	if again {
		stands, err := a.answered(ctx, s, me, ans)
		if err != nil || stands {
			return err
		}
	}
	key := sha256.Sum256([]byte(strings.TrimRight(me.ID+" answers "+s.ID+" "+ans.News, " ")))
	return a.call(ctx, mention.Call{
		Method: http.MethodPost, Path: "/api/v1/statuses",
		Header: http.Header{"Idempotency-Key": {hex.EncodeToString(key[:16])}},
		Body:   compose(s, ans, server),
	}, nil)
}

// answered looks for an answer among the bot's replies to a mention: for news
// that which links to them, else any:
// no news comes before it.
func (a *Adapter) answered(ctx context.Context, s *status, me account, ans *mention.Answer) (bool, error) {
	var around struct {
		Descendants []struct {
			InReplyTo string  `json:"in_reply_to_id"`
			Account   account `json:"account"`
			Content   string  `json:"content"`
		} `json:"descendants"`
	}
	if err := a.call(ctx, mention.Call{Path: "/api/v1/statuses/" + escape(s.ID) + "/context"}, &around); err != nil {
		return false, err
	}
	for _, d := range around.Descendants {
		if d.InReplyTo != s.ID || d.Account.ID != me.ID {
			continue
		}
		if ans.News == "" || slices.Contains(readContent(d.Content, nil, me).links, ans.Link) {
			return true, nil
		}
	}
	return false, nil
}

// Like implements [mention.Network].
func (a *Adapter) Like(ctx context.Context, m *mention.Mention) error {
	return a.call(ctx, mention.Call{Method: http.MethodPost, Path: "/api/v1/statuses/" + escape(m.ID) + "/favourite"}, nil)
}

// escape makes one segment of a path of an id.
func escape(id string) string { return url.PathEscape(id) }
