package bluesky

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"unrollbot/bot/mention"
)

const profileType = "app.bsky.actor.profile"

type selfLabels struct {
	Type   string  `json:"$type"`
	Values []label `json:"values"`
}

// introduce labels the account as a bot's, once in a run. All else in its
// profile stays as it is.
func (a *Adapter) introduce(ctx context.Context) {
	if a.cfg.Unlabelled || a.introduced {
		return
	}
	switch err := a.label(ctx); {
	case err == nil:
		a.introduced = true
	case mention.Refusal(err).Final():
		a.introduced = true
		fallthrough
	default:
		a.log.Warn("the account cannot be labelled as a bot's", "err", err)
	}
}

func (a *Adapter) label(ctx context.Context) error {
	me, err := a.session.whoami(ctx)
	if err != nil {
		return err
	}
	var got struct {
		CID   string                     `json:"cid"`
		Value map[string]json.RawMessage `json:"value"`
	}
	query := url.Values{"repo": {me}, "collection": {profileType}, "rkey": {"self"}}
	err = a.session.call(ctx, mention.Call{Path: "/xrpc/com.atproto.repo.getRecord", Query: query}, &got)
	if err != nil && mention.Refusal(err).Code != "RecordNotFound" {
		return err
	}
	var swap any // null: nothing stands there
	if got.CID != "" {
		swap = got.CID
	}
	if got.Value == nil {
		got.Value = map[string]json.RawMessage{"$type": json.RawMessage(`"` + profileType + `"`)}
	}
	labels := selfLabels{Type: "com.atproto.label.defs#selfLabels"}
	if old := got.Value["labels"]; old != nil {
		if err := json.Unmarshal(old, &labels); err != nil {
			return err // somebody else's form; not ours to overwrite
		}
	}
	if slices.Contains(labels.Values, label{Val: "bot"}) {
		return nil
	}
	labels.Values = append(labels.Values, label{Val: "bot"})
	if got.Value["labels"], err = json.Marshal(labels); err != nil {
		return err
	}
	return a.session.call(ctx, mention.Call{
		Method: http.MethodPost, Path: "/xrpc/com.atproto.repo.putRecord",
		Body: map[string]any{"repo": me, "collection": profileType, "rkey": "self", "swapRecord": swap, "record": got.Value},
	}, nil)
}
