package telegram

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	tele "gopkg.in/telebot.v3"

	"unrollbot/bot"
)

func me() *tele.User { return &tele.User{ID: 4242, Username: "unroll_test_bot", IsBot: true} }

const (
	link    = "https://x.com/ada/status/20"
	another = "https://bsky.app/profile/ada.example/post/3kabc"
)

// written is a message of a person in a private chat, changed by edits.
func written(text string, edits ...func(*message)) *message {
	m := &message{
		ID: 9, Text: text, From: &tele.User{ID: 77, LanguageCode: "de"},
		Chat: chat{ID: 77, Type: tele.ChatPrivate},
	}
	for _, edit := range edits {
		edit(m)
	}
	return m
}

func inAGroup(m *message) { m.Chat = chat{ID: -1001, Type: tele.ChatSuperGroup} }

func replying(r *message) func(*message) {
	return func(m *message) { m.ReplyTo = r }
}

func marked(kind tele.EntityType, offset, length int) func(*message) {
	return func(m *message) {
		m.Entities = append(m.Entities, tele.MessageEntity{Type: kind, Offset: offset, Length: length})
	}
}

func behind(offset, length int, address string) func(*message) {
	return func(m *message) {
		m.Entities = append(m.Entities, tele.MessageEntity{Type: tele.EntityTextLink, Offset: offset, Length: length, URL: address})
	}
}

func TestRequests(t *testing.T) {
	private := bot.Request{Platform: "telegram", Chat: "77", User: "77", Locale: "de", Private: true}
	public := bot.Request{Platform: "telegram", Chat: "-1001", User: "77", Locale: "de"}
	with := func(r bot.Request, edit func(*bot.Request)) *bot.Request {
		edit(&r)
		return &r
	}
	tests := []struct {
		name string
		m    *message
		want *bot.Request // nil: not for the bot
	}{
		{"command", written("/unroll " + link), with(private, func(r *bot.Request) { r.Command, r.Message.Text = "unroll", link })},
		{"command in a group", written("/unroll "+link, inAGroup), with(public, func(r *bot.Request) { r.Command, r.Message.Text = "unroll", link })},
		{"command for this bot", written("/unroll@Unroll_Test_Bot "+link, inAGroup), with(public, func(r *bot.Request) {
			r.Command, r.Message.Text, r.Mentioned = "unroll", link, true
		})},
		{"command for another bot", written("/unroll@other_bot "+link, inAGroup), nil},
		{"command for another bot in private", written("/unroll@other_bot " + link), nil},
		{"link on the next line", written("/unroll\n" + link + "\n" + another), with(private, func(r *bot.Request) {
			r.Command, r.Message.Text = "unroll", link+"\n"+another
		})},
		{"command in a caption", &message{
			ID: 9, Caption: "/unroll " + link, From: &tele.User{ID: 77, LanguageCode: "de"}, Chat: chat{ID: 77, Type: tele.ChatPrivate},
		}, with(private, func(r *bot.Request) { r.Command, r.Message.Text = "unroll", link })},
		{"capital letters", written("/UNROLL " + link), with(private, func(r *bot.Request) { r.Command, r.Message.Text = "unroll", link })},
		{"start with a payload", written("/start abc"), with(private, func(r *bot.Request) { r.Command, r.Message.Text = "start", "abc" })},
		{"link in private", written("look: " + link), with(private, func(r *bot.Request) { r.Message.Text = "look: " + link })},
		{"link in a group", written(link, inAGroup), nil},
		{"talk in a group", written("hello", inAGroup), nil},
		{"link behind a word", written("look here", behind(5, 4, link)), with(private, func(r *bot.Request) {
			r.Message = bot.Message{Text: "look here", Links: []string{link}}
		})},
		{"link in the preview", written("look", func(m *message) { m.Preview = &preview{URL: link} }), with(private, func(r *bot.Request) {
			r.Message = bot.Message{Text: "look", Links: []string{link}}
		})},
		{"mention with the keyword", written("@unroll_test_bot unroll", inAGroup, marked(tele.EntityMention, 0, 16)), with(public, func(r *bot.Request) {
			r.Mentioned, r.Message.Text = true, "unroll"
		})},
		{"mention after characters of two units", written("🧵🧵 @unroll_test_bot unroll", inAGroup, marked(tele.EntityMention, 5, 16)), with(public, func(r *bot.Request) {
			r.Mentioned, r.Message.Text = true, "🧵🧵 unroll"
		})},
		{"mention then a command", written("@unroll_test_bot /unroll "+link, inAGroup, marked(tele.EntityMention, 0, 16)), with(public, func(r *bot.Request) {
			r.Mentioned, r.Command, r.Message.Text = true, "unroll", link
		})},
		{"mention without a name", written("Unroll Bot unroll", inAGroup, func(m *message) {
			m.Entities = []tele.MessageEntity{{Type: tele.EntityTMention, Offset: 0, Length: 10, User: me()}}
		}), with(public, func(r *bot.Request) { r.Mentioned, r.Message.Text = true, "unroll" })},
		{"mention of another", written("@someone unroll", inAGroup, marked(tele.EntityMention, 0, 8)), nil},
		{"the name as plain text", written("@unroll_test_bot unroll", inAGroup), nil},
		{"reply in a group", written("unroll", inAGroup, replying(written("see "+link, inAGroup))), with(public, func(r *bot.Request) {
			r.Message.Text, r.Replied = "unroll", &bot.Message{Text: "see " + link}
		})},
		{"reply to a caption", written("unroll", replying(&message{
			Caption: "pic", CaptionEntities: []tele.MessageEntity{{Type: tele.EntityTextLink, Length: 3, URL: link}},
		})), with(private, func(r *bot.Request) {
			r.Message.Text, r.Replied = "unroll", &bot.Message{Text: "pic", Links: []string{link}}
		})},
		{"reply to buttons", written("unroll", replying(written("A bot's card", func(m *message) {
			m.Markup = &keyboard{Rows: [][]button{{{Text: "Open", URL: link}, {Text: "More", Data: "x"}}}}
		}))), with(private, func(r *bot.Request) {
			r.Message.Text, r.Replied = "unroll", &bot.Message{Text: "A bot's card", Links: []string{link}}
		})},
		{"reply that quotes one of two links", written("unroll",
			replying(written(link+" and "+another)),
			func(m *message) {
				m.Quote = &tele.TextQuote{Text: "and " + another, Position: 28, Manual: true}
			}), with(private, func(r *bot.Request) {
			r.Message.Text, r.Replied = "unroll", &bot.Message{Text: "and " + another}
		})},
		{"reply that quotes a linked word", written("unroll",
			replying(written("one and two", behind(0, 3, link), behind(8, 3, another))),
			func(m *message) { m.Quote = &tele.TextQuote{Text: "two", Position: 8, Manual: true} },
		), with(private, func(r *bot.Request) {
			r.Message.Text, r.Replied = "unroll", &bot.Message{Text: "two", Links: []string{another}}
		})},
		{"reply that quotes other words", written("unroll",
			replying(written("see "+link)),
			func(m *message) { m.Quote = &tele.TextQuote{Text: "see", Manual: true} },
		), with(private, func(r *bot.Request) {
			r.Message.Text, r.Replied = "unroll", &bot.Message{Text: "see " + link}
		})},
		{"reply to another chat", written("unroll", func(m *message) {
			m.Outside = &outsideReply{Preview: &preview{URL: link}}
		}), with(private, func(r *bot.Request) {
			r.Message.Text, r.Replied = "unroll", &bot.Message{Links: []string{link}}
		})},
		{"reply to another chat without its text", written("unroll", func(m *message) { m.Outside = &outsideReply{} }), with(private, func(r *bot.Request) {
			r.Message.Text, r.Replied = "unroll", &bot.Message{Hidden: true}
		})},
		{"talk in a topic", written("unroll", inAGroup, replying(&message{TopicCreated: &struct{}{}})), nil},
		{"a bot", written("/unroll "+link, inAGroup, func(m *message) { m.From = &tele.User{ID: 5, IsBot: true} }), nil},
		{"an admin in the group's name", written("/unroll "+link, inAGroup, func(m *message) {
			m.From, m.SenderChat = &tele.User{ID: 1087968824, IsBot: true}, &chat{ID: -1001}
		}), with(public, func(r *bot.Request) {
			r.User, r.Locale, r.Command, r.Message.Text = "-1001", "", "unroll", link
		})},
		{"sent by way of this bot", written("the thread of "+link, func(m *message) { m.Via = me() }), nil},
		{"a picture without words", &message{From: &tele.User{ID: 77}, Chat: chat{ID: 77, Type: tele.ChatPrivate}}, nil},
		{"no sender", &message{Text: "/unroll", Chat: chat{ID: 77, Type: tele.ChatPrivate}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := fromMessage(tt.m, me())
			ok = ok && addressed(&got)
			if ok != (tt.want != nil) {
				t.Fatalf("for the bot: %v; %+v", ok, got)
			}
			if ok {
				if diff := cmp.Diff(*tt.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestParseCommand(t *testing.T) {
	tests := []struct {
		text string
		want command
	}{
		{"/unroll", command{Name: "unroll"}},
		{"  /unroll  ", command{Name: "unroll"}},
		{"/unroll a\nb", command{Name: "unroll", Rest: "a\nb"}},
		{"/unroll\na", command{Name: "unroll", Rest: "a"}},
		{"/unroll\u00a0a", command{Name: "unroll", Rest: "a"}},
		{"/unroll@a_bot a", command{Name: "unroll", Bot: "a_bot", Rest: "a"}},
		{"/", command{Rest: "/"}},
		{"//", command{Rest: "//"}},
		{"/@bot", command{Rest: "/@bot"}},
		{"/unroll@", command{Rest: "/unroll@"}},
		{"/path/to", command{Rest: "/path/to"}},
		{"/ünroll", command{Rest: "/ünroll"}},
		{"say /unroll", command{Rest: "say /unroll"}},
		{"", command{}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, parseCommand(tt.text)); diff != "" {
			t.Errorf("%q: %s", tt.text, diff)
		}
	}
}

func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"/unroll https://x.com/a/status/1", "/unroll@bot\nx", "/ ", "/a@b@c", "\u00a0/x\u2028y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := parseCommand(text)
		if len(c.Rest) > len(text) || (c.Name == "") != (c.Bot == "" && c.Name == "") {
			t.Errorf("%q gives %+v", text, c)
		}
		again := parseCommand("/" + c.Name + " " + c.Rest)
		if c.Name != "" && (again.Name != c.Name || again.Rest != c.Rest) {
			t.Errorf("%q gives %+v, then %+v", text, c, again)
		}
	})
}

// Whatever comes, it is an update or an error, and making a request of it
// does not panic.
func FuzzDecodeUpdate(f *testing.F) {
	for _, s := range []string{
		`{"update_id":1,"message":{"message_id":2,"from":{"id":3},"chat":{"id":-4,"type":"group"},"text":"@unroll_test_bot 🧵","entities":[{"type":"mention","offset":0,"length":16}]}}`,
		`{"update_id":1,"message":{"text":"a","quote":{"text":"b","position":-5,"is_manual":true},"reply_to_message":{"text":"c","entities":[{"type":"text_link","offset":9,"length":-9,"url":"x"}],"reply_markup":{"inline_keyboard":[[{"url":"y"}]]}}}}`,
		`{"update_id":1,"callback_query":{"id":"1","from":{"id":1},"data":"p|1|x/20","message":{"chat":{"id":1},"message_id":1}}}`,
		`{"update_id":"1"}`, `[]`, `{"message":null,"update_id":1e9}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		u, err := decodeUpdate(data)
		if err != nil {
			if u.Message != nil || u.Callback != nil {
				t.Error("half an update")
			}
			return
		}
		if u.Message != nil {
			if req, ok := fromMessage(u.Message, me()); ok && req.User == "" {
				t.Errorf("nobody asks in %s", data)
			}
		}
		if u.Callback != nil {
			_, _ = parsePress(u.Callback.Data)
		}
	})
}
