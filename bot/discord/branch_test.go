package discord

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/bwmarrin/discordgo"
	"github.com/google/go-cmp/cmp"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
)

func TestSideBranches(t *testing.T) {
	t.Parallel()
	th := thread(1)
	th.Branches = []unroll.Branch{
		{After: "20", Posts: []unroll.Post{{ID: "30", Text: "An aside:\n" + strings.Repeat("long ", 40)}, {ID: "31", Text: "more"}}},
		{After: "20", Posts: []unroll.Post{{ID: "40", Gap: &unroll.Gap{}}}},
		{After: "20", Posts: []unroll.Post{{ID: "50", Text: "The end", Warning: "plot"}}},
	}
	r := start(t, bottest.DiscordConfig{}, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		return res.Send(ctx, bot.Reply{Thread: th, Asked: th.Ref, PageURL: "https://unroll.example/x/20", Page: 1})
	})
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}}))
	menu := ""
	m.Walk(func(c map[string]any) {
		if c["type"] == float64(3) {
			menu, _ = c["custom_id"].(string)
		}
	})
	got := branches(th, th.Ref)
	if len(got) != 3 || !got[0].Default || got[0].Value != "/x/20" || !strings.HasPrefix(got[0].Label, "● Post 1 of") {
		t.Errorf("the chain that is shown: %+v", got)
	}
	got = got[1:]
	if got[0].Value != "/x/31" || !strings.HasPrefix(got[0].Label, "⑂ An aside: long") || !strings.HasSuffix(got[0].Label, "… · 2") || units(got[0].Label) != maxOption {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(discordgo.SelectMenuOption{Label: "⑂ · 1", Value: "/x/50"}, got[1]); diff != "" {
		t.Error("what is covered is shown", diff)
	}
	r.Interact(bottest.DiscordInteraction{Press: menu, On: m.ID, Values: []string{got[0].Value}})
	r.Interact(bottest.DiscordInteraction{Press: menu, On: m.ID, Values: []string{"/nowhere"}}) // nobody's choice
	r.Await("the branch", func(s *bottest.DiscordState) bool { return s.Count("PATCH /webhooks/") == 2 })
	if ask := r.handler.requests()[1].Page; ask == nil || ask.Ref.ID != "31" || ask.Number != 1 {
		t.Errorf("asked %+v", ask)
	}
}

func TestManyBranchesFitTheMenu(t *testing.T) {
	th := thread(1)
	for i := range 40 {
		th.Branches = append(th.Branches, unroll.Branch{After: "20", Posts: []unroll.Post{{ID: strconv.Itoa(100 + i), Text: "x"}}})
	}
	if n := len(branches(th, th.Ref)); n != maxMenu {
		t.Errorf("%d options", n)
	}
}

// A thread that is not complete says so, in every form.
func TestPartialThreads(t *testing.T) {
	t.Parallel()
	th := thread(3)
	th.Verdict = unroll.Verdict{State: unroll.Partial}
	r := start(t, bottest.DiscordConfig{}, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		return res.Send(ctx, bot.Reply{Thread: th, Asked: th.Ref, PageURL: "https://unroll.example/x/20", Page: 1})
	})
	for _, view := range []string{choicePages, "all", "link", "file"} {
		m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link, "view": view}}))
		text := m.Text()
		for _, content := range m.Files {
			text += content
		}
		if !strings.Contains(strings.ToLower(text), "missing") && !strings.Contains(strings.ToLower(text), "incomplete") {
			t.Errorf("%s: %q", view, text)
		}
	}
}
