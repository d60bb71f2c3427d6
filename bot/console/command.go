package console

import (
	"regexp"
	"strconv"
	"strings"
)

// verb is what a line does.
type verb int

const (
	verbNothing verb = iota
	verbSay
	verbPress
	verbShow
	verbQuit
)

// input is a line, read.
type input struct {
	verb    verb
	command string // "unroll" of "/unroll LINK"
	text    string // the rest, or the whole message
	number  int    // of the message replied to or shown, of the button pressed
	replies bool
}

var (
	replyLine  = regexp.MustCompile(`^(?:>\s*|reply\s+)([0-9]{1,6})\s+(\S.*)$`)
	numberLine = regexp.MustCompile(`^(?:(/press|/show)\s+)?([0-9]{1,6})$`)
)

// parse reads a line: "/unroll LINK", "> 3 unroll", "reply 3 unroll",
// "/press 2" or "2", "/show 3", "/quit", or a message.
func parse(line string) input {
	line = strings.TrimSpace(clean(line))
	var in input
	if m := replyLine.FindStringSubmatch(line); m != nil {
		in.replies, in.number, line = true, number(m[1]), m[2]
	} else if m := numberLine.FindStringSubmatch(line); m != nil {
		if m[1] == "/show" {
			return input{verb: verbShow, number: number(m[2])}
		}
		return input{verb: verbPress, number: number(m[2])}
	}
	switch line {
	case "":
		return input{}
	case "/quit", "/exit":
		return input{verb: verbQuit}
	}
	in.verb, in.text = verbSay, line
	if rest, ok := strings.CutPrefix(line, "/"); ok {
		in.command, in.text, _ = strings.Cut(rest, " ")
		in.text = strings.TrimSpace(in.text)
	}
	return in
}

// number reads digits, few enough for any int.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}
