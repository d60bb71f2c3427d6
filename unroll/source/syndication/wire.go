package syndication

import "encoding/json"

// The JSON of /tweet-result, as far as we keep it. Nobody documents it; names
// are those of public clients and of recorded answers (June 2026).

// tweet is a post, a tombstone, or nothing: {} means that there is no such
// post.
type tweet struct {
	Type string `json:"__typename"` // Tweet, TweetTombstone; none in parent and quoted_tweet

	ID           string   `json:"id_str"`
	Text         string   `json:"text"` // HTML-escaped; only the beginning when there is a note
	DisplayRange []int    `json:"display_text_range"`
	Entities     entities `json:"entities"`
	User         user     `json:"user"`
	CreatedAt    string   `json:"created_at"` // RFC 3339
	Lang         string   `json:"lang"`
	Sensitive    bool     `json:"possibly_sensitive"`

	ReplyTo     string `json:"in_reply_to_status_id_str"`
	ReplyToUser string `json:"in_reply_to_user_id_str"`
	Replies     *int   `json:"conversation_count"` // of the post asked for
	ReplyCount  *int   `json:"reply_count"`        // of a parent
	SelfThread  idOnly `json:"self_thread"`        // root of the author's thread

	Parent *tweet          `json:"parent"` // one level
	Quote  *tweet          `json:"quoted_tweet"`
	Media  []media         `json:"mediaDetails"`
	Card   *card           `json:"card"`
	Note   json.RawMessage `json:"note_tweet"` // an id and no text

	Edits struct {
		IDs []string `json:"edit_tweet_ids"` // oldest first
	} `json:"edit_control"`

	Tombstone struct {
		Text struct {
			Text string `json:"text"`
		} `json:"text"`
	} `json:"tombstone"`
}

type idOnly struct {
	ID string `json:"id_str"`
}

type user struct {
	ID         string `json:"id_str"`
	Name       string `json:"name"`
	ScreenName string `json:"screen_name"`
	AvatarURL  string `json:"profile_image_url_https"`
}

type entities struct {
	URLs     []urlEntity `json:"urls"`
	Media    []urlEntity `json:"media"`
	Mentions []struct {
		ScreenName string `json:"screen_name"`
		Indices    []int  `json:"indices"`
	} `json:"user_mentions"`
	Hashtags []tagEntity `json:"hashtags"`
	Symbols  []tagEntity `json:"symbols"`
}

type urlEntity struct {
	URL         string `json:"url"`
	ExpandedURL string `json:"expanded_url"`
	DisplayURL  string `json:"display_url"`
	Indices     []int  `json:"indices"`
}

type tagEntity struct {
	Text    string `json:"text"`
	Indices []int  `json:"indices"`
}

type media struct {
	Type     string `json:"type"` // photo, video, animated_gif
	URL      string `json:"media_url_https"`
	AltText  string `json:"ext_alt_text"`
	Original struct {
		Width  int `json:"width"`
		Height int `json:"height"`
	} `json:"original_info"`
	Video struct {
		Millis   int64 `json:"duration_millis"`
		Variants []struct {
			URL     string `json:"url"`
			Type    string `json:"content_type"`
			Bitrate int    `json:"bitrate"` // bits per second
		} `json:"variants"`
	} `json:"video_info"`
}

type card struct {
	Name   string             `json:"name"`
	URL    string             `json:"url"`
	Values map[string]binding `json:"binding_values"`
}

type binding struct {
	String string `json:"string_value"`
	Image  struct {
		URL string `json:"url"`
		Alt string `json:"alt"`
	} `json:"image_value"`
}
