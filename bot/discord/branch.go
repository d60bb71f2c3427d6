package discord

import (
	"context"
	"strconv"
	"strings"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// maxOption bounds the label and the value of a menu's option, in UTF-16
// units (Discord, "Component Reference", November 2026).
const maxOption = 100

// branches offers the chain that is shown, which asked named, and the side
// branches of a thread, by their first words. Choosing one lays the thread
// through its last post; what was the main chain is a side branch then.
func branches(t *unroll.Thread, asked unroll.Ref) []discordgo.SelectMenuOption {
	var out []discordgo.SelectMenuOption
	add := func(sign string, posts []unroll.Post, to unroll.Ref) {
		words, n := opening(posts)
		if path := to.Path(); n > 0 && len(path) <= maxOption && len(out) < maxMenu {
			count := " · " + strconv.Itoa(n)
			out = append(out, discordgo.SelectMenuOption{Label: clip(strings.TrimSpace(sign+" "+words), maxOption-units(count)) + count, Value: path})
		}
	}
	for _, b := range t.Branches {
		if len(b.Posts) == 0 {
			continue
		}
		if len(out) == 0 {
			add("●", t.Posts, asked)
		}
		add("⑂", b.Posts, t.RefOf(&b.Posts[len(b.Posts)-1]))
	}
	if len(out) == 1 { // no branch can be read
		return nil
	}
	if len(out) > 0 {
		out[0].Default = out[0].Value == asked.Path()
	}
	return out
}

// opening is the first words of a chain that its author left uncovered, and
// how many of its posts can be read.
func opening(posts []unroll.Post) (words string, n int) {
	for i := range posts {
		if posts[i].Gap != nil {
			continue
		}
		n++
		if words == "" && posts[i].Warning == "" {
			words = strings.Join(strings.Fields(posts[i].Text), " ")
		}
	}
	return words, n
}

// maxOpening bounds the words by which a branch is named, in UTF-16 units.
const maxOpening = 160

// branches names the side branches: where each forks off, how it begins, how
// long it is. The menu lays the thread along one.
func (o *output) branches(ctx context.Context, r *bot.Reply) outgoing {
	rows := row(nil, openButton(o.speaker, r.PageURL))
	b := o.book(ctx, r)
	b.body = b.forks(o.speaker.words().Words, r.PageURL)
	if len(b.body) == 0 {
		return sentence(o.speaker.say("no_branches", "This thread has no side branches.", nil), rows...)
	}
	b.lay()
	at := placeOf(r, b)
	k := o.a.keys(ctx, at.ref)
	if menu := row(nil, k.branches(o.speaker, at)); k.err == nil {
		rows = append(menu, rows...)
	}
	return b.message(b.container(1), place{pageURL: r.PageURL, n: 1}, rows)
}

// forks has a block for each side branch.
func (b *book) forks(w render.Words, pageURL string) []render.Block {
	at := make(map[string]string, b.thread.Len()) // the words of posts
	for p := range b.thread.All {
		at[p.ID], _ = opening([]unroll.Post{*p})
	}
	var out []render.Block
	for _, branch := range b.thread.Branches {
		words, n := opening(branch.Posts)
		if n == 0 {
			continue
		}
		text := w.BranchAfter(clip(at[branch.After], maxOpening/2)) + "\n"
		block := render.Block{Kind: render.BlockText, PostID: branch.After, Text: text + clip(strings.TrimSpace("⑂ "+words), maxOpening)}
		if pageURL != "" {
			block.Facets = []unroll.Facet{{
				Start: len(text), End: len(block.Text), Kind: unroll.FacetLink,
				URL: pageURL + "#" + render.Anchor(b.thread, branch.Posts[0].ID),
			}}
		}
		block.Text += " · " + w.Posts(n)
		out = append(out, block)
	}
	return out
}

// branches is the menu of chains, if there are several.
func (k *keys) branches(s speaker, p place) []discordgo.MessageComponent {
	if len(p.branches) == 0 {
		return nil
	}
	return []discordgo.MessageComponent{discordgo.SelectMenu{
		CustomID: k.customID(verbBranch, ""), Placeholder: s.say("button_branches", "Side branches", nil), Options: p.branches,
	}}
}
