package mastodon

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
	ID         string `json:"id"`
	Acct       string `json:"acct"` // of its author
	Visibility string `json:"visibility"`
}

// Note implements [mention.Recaller].
func (a *Adapter) Note(m *mention.Mention) ([]byte, error) {
	s := m.Post.(*status)
	return json.Marshal(note{s.ID, s.Account.Acct, s.Visibility})
}

// Recalled implements [mention.Recaller].
func (a *Adapter) Recalled(data []byte) (*mention.Mention, error) {
	var kept note
	if err := json.Unmarshal(data, &kept); err != nil {
		return nil, err
	}
	if kept.ID == "" || kept.Acct == "" {
		return nil, errors.New("no address of a post")
	}
	s := &status{ID: kept.ID, Visibility: kept.Visibility, Account: account{Acct: kept.Acct}}
	return &mention.Mention{ID: s.ID, Post: s}, nil
}

// Recall implements [bot.Recaller].
func (a *Adapter) Recall(ctx context.Context, req bot.Request, address []byte) (bot.Responder, error) {
	return a.desk.Recall(ctx, req, address)
}
