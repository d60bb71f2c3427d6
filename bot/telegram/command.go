package telegram

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	tele "gopkg.in/telebot.v3"
)

// command is what a message asks for by name.
type command struct {
	Name string // without its slash, lower-case; empty for none
	Bot  string // as in /name@bot, empty for none
	Rest string
}

// parseCommand reads a command at the beginning of a text. It ends at any
// white space, so that what follows may stand on the next line.
func parseCommand(text string) command {
	text = strings.TrimSpace(text)
	none := command{Rest: text}
	word, ok := strings.CutPrefix(text, "/")
	if !ok {
		return none
	}
	rest := ""
	if i := strings.IndexFunc(word, isSpace); i >= 0 {
		word, rest = word[:i], strings.TrimSpace(word[i:])
	}
	name, bot, at := strings.Cut(word, "@")
	if !isName(name) || (at && !isName(bot)) {
		return none
	}
	return command{Name: strings.ToLower(name), Bot: bot, Rest: rest}
}

// isName tells whether s has the form of a command or a bot's name.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func isSpace(r rune) bool { return strings.ContainsRune(" \t\n\v\f\r\u00a0\u2028\u2029", r) }

// slice is the part of text that an entity covers. Entities count in UTF-16
// units. ok is false when the range is not one of text's.
func slice(text string, offset, length int) (start, end int, ok bool) {
	if offset < 0 || length <= 0 || offset > len(text) || length > len(text) {
		return 0, 0, false
	}
	start, end = -1, -1
	units := 0
	for i, r := range text {
		if units == offset {
			start = i
		}
		if units == offset+length {
			end = i
		}
		units += unitsOf(r)
	}
	if units == offset+length {
		end = len(text)
	}
	return start, end, start >= 0 && end > start
}

// unitsOf is how many UTF-16 units r takes. A byte that is no UTF-8 reads as
// U+FFFD, which takes one, and so does Telegram write it.
func unitsOf(r rune) int {
	if n := utf16.RuneLen(r); n > 0 {
		return n
	}
	return 1
}

// units is the length of s in UTF-16 units.
func units(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			n++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		n += unitsOf(r)
		i += size
	}
	return n
}

// mentioned finds the bot's name among the entities and cuts it out of text.
func mentioned(text string, entities []tele.MessageEntity, me *tele.User) (rest string, found bool) {
	rest = text
	for i := len(entities) - 1; i >= 0; i-- { // from the end, so that the offsets before stay right
		e := entities[i]
		if e.Type != tele.EntityMention && e.Type != tele.EntityTMention {
			continue
		}
		start, end, ok := slice(rest, e.Offset, e.Length)
		if !ok {
			continue
		}
		ours := e.Type == tele.EntityTMention && e.User != nil && e.User.ID == me.ID ||
			e.Type == tele.EntityMention && strings.EqualFold(rest[start:end], "@"+me.Username)
		if !ours {
			continue
		}
		found = true
		rest = strings.TrimRight(rest[:start], " ") + " " + strings.TrimLeft(rest[end:], " ")
	}
	return strings.TrimSpace(rest), found
}
