package sourcetest

import (
	"strings"
	"testing"

	"unrollbot/unroll"
)

// Outline writes a conversation in two lines: its posts by their IDs, gaps
// with "!" in front, and its cuts.
func Outline(c unroll.Conversation) (posts, cuts string) {
	var all, ends []string
	for i := range c.Posts {
		id := c.Posts[i].ID
		if c.Posts[i].Gap != nil {
			id = "!" + id
		}
		all = append(all, id)
	}
	for _, cut := range c.Cuts {
		ends = append(ends, cut.After+" "+string(cut.Reason))
	}
	return strings.Join(all, " "), strings.Join(ends, ", ")
}

// Unroll fetches a conversation, checks it, and gives the thread in it.
func Unroll(t testing.TB, src unroll.Source, ref unroll.Ref) unroll.Thread {
	t.Helper()
	conv, err := src.Fetch(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	CheckConversation(t, conv)
	th, err := unroll.Assemble(conv)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

// BaseURLs checks that a constructor refuses what is no base address of an
// API, and shows how one looks: as example.
func BaseURLs(t testing.TB, example string, make func(base string) error) {
	t.Helper()
	for _, base := range []string{
		"api.example.org", "ftp://api.example.org", "https://", "https://u:p@api.example.org", "https://api.example.org?a=b", "https://api.example.org#a", "::",
	} {
		if err := make(base); err == nil || !strings.Contains(err.Error(), example) {
			t.Errorf("%q: error %v, want one that shows how it should look", base, err)
		}
	}
	for _, base := range []string{"", "http://127.0.0.1:8080", "https://api.example.org/x/"} {
		if err := make(base); err != nil {
			t.Errorf("%q: %v", base, err)
		}
	}
}
