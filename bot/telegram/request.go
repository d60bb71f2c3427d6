package telegram

import (
	"strconv"
	"strings"

	tele "gopkg.in/telebot.v3"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// fromMessage fills a request from a message. ok is false for one that
// cannot be for the bot. It does not decide what asks for a thread.
func fromMessage(m *message, me *tele.User) (req bot.Request, ok bool) {
	text, entities := m.body()
	if text == "" || !human(m) || (m.Via != nil && m.Via.ID == me.ID) {
		return bot.Request{}, false
	}
	links := linksOf(m)
	text, called := mentioned(text, entities, me)
	cmd := parseCommand(text)
	if cmd.Bot != "" && !strings.EqualFold(cmd.Bot, me.Username) {
		return bot.Request{}, false
	}
	req = bot.Request{
		Platform:  Name,
		Chat:      strconv.FormatInt(m.Chat.ID, 10),
		User:      sender(m),
		Private:   m.Chat.Type == tele.ChatPrivate,
		Mentioned: called || cmd.Bot != "",
		Command:   cmd.Name,
		Message:   bot.Message{Text: cmd.Rest, Links: links},
		Replied:   replied(m),
	}
	if m.From != nil {
		req.Locale = m.From.LanguageCode
	}
	return req, true
}

// addressed tells whether a message may be meant for the bot. Others are of
// interest only where threads are offered.
func addressed(req *bot.Request) bool {
	return req.Private || req.Command != "" || req.Mentioned || req.Replied != nil
}

// unasked tells whether a message seems to concern the bot only because
// threads are offered in its chat. A reply may hold the chat's keyword; that is
// for [bot.Triggers] to find.
func unasked(req *bot.Request) bool {
	if req.Private || req.Command != "" || req.Mentioned {
		return false
	}
	return req.Replied == nil || (req.Settings.Auto && holdsRef(req.Message))
}

// human tells whether a person wrote the message, be it in the name of a
// chat: then Telegram names a bot of its own as the sender.
func human(m *message) bool {
	return m.SenderChat != nil || (m.From != nil && !m.From.IsBot)
}

func sender(m *message) string { return strconv.FormatInt(senderID(m), 10) }

func senderID(m *message) int64 {
	if m.SenderChat != nil {
		return m.SenderChat.ID
	}
	return m.From.ID
}

// linksOf gathers the addresses that a message holds outside its text.
func linksOf(m *message) []string {
	var links []string
	_, entities := m.body()
	for _, e := range entities {
		if e.Type == tele.EntityTextLink && e.URL != "" {
			links = append(links, e.URL)
		}
	}
	if m.Preview != nil && m.Preview.URL != "" {
		links = append(links, m.Preview.URL)
	}
	return links
}

// replied is the message that m answers, nil when it answers none. Of a
// message that was quoted by hand, and whose quoted words hold a link, only
// these words: who quotes one link of many means that one.
func replied(m *message) *bot.Message {
	switch r := m.ReplyTo; {
	case r != nil && r.TopicCreated == nil:
		text, entities := r.body()
		if q := m.Quote; q != nil && q.Manual {
			if quoted := (bot.Message{Text: q.Text, Links: linksIn(entities, q.Position, units(q.Text))}); holdsRef(quoted) {
				return &quoted
			}
		}
		links := linksOf(r)
		if r.Markup != nil {
			for _, row := range r.Markup.Rows {
				for _, b := range row {
					if b.URL != "" {
						links = append(links, b.URL)
					}
				}
			}
		}
		return &bot.Message{Text: text, Links: links}
	case m.Outside != nil:
		// A message of another chat comes without its text.
		out := bot.Message{}
		if m.Quote != nil {
			out.Text = m.Quote.Text
		}
		if p := m.Outside.Preview; p != nil && p.URL != "" {
			out.Links = []string{p.URL}
		}
		out.Hidden = !holdsRef(out)
		return &out
	default:
		return nil
	}
}

// linksIn gives the addresses behind words that overlap a range of a text,
// in UTF-16 units.
func linksIn(entities []tele.MessageEntity, offset, length int) []string {
	var links []string
	for _, e := range entities {
		if e.Type == tele.EntityTextLink && e.Offset < offset+length && offset < e.Offset+e.Length {
			links = append(links, e.URL)
		}
	}
	return links
}

func holdsRef(m bot.Message) bool {
	return len(unroll.FindRefs(m.Text)) > 0 || len(unroll.FindRefs(strings.Join(m.Links, "\n"))) > 0
}
