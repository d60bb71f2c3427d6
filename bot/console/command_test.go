package console

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for line, want := range map[string]input{
		"":                         {},
		"  \x1b ":                  {},
		"hello there":              {verb: verbSay, text: "hello there"},
		"/unroll  https://x.com/1": {verb: verbSay, command: "unroll", text: "https://x.com/1"},
		"/help":                    {verb: verbSay, command: "help"},
		"> 3 unroll":               {verb: verbSay, text: "unroll", number: 3, replies: true},
		">12 unroll please":        {verb: verbSay, text: "unroll please", number: 12, replies: true},
		"reply 3 /unroll":          {verb: verbSay, command: "unroll", number: 3, replies: true},
		"> 3":                      {verb: verbSay, text: "> 3"},
		"2":                        {verb: verbPress, number: 2},
		"/press 2":                 {verb: verbPress, number: 2},
		"/press two":               {verb: verbSay, command: "press", text: "two"},
		"/show 4":                  {verb: verbShow, number: 4},
		"1234567890":               {verb: verbSay, text: "1234567890"},
		"/quit":                    {verb: verbQuit},
		"/exit":                    {verb: verbQuit},
	} {
		if diff := cmp.Diff(want, parse(line), cmp.AllowUnexported(input{})); diff != "" {
			t.Errorf("parse(%q) (-want +got):\n%s", line, diff)
		}
	}
}
