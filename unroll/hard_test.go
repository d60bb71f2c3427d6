package unroll

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var updateGolden = flag.Bool("update", false, "write the golden files")

// TestHardCases reads the threads in testdata/hard: what each is about, a
// conversation as a source may give it, and the thread that must come of it.
// A line of a conversation is as in sketch, then " : " and the text; "cut",
// "quote ID" and "at TIME" may follow the links. Lines with "=" tell the rest.
func TestHardCases(t *testing.T) {
	files, err := filepath.Glob("testdata/hard/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil || len(a.Files) != 2 {
				t.Fatalf("want a conversation and a thread: %v", err)
			}
			if len(a.Comment) < 40 {
				t.Error("it does not say what it is about")
			}
			c := hardCase(t, string(a.Files[0].Data))
			thread, err := Assemble(c)
			if err != nil {
				t.Fatal(err)
			}
			checkThread(t, &c, &thread)
			through := thread.Through(c.Asked)
			got := describe(&through)
			if *updateGolden {
				a.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(a.Files[1].Data), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func hardCase(t *testing.T, text string) Conversation {
	t.Helper()
	var posts, texts []string
	said := map[string][]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if key, value, ok := strings.Cut(line, " = "); ok && !strings.Contains(key, " ") {
			said[key] = append(said[key], value)
			continue
		}
		post, words, _ := strings.Cut(line, " : ")
		posts, texts = append(posts, post), append(texts, words)
	}
	c := sketch(said["asked"][0], posts...)
	for i, line := range posts {
		p := &c.Posts[i]
		if p.Text = texts[i]; p.Gap != nil {
			p.Text = ""
		}
		f := strings.Fields(line)
		for j, word := range f {
			switch word {
			case "cut":
				p.Cut = true
			case "quote":
				p.Quote = &Quote{URL: f[j+1]}
			case "at":
				at, err := time.Parse(time.RFC3339, f[j+1])
				if err != nil {
					t.Fatal(err)
				}
				p.At = at
			}
		}
	}
	for _, value := range said["unseen"] {
		delete(c.Seen, value)
	}
	for _, value := range said["count"] {
		c.Count, _ = strconv.Atoi(value)
	}
	for _, value := range said["cut"] {
		after, why, _ := strings.Cut(value, " ")
		c.Cuts = append(c.Cuts, Cut{After: after, Reason: CutReason(why)})
	}
	c.ChainOnly = said["chain-only"] != nil
	return c
}

// describe writes a thread for people to compare.
func describe(t *Thread) string {
	var b strings.Builder
	if q := t.ReplyTo; q != nil {
		fmt.Fprintf(&b, "answers @%s: %s\n", q.Author.Handle, q.Text)
	}
	write := func(indent string, posts []Post) {
		for _, p := range posts {
			b.WriteString(indent + p.ID)
			switch {
			case p.Gap != nil:
				fmt.Fprintf(&b, " (missing: %s)", p.Gap.Reason)
			case p.Numbering != nil:
				fmt.Fprintf(&b, " [%d/%d] %s", p.Numbering.N, p.Numbering.Total, p.Text[:p.Numbering.Start]+p.Text[p.Numbering.End:])
			default:
				b.WriteString(" " + p.Text)
			}
			if p.Quote != nil {
				b.WriteString(" (quotes " + p.Quote.URL + ")")
			}
			b.WriteString("\n")
		}
	}
	write("", t.Posts)
	for _, br := range t.Branches {
		b.WriteString("beside, after " + br.After + ":\n")
		write("  ", br.Posts)
	}
	b.WriteString(string(t.Verdict.State) + ":")
	for _, e := range t.Verdict.Evidence {
		b.WriteString(" " + string(e.Rule))
		if e.Post != "" {
			b.WriteString(" at " + e.Post)
		}
		if e.Want != 0 {
			fmt.Fprintf(&b, " %d of %d", e.Have, e.Want)
		}
		b.WriteString(",")
	}
	return strings.TrimSuffix(b.String(), ",") + "\n"
}
