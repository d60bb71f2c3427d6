package unroll

import (
	"regexp"
	"strconv"
	"strings"
)

// number is what an author wrote to count posts: 3/12, or 3/ with Total 0.
type number struct {
	N, Total int
}

// The forms in use, at the start of a text or at its end: "3/12", "3/",
// "(3/12)", "[3/12]", and "3." or "3)" at the start only. Digits are bounded
// so that every match fits an int.
var (
	leadingNumber  = regexp.MustCompile(`^(?:🧵\s*)?[(\[]?(\d{1,4})(?:\s?/\s?(\d{1,4})?|[.)])(?:[)\]\s:.🧵]|$)`)
	trailingNumber = regexp.MustCompile(`(?:^|[\s(\[])(\d{1,4})\s?/\s?(\d{1,4})?[)\]]?(?:\s*(?:🧵|👇|⬇️))*$`)
)

// numberIn reads the number of a post. One text proves nothing: "1/2 cup" is
// read as a number too. See numbered.
func numberIn(text string) (number, bool) {
	text = strings.TrimSpace(text)
	m := leadingNumber.FindStringSubmatch(text)
	if m == nil {
		m = trailingNumber.FindStringSubmatch(text)
	}
	if m == nil {
		return number{}, false
	}
	n, _ := strconv.Atoi(m[1])
	total, _ := strconv.Atoi(m[2]) // 0 where there is none
	if n == 0 || (total != 0 && n > total) {
		return number{}, false
	}
	return number{n, total}, true
}

// numbered finds the numbering of a chain, post by post; a zero number means
// none. It is proven only when at least two neighbours count up by one, and
// no two posts contradict each other: numbers must grow along the chain.
func numbered(posts []Post) (numbers []number, proven bool) {
	numbers = make([]number, len(posts))
	last, steps := number{}, 0
	lastAt := 0
	for i := range posts {
		n, ok := numberIn(posts[i].Text)
		if !ok {
			continue
		}
		if last.N != 0 {
			if n.N <= last.N || (n.Total != 0 && last.Total != 0 && n.Total != last.Total) {
				return numbers, false
			}
			if n.N == last.N+1 && i == lastAt+1 {
				steps++
			}
		}
		numbers[i], last, lastAt = n, n, i
	}
	return numbers, steps > 0
}

// opensThread tells whether a text announces more posts: it is numbered 1 of
// several, or ends with the sign people put under a first post.
func opensThread(text string) bool {
	text = strings.TrimSpace(text)
	if n, ok := numberIn(text); ok && n.N == 1 && n.Total != 1 {
		return true
	}
	return threadSign.MatchString(text)
}

var threadSign = regexp.MustCompile(`(?i)(?:^🧵|🧵\s*(?:👇|⬇️|1)?$|\b(?:a|long|short)? ?thread\s*[:👇⬇]|👇$)`)
