package unroll

import (
	"regexp"
	"strconv"
	"strings"
)

// Numbering is how an author counts the posts of a thread in their texts:
// "3/12", or "3/" with Total 0.
type Numbering struct {
	N     int `json:"n"`
	Total int `json:"total,omitempty"`

	// Start and End are where it stands in the text, in bytes, End exclusive,
	// with the brackets and the white space around it: the text reads well
	// without that range.
	Start int `json:"start"`
	End   int `json:"end"`
}

// The forms in use, at the start of a text or at its end: "3/12", "3/",
// "(3/12)", "[3/12]", and "3." or "3)" at the start only. Digits are bounded
// so that every match fits an int. The first group is what to hide.
var (
	leadingNumber  = regexp.MustCompile(`^(?:🧵\s*)?([(\[]?(\d{1,4})(?:\s?/\s?(\d{1,4})?|[.)])(?:[)\]]?[:.]?\s+|[)\]][:.]?|[:.]|$))`)
	leadingSign    = regexp.MustCompile(`^((\d{1,4})\s?/\s?(\d{1,4})?)🧵`)
	trailingNumber = regexp.MustCompile(`(?:^|[\s(\[])((\d{1,4})\s?/\s?(\d{1,4})?[)\]]?)(?:\s*(?:🧵|👇|⬇️))*\s*$`)
)

// NumberIn reads the number of a post. One text proves nothing: "1/2 cup" is
// read as a number too. [Assemble] tells what is proven.
func NumberIn(text string) (Numbering, bool) {
	if !strings.ContainsAny(text, "/.)") {
		return Numbering{}, false // many posts; the search below is slow
	}
	body := strings.TrimLeft(text, " \t\r\n")
	offset := len(text) - len(body)
	m := leadingNumber.FindStringSubmatchIndex(body)
	if m == nil {
		m = leadingSign.FindStringSubmatchIndex(body)
	}
	if m == nil {
		if m = trailingNumber.FindStringSubmatchIndex(body); m == nil {
			return Numbering{}, false
		}
		before := body[:m[2]]
		if strings.HasSuffix(before, "(") || strings.HasSuffix(before, "[") {
			before = before[:len(before)-1]
		}
		m[2] = len(strings.TrimRight(before, " \t\r\n"))
	}
	n := Numbering{Start: offset + m[2], End: offset + m[3]}
	n.N, _ = strconv.Atoi(body[m[4]:m[5]])
	if m[6] >= 0 {
		n.Total, _ = strconv.Atoi(body[m[6]:m[7]])
	}
	if n.N == 0 || m[6] >= 0 && n.N > n.Total {
		return Numbering{}, false
	}
	return n, true
}

// number marks the numbering of a chain. It is proven only when at least two
// neighbours count up by one, and no two posts contradict each other: numbers
// must grow along the chain, and promise the same total.
func number(posts []Post) {
	found := make([]*Numbering, len(posts))
	var last *Numbering
	steps, lastAt := 0, 0
	proven := true
	for i := range posts {
		posts[i].Numbering = nil
		n, ok := NumberIn(posts[i].Text)
		if !ok {
			continue
		}
		if last != nil {
			if n.N <= last.N || (n.Total != 0 && last.Total != 0 && n.Total != last.Total) {
				proven = false
			}
			if n.N == last.N+1 && i == lastAt+1 {
				steps++
			}
		}
		found[i], last, lastAt = &n, &n, i
	}
	if !proven || steps == 0 {
		return
	}
	for i, n := range found {
		posts[i].Numbering = n
	}
}

// OpensThread tells whether a text announces more posts: it is numbered 1 of
// several, or ends with the sign people put under a first post.
func OpensThread(text string) bool {
	text = strings.TrimSpace(text)
	if n, ok := NumberIn(text); ok && n.N == 1 && n.Total != 1 {
		return true
	}
	return threadSign.MatchString(text)
}

// threadSign: the spool or a hand pointing down at the end, before tags and
// links at most, or the word itself where it can mean nothing else.
var threadSign = regexp.MustCompile(`(?i)(?:^🧵|(?:🧵|👇|⬇️)\s*(?:👇|⬇️|1)?(?:\s*(?:#\S+|https?://\S+))*$|\b(?:a |long |short )*thread\s*[:👇⬇]|\((?:a |long |short )*thread\)|\ba (?:long |short )?thread[.!]?$)`)
