package misskey

import (
	"encoding/json"
	"errors"
	"strings"

	"unrollbot/unroll/source/fedi"
)

// The objects of Misskey's API, as far as they are used. No live server was at
// hand when this was written. Forks leave out fields or send null; that is
// forgiven.

type (
	text   = fedi.String
	moment = fedi.Time
)

type note struct {
	ID         id     `json:"id"`
	CreatedAt  moment `json:"createdAt"`
	UpdatedAt  moment `json:"updatedAt"` // of forks whose notes can be edited
	Text       text   `json:"text"`      // MFM
	Warning    text   `json:"cw"`
	User       user   `json:"user"`
	Visibility string `json:"visibility"`
	Hidden     bool   `json:"isHidden"`
	ReplyID    id     `json:"replyId"`
	RenoteID   id     `json:"renoteId"`
	Replies    *int   `json:"repliesCount"`
	URI        text   `json:"uri"` // of a note that came from another server
	URL        text   `json:"url"`
	Files      []file `json:"files"`
	Poll       *poll  `json:"poll"`

	// Decoded one level deep, when needed.
	Renote json.RawMessage `json:"renote"`
}

type user struct {
	ID       id   `json:"id"`
	Username text `json:"username"`
	Host     text `json:"host"` // null for the server's own
	Name     text `json:"name"`
	Avatar   text `json:"avatarUrl"`
}

// profile is what a user tells of themselves: users/show.
type profile struct {
	ID          id   `json:"id"`
	Description text `json:"description"` // MFM
}

type file struct {
	Type       string `json:"type"` // media type
	Name       text   `json:"name"`
	URL        text   `json:"url"`
	Thumbnail  text   `json:"thumbnailUrl"`
	Comment    text   `json:"comment"`
	Sensitive  bool   `json:"isSensitive"`
	Properties struct {
		Width  float64 `json:"width"`
		Height float64 `json:"height"`
	} `json:"properties"`
}

type poll struct {
	Choices []struct {
		Text  text `json:"text"`
		Votes *int `json:"votes"`
	} `json:"choices"`
	Multiple  bool   `json:"multiple"`
	ExpiresAt moment `json:"expiresAt"`
}

// refusal is the body of an answer that is an error.
type refusal struct {
	Error struct {
		Code text `json:"code"`
	} `json:"error"`
}

// list decodes a list of notes. It fails on what is no list.
func list(raw []byte) ([]*note, error) {
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	if all == nil {
		return nil, errors.New("no list of notes")
	}
	notes := make([]*note, 0, len(all))
	for _, one := range all {
		n := new(note)
		if fedi.Decode(one, n) != nil {
			n = new(note)
		}
		notes = append(notes, n)
	}
	return notes, nil
}

// inner is the note inside another's field, nil if there is none to read.
func inner(raw json.RawMessage) *note {
	n := new(note)
	if len(raw) == 0 || fedi.Decode(raw, n) != nil || n.ID == "" {
		return nil
	}
	return n
}

// id is a note's or user's id. What could not stand in a path is none.
type id string

// maxID bounds ids, in bytes; the longest known form has 26.
const maxID = 64

func (i *id) UnmarshalJSON(raw []byte) error {
	*i = ""
	var s string
	if json.Unmarshal(raw, &s) == nil && len(s) <= maxID && strings.IndexFunc(s, notAlnum) < 0 {
		*i = id(s)
	}
	return nil
}

func notAlnum(r rune) bool { return !fedi.IsAlnum(r) }
