package bot

import "strings"

// phrase is a sentence without plural forms, cut up at its arguments once:
// renderers ask for some with every post.
type phrase struct {
	text []string // what stands before each argument, and after the last
	args []string // their names
}

// newPhrase cuts a text up. An argument is written {{.Name}}, as go-i18n has
// it.
func newPhrase(text string) phrase {
	var p phrase
	for {
		before, rest, ok := strings.Cut(text, "{{.")
		name, after, closed := strings.Cut(rest, "}}")
		if !ok || !closed {
			p.text = append(p.text, text)
			return p
		}
		p.text, p.args = append(p.text, before), append(p.args, name)
		text = after
	}
}

// fill puts arguments in their places: names and values by turns.
func (p phrase) fill(args ...string) string {
	if len(p.args) == 0 {
		return strings.Join(p.text, "")
	}
	out := make([]byte, 0, 256) // on the stack; longer ones move
	for i, name := range p.args {
		out = append(out, p.text[i]...)
		for j := 1; j < len(args); j += 2 {
			if args[j-1] == name {
				out = append(out, args[j]...)
			}
		}
	}
	return string(append(out, p.text[len(p.args)]...))
}
