package bluesky

import (
	"context"
	"encoding/json"
	"errors"

	"unrollbot/bot"
	"unrollbot/bot/mention"
)

var (
	_ bot.Recaller     = (*Adapter)(nil)
	_ mention.Recaller = (*Adapter)(nil)
)

// note is what is kept of a mention to answer it again.
type note struct {
	Post strong  `json:"post"`
	Root *strong `json:"root,omitempty"` // where the post is a reply
}

// Note implements [mention.Recaller].
func (a *Adapter) Note(m *mention.Mention) ([]byte, error) {
	n := m.Post.(*notification)
	kept := note{Post: strong{n.URI, n.CID}}
	if up := n.Record.Reply; up != nil {
		kept.Root = &up.Root
	}
	return json.Marshal(kept)
}

// Recalled implements [mention.Recaller].
func (a *Adapter) Recalled(data []byte) (*mention.Mention, error) {
	var kept note
	if err := json.Unmarshal(data, &kept); err != nil {
		return nil, err
	}
	if _, _, ok := splitURI(kept.Post.URI); !ok {
		return nil, errors.New("no address of a post")
	}
	n := &notification{URI: kept.Post.URI, CID: kept.Post.CID}
	if kept.Root != nil {
		n.Record.Reply = &reply{Root: *kept.Root}
	}
	return &mention.Mention{ID: n.URI, Post: n}, nil
}

// Recall implements [bot.Recaller].
func (a *Adapter) Recall(ctx context.Context, req bot.Request, address []byte) (bot.Responder, error) {
	return a.desk.Recall(ctx, req, address)
}
