package fxtwitter

import "encoding/json"

// The JSON of FxTwitter's API v2, as far as we keep it. Its OpenAPI document
// (docs/specs/fxtwitter-openapi.json, August 2026) is right about names and
// wrong about ranges: see package xpost.

// envelope answers /2/thread/{id}. A thread of null means that the service
// could not find out, not that there is none.
type envelope struct {
	Code    int       `json:"code"`
	Status  *status   `json:"status"`
	Thread  []*status `json:"thread"`
	Message string    `json:"message"` // of an unknown route or a malformed id
}

// status is a post, or a tombstone where one is missing.
type status struct {
	Type   string `json:"type"` // status, tombstone
	ID     string `json:"id"`   // a tombstone may lack it
	Reason string `json:"reason"`

	Text    string  `json:"text"` // unescaped, links expanded; without ranges
	RawText rawText `json:"raw_text"`
	Author  author  `json:"author"`

	Replies    *int     `json:"replies"`
	ReplyingTo *replyTo `json:"replying_to"`

	CreatedTimestamp float64 `json:"created_timestamp"` // Unix seconds
	Sensitive        bool    `json:"possibly_sensitive"`
	Lang             string  `json:"lang"`

	Media   mediaSet        `json:"media"`
	Poll    *poll           `json:"poll"`
	Quote   *status         `json:"quote"`
	Card    *card           `json:"card"`
	Article json.RawMessage `json:"article"` // see article.go
}

func (s *status) isGap() bool { return s.Type == "tombstone" }

type rawText struct {
	Text         string  `json:"text"` // HTML-escaped, short links as they are
	DisplayRange []int   `json:"display_text_range"`
	Facets       []facet `json:"facets"`
}

type facet struct {
	Type        string `json:"type"`
	Indices     []int  `json:"indices"`
	Original    string `json:"original"`
	Display     string `json:"display"`
	Replacement string `json:"replacement"`
}

type author struct {
	ID         string `json:"id"`
	ScreenName string `json:"screen_name"`
	Name       string `json:"name"`
	AvatarURL  string `json:"avatar_url"`
}

type replyTo struct {
	ScreenName string `json:"screen_name"`
	Status     string `json:"status"`
}

type mediaSet struct {
	All      []media   `json:"all"`
	External *external `json:"external"`
}

type media struct {
	Type      string   `json:"type"` // photo, video, gif
	URL       string   `json:"url"`
	Thumbnail string   `json:"thumbnail_url"`
	AltText   string   `json:"altText"` // the one name in camel case; photos only
	Width     int      `json:"width"`
	Height    int      `json:"height"`
	Duration  float64  `json:"duration"` // seconds
	Formats   []format `json:"formats"`
}

type format struct {
	URL       string `json:"url"`
	Bitrate   int    `json:"bitrate"`   // bits per second
	Container string `json:"container"` // mp4, webm, m3u8
}

// external is a player of another site.
type external struct {
	URL       string `json:"url"`
	Thumbnail string `json:"thumbnail_url"`
}

type poll struct {
	Choices []struct {
		Label string `json:"label"`
		Count int    `json:"count"`
	} `json:"choices"`
	TotalVotes int    `json:"total_votes"`
	EndsAt     string `json:"ends_at"`
}

type card struct {
	URL         string `json:"url"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Image       struct {
		URL string `json:"url"`
		Alt string `json:"alt"`
	} `json:"image"`
}
