package bottest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// TelegramRich is a rich message.
type TelegramRich struct {
	HTML string `json:"html"`
	Bare bool   `json:"skip_entity_detection"`
	RTL  bool   `json:"is_rtl"`
}

func (t *Telegram) sendRichMessage(params json.RawMessage) (any, error) {
	var p struct {
		sending
		Rich *TelegramRich `json:"rich_message"`
	}
	if !t.Rich {
		return nil, refuse(http.StatusNotFound, "Not Found: method not found")
	}
	if err := t.read("sendRichMessage", params, &p); err != nil {
		return nil, err
	}
	if err := t.checkRich(p.Rich); err != nil {
		return nil, err
	}
	return t.put(p.sending, &TelegramMessage{Rich: p.Rich})
}

// The tags of rich messages that this stand-in takes, by where they may be.
func richTags() (blocks, inline, media []string) {
	return []string{"p", "h4", "blockquote", "footer", "figure", "figcaption", "tg-collage", "details", "summary"},
		[]string{"b", "i", "s", "code", "a", "br", "tg-spoiler"},
		[]string{"img", "video"}
}

// checkRich holds a rich message against the Bot API's rules: its tags nest,
// blocks stand in no inline tag, media have addresses, limits are kept.
func (t *Telegram) checkRich(r *TelegramRich) error {
	bad := func(format string, args ...any) error {
		t.tb.Errorf("telegram: rich message: "+format, args...)
		return refuse(http.StatusBadRequest, "Bad Request: can't parse rich message: "+format, args...)
	}
	if r == nil || strings.TrimSpace(r.HTML) == "" {
		return bad("is empty")
	}
	block, inline, medium := richTags()
	chars, blocks, media := 0, 0, 0
	var open []string // a stack
	last := ""        // what the last token was
	for z := html.NewTokenizer(strings.NewReader(r.HTML)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		token := z.Token()
		name, within := token.Data, ""
		if len(open) > 0 {
			within = open[len(open)-1]
		}
		switch kind {
		case html.TextToken:
			chars += utf8.RuneCountInString(token.Data)
			if within == "" && strings.TrimSpace(token.Data) != "" {
				return bad("text outside of a block: %.60s", token.Data)
			}
		case html.EndTagToken:
			if within != name {
				return bad("</%s> closes <%s>", name, within)
			}
			open = open[:len(open)-1]
		case html.StartTagToken, html.SelfClosingTagToken:
			switch {
			case slices.Contains(block, name):
				blocks++
				if slices.Contains(inline, within) || slices.Contains([]string{"p", "h4", "summary"}, within) || (name == "summary") != (within == "details" && last == "details") {
					return bad("<%s> in <%s>", name, within)
				}
			case slices.Contains(medium, name):
				media++
				if within != "figure" && within != "tg-collage" {
					return bad("<%s> in <%s>", name, within)
				}
				if src := attr(token, "src"); !webAddress(src) {
					return bad("<%s src=%q>", name, src)
				}
			case name == "a":
				if href := attr(token, "href"); !webAddress(href) {
					return bad("<a href=%q>", href)
				}
			case !slices.Contains(inline, name):
				return bad("<%s>", name)
			}
			if kind == html.StartTagToken && name != "br" {
				open = append(open, name)
			}
		default:
			return bad("%s", token)
		}
		last = name
	}
	if len(open) > 0 {
		return bad("<%s> is not closed", open)
	}
	if chars > 32768 || blocks > 500 || media > 50 {
		return bad("%s", fmt.Sprint(chars, " characters, ", blocks, " blocks, ", media, " media"))
	}
	return nil
}

func attr(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
