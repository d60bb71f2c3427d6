package mastodon

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// content is a post's text, without mentions.
type content struct {
	text  string
	links []string
	// namedLater is set when the bot is named behind the first words.
	namedLater bool
}

// maxContent bounds what is read of a post's HTML, in bytes.
const maxContent = 64 << 10

// readContent takes the HTML of a post apart. Nothing of it is passed on.
func readContent(source string, mentions []account, me account) content {
	if len(source) > maxContent {
		source = source[:maxContent]
	}
	var c content
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	z.SetMaxBuf(maxContent)
	skip := false // inside a mention or a link
	for {
		switch z.Next() {
		case html.ErrorToken:
			c.text = strings.ToValidUTF8(strings.TrimSpace(b.String()), " ")
			return c
		case html.TextToken:
			if !skip {
				b.Write(z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			switch t.DataAtom {
			case atom.Br, atom.P, atom.Div, atom.Li:
				b.WriteByte('\n')
			case atom.A:
				href, class := attribute(t, "href"), strings.Fields(attribute(t, "class"))
				switch {
				case slices.Contains(class, "hashtag"):
				case slices.Contains(class, "mention") || named(href, mentions):
					skip = true
					if href == me.URL || named(href, only(mentions, me.ID)) {
						c.namedLater = c.namedLater || strings.TrimSpace(b.String()) != ""
					}
				case href != "":
					skip = true // what stands there is cut for the eye
					c.links = append(c.links, href)
				}
			default:
			}
		case html.EndTagToken:
			switch t := z.Token(); t.DataAtom {
			case atom.A:
				skip = false
				b.WriteByte(' ')
			case atom.P, atom.Div, atom.Li:
				b.WriteByte('\n')
			default:
			}
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// named tells whether an address is the profile of somebody mentioned.
func named(href string, mentions []account) bool {
	return slices.ContainsFunc(mentions, func(m account) bool { return m.URL != "" && m.URL == href })
}

func only(mentions []account, id string) []account {
	for i, m := range mentions {
		if m.ID == id {
			return mentions[i : i+1]
		}
	}
	return nil
}
