package bot

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
)

const (
	link  = "https://x.com/jack/status/20"
	link2 = "https://bsky.app/profile/did:plc:abcdefghijklmnopqrstuvwx/post/3kabcdefghi2k"
)

var (
	ref  = unroll.Ref{Network: unroll.X, ID: "20"}
	ref2 = unroll.Ref{Network: unroll.Bluesky, Author: "did:plc:abcdefghijklmnopqrstuvwx", ID: "3kabcdefghi2k"}
)

func TestTriggers(t *testing.T) {
	triggers := NewTriggers([]string{"Unroll", " aufrollen "})
	text := func(s string) Message { return Message{Text: s} }
	replied := func(s string) *Message { return &Message{Text: s} }
	tests := []struct {
		name string
		req  Request
		want Intent
		refs []unroll.Ref
	}{
		{"command and link", Request{Command: "unroll", Message: text(link)}, IntentUnroll, []unroll.Ref{ref}},
		{"command and a link kept from previews", Request{Command: "unroll", Message: text("<" + link + ">")}, IntentUnroll, []unroll.Ref{ref}},
		{"command and a bare id", Request{Command: "unroll", Message: text("1649191520250245121")}, IntentUnroll, []unroll.Ref{{Network: unroll.X, ID: "1649191520250245121"}}},
		{"command and two links", Request{Command: "unroll", Message: text(link + "\n" + link2)}, IntentUnroll, []unroll.Ref{ref, ref2}},
		{"command as a reply", Request{Command: "unroll", Replied: replied("look: " + link)}, IntentUnroll, []unroll.Ref{ref}},
		{"command with a link beats the message replied to", Request{Command: "unroll", Message: text(link2), Replied: replied(link)}, IntentUnroll, []unroll.Ref{ref2}},
		{"command as a reply to a link behind a word", Request{Command: "unroll", Replied: &Message{Text: "look", Links: []string{link}}}, IntentUnroll, []unroll.Ref{ref}},
		{"command alone", Request{Command: "unroll"}, IntentNoLink, nil},
		{"command as a reply to nothing", Request{Command: "unroll", Replied: replied("hello")}, IntentNoLink, nil},
		{"command as a reply to what we are not shown", Request{Command: "unroll", Replied: &Message{Hidden: true}}, IntentHidden, nil},
		{"start", Request{Command: "start"}, IntentHelp, nil},
		{"help in a group", Request{Command: "help"}, IntentHelp, nil},
		{"an unknown command in a group is another bot's", Request{Command: "ban"}, IntentIgnore, nil},
		{"an unknown command in private", Request{Command: "ban", Private: true}, IntentHelp, nil},

		{"keyword as a reply", Request{Message: text("unroll"), Replied: replied(link)}, IntentUnroll, []unroll.Ref{ref}},
		{"in capitals, with manners", Request{Message: text("UNROLL, please!"), Replied: replied(link)}, IntentUnroll, []unroll.Ref{ref}},
		{"another keyword", Request{Message: text("aufrollen"), Replied: replied(link)}, IntentUnroll, []unroll.Ref{ref}},
		{"the chat's own keyword", Request{Message: text("entrolle"), Replied: replied(link), Settings: Settings{Keywords: []string{"Entrolle"}}}, IntentUnroll, []unroll.Ref{ref}},
		{"which replaces the program's", Request{Message: text("unroll"), Replied: replied(link), Settings: Settings{Keywords: []string{"Entrolle"}}}, IntentIgnore, nil},
		{"keyword as a reply without a link", Request{Message: text("unroll"), Replied: replied("hello")}, IntentNoLink, nil},
		{"a sentence with the word", Request{Message: text("how do I unroll a carpet"), Replied: replied(link)}, IntentIgnore, nil},
		{"keyword alone in a group", Request{Message: text("unroll")}, IntentIgnore, nil},
		{"keyword and mention with a link", Request{Message: text("unroll " + link), Mentioned: true}, IntentUnroll, []unroll.Ref{ref}},
		{"keyword and mention without a link", Request{Message: text("unroll"), Mentioned: true}, IntentNoLink, nil},
		{"a mention without the keyword", Request{Message: text("thanks"), Mentioned: true, Replied: replied(link)}, IntentIgnore, nil},

		{"watch and a link", Request{Command: "watch", Message: text(link)}, IntentWatch, []unroll.Ref{ref}},
		{"watch as a reply", Request{Command: "watch", Replied: replied(link)}, IntentWatch, []unroll.Ref{ref}},
		{"watch alone", Request{Command: "watch"}, IntentWatch, nil},
		{"watch as a reply to what we are not shown", Request{Command: "watch", Replied: &Message{Hidden: true}}, IntentHidden, nil},
		{"unwatch alone", Request{Command: "unwatch"}, IntentUnwatch, nil},
		{"the word as a reply", Request{Message: text("Watch this thread, please"), Replied: replied(link)}, IntentWatch, []unroll.Ref{ref}},
		{"the word as a reply to no link is talk", Request{Message: text("watch!"), Replied: replied("what shall we do?")}, IntentIgnore, nil},
		{"also where we are not shown it", Request{Message: text("watch!"), Replied: &Message{Hidden: true}}, IntentIgnore, nil},
		{"the word and a mention", Request{Message: text("unwatch"), Mentioned: true}, IntentUnwatch, nil},
		{"the word and a mention with a link", Request{Message: text("watch " + link), Mentioned: true}, IntentWatch, []unroll.Ref{ref}},
		{"the word in a group", Request{Message: text("watch")}, IntentIgnore, nil},
		{"the word in private", Request{Message: text("watch"), Private: true}, IntentWatch, nil},
		{"a keyword goes before", Request{Message: text("watch"), Replied: replied(link), Settings: Settings{Keywords: []string{"watch"}}}, IntentUnroll, []unroll.Ref{ref}},

		{"link in private", Request{Message: text(link), Private: true}, IntentUnroll, []unroll.Ref{ref}},
		{"link in a group", Request{Message: text(link)}, IntentIgnore, nil},
		{"a link that says leave me", Request{Message: text("<" + link + ">"), Private: true}, IntentNoLink, nil},
		{"chatter in private", Request{Message: text("hello"), Private: true}, IntentNoLink, nil},
		{"an empty message", Request{}, IntentIgnore, nil},
		{"a button", Request{Page: &PageRequest{Ref: ref, Number: 2}}, IntentPage, []unroll.Ref{ref}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, refs := triggers.Find(&tt.req)
			if got != tt.want {
				t.Errorf("intent %s, want %s", got, tt.want)
			}
			if diff := cmp.Diff(tt.refs, refs); diff != "" {
				t.Errorf("refs (-want +got):\n%s", diff)
			}
		})
	}
}
