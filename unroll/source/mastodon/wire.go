package mastodon

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"unrollbot/unroll/source/fedi"
)

// The entities of the Mastodon API, as far as they are used
// (docs.joinmastodon.org, "API entities", November 2026). Dialects leave out
// fields, send null or other types; that is forgiven.

type (
	text   = fedi.String
	moment = fedi.Time
)

type status struct {
	ID        id      `json:"id"`
	URI       text    `json:"uri"`
	URL       text    `json:"url"`
	CreatedAt moment  `json:"created_at"`
	EditedAt  moment  `json:"edited_at"`
	Account   account `json:"account"`

	ParentID      id   `json:"in_reply_to_id"`
	ParentAccount id   `json:"in_reply_to_account_id"`
	Replies       *int `json:"replies_count"`

	Content    text   `json:"content"` // HTML
	Warning    text   `json:"spoiler_text"`
	Sensitive  bool   `json:"sensitive"`
	Visibility string `json:"visibility"`
	Language   text   `json:"language"`

	Mentions []mention    `json:"mentions"`
	Emojis   []emoji      `json:"emojis"`
	Media    []attachment `json:"media_attachments"`
	Poll     *poll        `json:"poll"`
	Card     *card        `json:"card"`

	// Statuses inside a status are decoded one level deep, when needed.
	Reblog  json.RawMessage `json:"reblog"`
	Quote   json.RawMessage `json:"quote"`
	Pleroma struct {
		Quote json.RawMessage `json:"quote"`
	} `json:"pleroma"`
}

type account struct {
	ID     id      `json:"id"`
	Acct   text    `json:"acct"`
	Name   text    `json:"display_name"`
	URL    text    `json:"url"`
	URI    text    `json:"uri"` // from Mastodon 4.2 on
	Avatar text    `json:"avatar"`
	Note   text    `json:"note"` // HTML
	Emojis []emoji `json:"emojis"`
}

type mention struct {
	ID  id   `json:"id"`
	URL text `json:"url"`
}

type emoji struct {
	Code   text `json:"shortcode"`
	URL    text `json:"url"`
	Static text `json:"static_url"`
}

type attachment struct {
	Type       string `json:"type"`
	URL        text   `json:"url"` // null while it is being processed
	PreviewURL text   `json:"preview_url"`
	RemoteURL  text   `json:"remote_url"`
	Alt        text   `json:"description"`
	Meta       struct {
		Original struct {
			Width    float64 `json:"width"`
			Height   float64 `json:"height"`
			Duration float64 `json:"duration"` // in seconds
		} `json:"original"`
	} `json:"meta"`
}

type poll struct {
	Options []struct {
		Title text `json:"title"`
		Votes *int `json:"votes_count"` // null while the result is hidden
	} `json:"options"`
	Votes    int    `json:"votes_count"`
	Voters   *int   `json:"voters_count"`
	Multiple bool   `json:"multiple"`
	EndsAt   moment `json:"expires_at"`
}

type card struct {
	URL         text `json:"url"`
	Title       text `json:"title"`
	Description text `json:"description"`
	Image       text `json:"image"`
	ImageAlt    text `json:"image_description"`
}

// quote is Mastodon's own form. Akkoma and Pleroma send the quoted status in
// its place.
type quote struct {
	State  string          `json:"state"`
	Status json.RawMessage `json:"quoted_status"`
}

// contextBody is the answer to …/context.
type contextBody struct {
	Ancestors   json.RawMessage `json:"ancestors"`
	Descendants json.RawMessage `json:"descendants"`
}

type searchBody struct {
	Statuses json.RawMessage `json:"statuses"`
}

// statuses calls do for each status of a list, holding one at a time. It
// gives the length of the list.
func statuses(raw json.RawMessage, do func(*status)) int {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return 0
	}
	n := 0
	for ; dec.More(); n++ {
		st := new(status)
		err := dec.Decode(st)
		if odd := new(json.UnmarshalTypeError); err != nil && !errors.As(err, &odd) {
			break
		}
		do(st)
	}
	return n
}

// id is an id: a string, a number in some old dialects.
type id string

func (i *id) UnmarshalJSON(raw []byte) error {
	*i = ""
	if s := string(bytes.Trim(raw, `"`)); safeID(s) && s != "null" {
		*i = id(s)
	}
	return nil
}

// safeID tells whether s may be a part of a path: letters, digits and - . _ ~
// as [unroll.Post.ID] wants them.
func safeID(s string) bool {
	if s == "" || len(s) > maxID || s == "." || s == ".." {
		return false
	}
	for i := range len(s) {
		if !fedi.IsAlnum(s[i]) && strings.IndexByte("-._~", s[i]) < 0 {
			return false
		}
	}
	return true
}

// maxID bounds ids, in bytes. The longest in use, snac's, have 42.
const maxID = 128
