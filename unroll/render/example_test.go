package render_test

import (
	"fmt"
	"os"
	"unicode/utf8"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

func lights() *unroll.Thread {
	return &unroll.Thread{
		Ref:    unroll.Ref{Network: unroll.X, ID: "20"},
		Author: unroll.Author{Name: "Ada", Handle: "ada"},
		Posts: []unroll.Post{
			{ID: "20", Text: "How lighthouses speak\n\nEach has a rhythm of its own."},
			{ID: "21", Text: "Three flashes, a pause: that is *this* rock & no other."},
		},
		Verdict: unroll.Verdict{State: unroll.Complete, Evidence: []unroll.Evidence{
			{Rule: unroll.RuleEnd, State: unroll.Complete, Post: "21"},
		}},
	}
}

func ExampleMarkdown() {
	if err := render.Markdown(os.Stdout, lights()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// # How lighthouses speak
	//
	// **Ada** · @ada · 2 posts
	//
	// Each has a rhythm of its own.
	//
	// Three flashes, a pause: that is \*this\* rock & no other.
	//
	// ---
	//
	// Complete: nothing by the author follows the last post.
}

func ExamplePack() {
	blocks := render.Blocks(lights(), render.Options{})
	pages := render.Pack(blocks, 120, func(b render.Block) int {
		return utf8.RuneCountInString(b.Text) + len("\n\n")
	})
	for i, page := range pages {
		fmt.Printf("Page %d of %d\n", i+1, len(pages))
		for _, b := range page {
			fmt.Printf("  %s: %q\n", b.Kind, b.Text)
		}
	}
	// Output:
	// Page 1 of 2
	//   title: "Ada · @ada · 2 posts"
	//   text: "How lighthouses speak\n\nEach has a rhythm of its own."
	// Page 2 of 2
	//   text: "Three flashes, a pause: that is *this* rock & no other."
	//   footer: "Complete: nothing by the author follows the last post."
}

func ExampleTitle() {
	fmt.Println(render.Title(lights()))
	// Output: How lighthouses speak
}
