package render_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
)

// signs is a language that says everything with one sign.
type signs struct{}

func (signs) Lang() string                                 { return "art" }
func (signs) Posts(int) string                             { return "§" }
func (signs) Untitled(string) string                       { return "§" }
func (signs) ReplyTo(string) string                        { return "§" }
func (signs) Quoting(string) string                        { return "§" }
func (signs) Branch(int) string                            { return "§" }
func (signs) BranchAfter(string) string                    { return "§" }
func (signs) Warning(string) string                        { return "§" }
func (signs) Gap(unroll.GapReason) string                  { return "§" }
func (signs) NoQuote(unroll.GapReason) string              { return "§" }
func (signs) CutText() string                              { return "§" }
func (signs) Boxes(string) string                          { return "§" }
func (signs) Media(unroll.Media) string                    { return "§" }
func (signs) NoDescription() string                        { return "§" }
func (signs) Link() string                                 { return "§" }
func (signs) Covered(int) string                           { return "§" }
func (signs) Place(int) string                             { return "§" }
func (signs) Edited(time.Time) string                      { return "§" }
func (signs) Day(time.Time) string                         { return "§" }
func (signs) Minutes(int) string                           { return "§" }
func (signs) Follow(unroll.Network) string                 { return "§" }
func (signs) About() string                                { return "§" }
func (signs) Poll(unroll.Poll, time.Time) string           { return "§" }
func (signs) Share(int, int) string                        { return "§" }
func (signs) Time(time.Time) string                        { return "§" }
func (signs) Original() string                             { return "§" }
func (signs) Read(string, time.Time) string                { return "§" }
func (signs) Verdict(unroll.State, int) string             { return "§" }
func (signs) Because(unroll.State, unroll.Evidence) string { return "§" }

// TestNoEnglishElsewhere: whoever brings other words sees no English but the
// author's.
func TestNoEnglishElsewhere(t *testing.T) {
	thread := rendertest.Thread("https://media.example")
	thread.Posts[16].Sensitive = true
	o := render.Options{Words: signs{}}
	outputs := map[string]string{"blocks": dump(render.Blocks(&thread, o))}
	for name, write := range map[string]func(io.Writer, *unroll.Thread) error{
		"text": o.Text, "markdown": o.Markdown, "html": o.HTML, "atom": o.Atom,
	} {
		outputs[name] = rendered(t, write, thread)
	}
	for name, out := range outputs {
		for _, phrase := range []string{
			"27 posts", "Side branch", "A post is missing", "missing:", "no description", "Picture", "Video (", "Sound", "GIF", "Read from", "Follow on",
			"Edited", "min read", "Link to", "Link:", "About this", "Original", "Quoting", "In reply to", "Sensitive:", "Content warning", "Poll:", "votes", "Partial", "partial", "UTC", "2026\n",
		} {
			if strings.Contains(out, phrase) {
				t.Errorf("%s says %q", name, phrase)
			}
		}
	}
}

func TestEnglish(t *testing.T) {
	var e render.English
	at := time.Date(2026, time.March, 5, 20, 4, 0, 0, time.FixedZone("", 3600))
	for got, want := range map[string]string{
		e.Posts(0):                   "0 posts",
		e.Posts(1):                   "1 post",
		e.Posts(1234567):             "1,234,567 posts",
		e.Read("", at):               "Read on 5 March 2026, 19:04 UTC.",
		e.Read("X", time.Time{}):     "Read from X.",
		e.Read("", time.Time{}):      "",
		e.Verdict(unroll.Partial, 2): "partial: 2 posts missing",
		e.Verdict(unroll.Partial, 0): "partial: something is missing",
		e.Because(unroll.Complete, unroll.Evidence{Rule: unroll.RuleCounter, Have: 5, Want: 5}):  "Complete: the source counts 5 posts, and all are here.",
		e.Because(unroll.Partial, unroll.Evidence{Rule: unroll.RuleNumbering, Have: 3, Want: 5}): "Partial: the author numbered 5 posts, and 3 are here.",
		e.Because("new state", unroll.Evidence{Rule: "new rule"}):                                "Perhaps not complete.",
		e.Media(unroll.Media{Kind: unroll.MediaVideo, Duration: 3661 * time.Second}):             "Video (61:01)",
		e.Poll(unroll.Poll{Votes: 1, EndsAt: at}, at.Add(-time.Hour)):                            "Poll: 1 vote, open until 5 March 2026",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestMinutes(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       int
	}{
		{"nothing", "", 0},
		{"less than half a minute", strings.Repeat("word ", 114), 0},
		{"rounded up", strings.Repeat("word ", 115), 1},
		{"rounded down", strings.Repeat("word ", 344), 1},
		{"without spaces", strings.Repeat("語", 1000), 2},
		{"both", strings.Repeat("word 語", 230) + strings.Repeat("語", 270), 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			thread := unroll.Thread{Posts: []unroll.Post{{ID: "1", Text: tt.text}}}
			if got := render.Minutes(&thread); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}
