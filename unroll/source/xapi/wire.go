package xapi

import (
	"bytes"
	"encoding/json"
)

// The JSON of X API v2, as far as we keep it. Its names are in flux: the
// OpenAPI document of August 2026 (2.167) says "post" where the prose and
// recorded answers say "tweet". Both are read.

// answer is what every endpoint gives. Data and Errors may come together; a
// refusal is a problem, alone or in Errors.
type answer struct {
	Data     posts     `json:"data"`
	Includes includes  `json:"includes"`
	Errors   []problem `json:"errors"`
	Meta     struct {
		Next string `json:"next_token"`
	} `json:"meta"`
	problem
}

// posts is a list, or a single post where one was asked for by its path.
type posts []*post

func (p *posts) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte("{")) {
		var one post
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
		*p = posts{&one}
		return nil
	}
	return json.Unmarshal(raw, (*[]*post)(p))
}

type includes struct {
	Users  []user  `json:"users"`
	Media  []media `json:"media"`
	Polls  []poll  `json:"polls"`
	Tweets []*post `json:"tweets"`
	Posts  []*post `json:"posts"`
}

type post struct {
	ID             string `json:"id"`
	AuthorID       string `json:"author_id"`
	ConversationID string `json:"conversation_id"`
	InReplyTo      string `json:"in_reply_to_user_id"`
	CreatedAt      string `json:"created_at"`
	Lang           string `json:"lang"`
	Sensitive      bool   `json:"possibly_sensitive"`

	Text         string   `json:"text"` // escaped; of a long post only the beginning
	DisplayRange []int    `json:"display_text_range"`
	Entities     entities `json:"entities"`
	NoteTweet    *note    `json:"note_tweet"`
	NotePost     *note    `json:"note_post"`

	ReferencedTweets []reference `json:"referenced_tweets"`
	ReferencedPosts  []reference `json:"referenced_posts"`

	// All versions of an edited post, the current one last.
	EditHistoryTweets []string `json:"edit_history_tweet_ids"`
	EditHistoryPosts  []string `json:"edit_history_post_ids"`

	Attachments struct {
		MediaKeys []string `json:"media_keys"`
		PollIDs   []string `json:"poll_ids"`
	} `json:"attachments"`
	Metrics *struct {
		Replies *int `json:"reply_count"`
	} `json:"public_metrics"`
	Withheld *json.RawMessage `json:"withheld"` // what countries does not matter
	Article  *article         `json:"article"`
}

// note is the whole text of a long post.
type note struct {
	Text     string   `json:"text"`
	Entities entities `json:"entities"`
}

type reference struct {
	Type string `json:"type"` // replied_to, quoted, retweeted
	ID   string `json:"id"`
}

// Ranges of entities count code points of the escaped text; see package xpost.
type entities struct {
	URLs     []urlEntity `json:"urls"`
	Mentions []tag       `json:"mentions"`
	Hashtags []tag       `json:"hashtags"`
	Cashtags []tag       `json:"cashtags"`
}

type urlEntity struct {
	Start       int    `json:"start"`
	End         int    `json:"end"`
	URL         string `json:"url"`
	Expanded    string `json:"expanded_url"`
	Display     string `json:"display_url"`
	MediaKey    string `json:"media_key"` // set where it stands for a picture or video; one entity for each
	Title       string `json:"title"`
	Description string `json:"description"`
	Images      []struct {
		URL   string `json:"url"`
		Width int    `json:"width"`
	} `json:"images"`
}

type tag struct {
	Start    int    `json:"start"`
	End      int    `json:"end"`
	Username string `json:"username"` // of a mention, as is ID
	ID       string `json:"id"`
	Tag      string `json:"tag"`
}

// article is X's long form. Paragraphs of PlainText stand on lines of their
// own; its text is not escaped.
type article struct {
	Title     string   `json:"title"`
	PlainText string   `json:"plain_text"`
	Preview   string   `json:"preview_text"`
	Cover     string   `json:"cover_media"` // media keys
	Media     []string `json:"media_entities"`
}

type user struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Username string `json:"username"`
	Avatar   string `json:"profile_image_url"`
}

type media struct {
	Key      string  `json:"media_key"`
	Type     string  `json:"type"` // photo, video, animated_gif
	URL      string  `json:"url"`  // photos only
	Preview  string  `json:"preview_image_url"`
	Alt      string  `json:"alt_text"`
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Millis   float64 `json:"duration_ms"`
	Variants []struct {
		URL     string `json:"url"`
		Type    string `json:"content_type"`
		BitRate int    `json:"bit_rate"` // bits per second; playlists have none
	} `json:"variants"`
}

type poll struct {
	ID      string       `json:"id"`
	EndsAt  string       `json:"end_datetime"`
	Options []pollOption `json:"options"`
}

type pollOption struct {
	Position int    `json:"position"`
	Label    string `json:"label"`
	Votes    int    `json:"votes"`
}

// problem is an error about one resource, or about the whole request.
type problem struct {
	Title      string `json:"title"`
	Detail     string `json:"detail"`
	Type       string `json:"type"`          // https://api.x.com/2/problems/…, of older hosts too
	Resource   string `json:"resource_type"` // tweet, user, …
	ResourceID string `json:"resource_id"`
	Value      any    `json:"value"`   // as sent: mostly the same as ResourceID
	Message    string `json:"message"` // in the list of an invalid request
}

// note gives the long form under either name.
func (p *post) note() *note {
	if p.NoteTweet != nil {
		return p.NoteTweet
	}
	return p.NotePost
}

// refers gives the ID of the post that p refers to in a way.
func (p *post) refers(how string) string {
	for _, list := range [][]reference{p.ReferencedTweets, p.ReferencedPosts} {
		for _, r := range list {
			if r.Type == how {
				return r.ID
			}
		}
	}
	return ""
}

// versions gives the IDs of all versions of p, the current one last.
func (p *post) versions() []string {
	if len(p.EditHistoryTweets) > 0 {
		return p.EditHistoryTweets
	}
	return p.EditHistoryPosts
}
