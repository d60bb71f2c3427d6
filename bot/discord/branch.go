package discord

import (
	"strconv"
	"strings"

	"github.com/bwmarrin/discordgo"

	"unrollbot/unroll"
)

// maxOption bounds the label and the value of a menu's option, in UTF-16
// units (Discord, "Component Reference", November 2026).
const maxOption = 100

// branches offers the side branches of a thread, by their first words. Choosing
// one lays the thread through its last post.
func branches(t *unroll.Thread) []discordgo.SelectMenuOption {
	var out []discordgo.SelectMenuOption
	for _, b := range t.Branches {
		words, posts := "", 0
		for i := range b.Posts {
			if b.Posts[i].Gap != nil {
				continue
			}
			posts++
			if words == "" && b.Posts[i].Warning == "" {
				words = strings.Join(strings.Fields(b.Posts[i].Text), " ")
			}
		}
		if posts == 0 || len(out) == maxMenu {
			continue
		}
		count := " · " + strconv.Itoa(posts)
		path := t.RefOf(&b.Posts[len(b.Posts)-1]).Path()
		if len(path) <= maxOption {
			out = append(out, discordgo.SelectMenuOption{Label: clip(strings.TrimSpace("⑂ "+words), maxOption-units(count)) + count, Value: path})
		}
	}
	return out
}
