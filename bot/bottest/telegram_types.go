package bottest

import (
	"encoding/json"
	"time"
)

// TelegramCall is a call that was answered.
type TelegramCall struct {
	Method string
	Params json.RawMessage // as JSON, whatever form they came in
	Status int             // 0 when the connection was dropped
	At     time.Time
}

// Get reads one parameter as text, "" when it is absent.
func (c TelegramCall) Get(name string) string {
	var p map[string]json.RawMessage
	_ = json.Unmarshal(c.Params, &p)
	var s string
	if json.Unmarshal(p[name], &s) == nil {
		return s
	}
	return string(p[name])
}

// TelegramFault is what goes wrong with a method's next calls.
type TelegramFault struct {
	Method string
	Times  int // how many calls; 0 means 1

	Status      int // of a refusal in the Bot API's form
	Description string
	RetryAfter  int   // seconds, with Status 429
	MigrateTo   int64 // with Status 400

	HTML bool // Status comes with a page instead, as from a gateway
	Drop bool // the connection ends without an answer
	// Applied lets the call take effect first, so that only its answer is lost.
	Applied bool
}

// TelegramUser is who writes. The zero value is an ordinary person, 77.
type TelegramUser struct {
	ID       int64  `json:"id"`
	IsBot    bool   `json:"is_bot"`
	Name     string `json:"first_name"`
	Username string `json:"username,omitempty"`
	Language string `json:"language_code,omitempty"`
}

// TelegramChat is where somebody writes. The zero value is the private chat
// with the writer.
type TelegramChat struct {
	ID    int64  `json:"id"`
	Type  string `json:"type"` // empty: private for positive ids, else supergroup
	Forum bool   `json:"is_forum,omitempty"`
}

// TelegramEntity is a range of a text, in UTF-16 units.
type TelegramEntity struct {
	Type   string        `json:"type"`
	Offset int           `json:"offset"`
	Length int           `json:"length"`
	URL    string        `json:"url,omitempty"`
	User   *TelegramUser `json:"user,omitempty"`
}

// TelegramPost is a message to be written by a person.
type TelegramPost struct {
	From TelegramUser
	Chat TelegramChat

	Text, Caption string
	// Entities of Text or Caption; nil means that they are found as Telegram
	// finds commands, names and addresses.
	Entities []TelegramEntity
	ReplyTo  int64 // a message of the same chat
	Topic    int64
	// Extra holds any other field of the Message, by its name.
	Extra map[string]any
}

// TelegramMessage is a message as it stands in a chat.
type TelegramMessage struct {
	ID       int64             `json:"message_id"`
	From     *TelegramUser     `json:"from,omitempty"`
	Chat     TelegramChat      `json:"chat"`
	Date     int64             `json:"date"`
	Topic    int64             `json:"message_thread_id,omitempty"`
	InTopic  bool              `json:"is_topic_message,omitempty"`
	Text     string            `json:"text,omitempty"`
	Rich     *TelegramRich     `json:"rich_message,omitempty"`
	Entities []TelegramEntity  `json:"entities,omitempty"`
	Caption  string            `json:"caption,omitempty"`
	Captions []TelegramEntity  `json:"caption_entities,omitempty"`
	ReplyTo  *TelegramMessage  `json:"reply_to_message,omitempty"`
	Preview  *TelegramPreview  `json:"link_preview_options,omitempty"`
	Markup   *TelegramKeyboard `json:"reply_markup,omitempty"`
	File     *TelegramFile     `json:"document,omitempty"`
	Media    *TelegramMedia    `json:"-"`
	Quote    string            `json:"-"` // of ReplyTo
	Edits    int               `json:"-"`
}

// TelegramMedia is a photo or video that the bot sent by its address.
type TelegramMedia struct {
	Type    string `json:"type"`
	Media   string `json:"media"`
	Caption string `json:"caption"`
	Spoiler bool   `json:"has_spoiler"`
}

// TelegramPreview is how the link preview was asked for.
type TelegramPreview struct {
	Disabled bool   `json:"is_disabled,omitempty"`
	URL      string `json:"url,omitempty"`
	Small    bool   `json:"prefer_small_media,omitempty"`
	Large    bool   `json:"prefer_large_media,omitempty"`
	Above    bool   `json:"show_above_text,omitempty"`
}

// TelegramKeyboard is the buttons under a message.
type TelegramKeyboard struct {
	Rows [][]TelegramButton `json:"inline_keyboard"`
}

// TelegramButton opens URL or sends Data.
type TelegramButton struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
	Data string `json:"callback_data,omitempty"`
}

// TelegramFile is a document that the bot sent.
type TelegramFile struct {
	ID   string `json:"file_id"`
	Name string `json:"file_name"`
	Data []byte `json:"-"`
}

// TelegramPress is a pressed button and what the bot said to it.
type TelegramPress struct {
	ID       string
	Text     string
	Alert    bool
	Answered bool
}

// Button finds a button by its label.
func (m TelegramMessage) Button(label string) (TelegramButton, bool) {
	if m.Markup == nil {
		return TelegramButton{}, false
	}
	for _, row := range m.Markup.Rows {
		for _, b := range row {
			if b.Text == label {
				return b, true
			}
		}
	}
	return TelegramButton{}, false
}

// Labels gives the buttons' labels, row by row.
func (m TelegramMessage) Labels() [][]string {
	if m.Markup == nil {
		return nil
	}
	var out [][]string
	for _, row := range m.Markup.Rows {
		var labels []string
		for _, b := range row {
			labels = append(labels, b.Text)
		}
		out = append(out, labels)
	}
	return out
}

// TelegramSuggestions are the answer to an inline query.
type TelegramSuggestions struct {
	Results []TelegramArticle
	Cache   int // in seconds
	Button  string
}

// TelegramArticle is a suggestion that becomes a message.
type TelegramArticle struct {
	Type        string `json:"type"`
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Content     struct {
		Text     string           `json:"message_text"`
		Entities []TelegramEntity `json:"entities"`
		Preview  *TelegramPreview `json:"link_preview_options"`
		Rich     *TelegramRich    `json:"rich_message"`
	} `json:"input_message_content"`
	Markup *TelegramKeyboard `json:"reply_markup"`
}

func (a TelegramArticle) message() *TelegramMessage {
	return &TelegramMessage{Text: a.Content.Text, Rich: a.Content.Rich, Entities: a.Content.Entities, Preview: a.Content.Preview, Markup: a.Markup}
}

// telegramQuery is an inline query, or a guest's question.
type telegramQuery struct {
	id       string
	guest    bool
	answered bool
	answer   TelegramSuggestions
}
