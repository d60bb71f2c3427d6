package discord

import (
	"context"
	"encoding/base64"
	"fmt"
	"html/template"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/internal/demo"
	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/boltstore"
	"unrollbot/unroll/source/bluesky"
	"unrollbot/unroll/source/fxtwitter"
	"unrollbot/unroll/source/mastodon"
)

// TestPictures plays the scenes of docs/discord.md with the threads of the demo
// and writes what the stand-in recorded as pages in the look of Discord's
// client: discord-*.html in the directory that UNROLL_PICTURES names. The page
// says how the pictures are made of them.
func TestPictures(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("UNROLL_PICTURES")
	if dir == "" {
		dir = t.TempDir()
	}
	s := newStage(t)
	lighthouse, loom := s.net.Links[0].URL, s.net.Links[1].URL

	asked := s.said("Pearl", "this, about the loom AND the hen "+loom)
	answer := s.r.Answered(s.r.Interact(bottest.DiscordInteraction{
		Menu: "Unroll thread", Target: map[string]any{"id": asked.id, "channel_id": bottest.DiscordChannel, "content": asked.Text, "author": map[string]any{"id": "5"}},
	}))
	s.page(dir, "answer", asked, s.bot(answer, "Nell used Unroll thread"))

	s.r.press(answer, "In a thread", "")
	var in []scene
	s.r.Await("the Discord thread", func(st *bottest.DiscordState) bool {
		in = nil
		for _, m := range st.Sent() {
			if m.Channel == asked.id {
				in = append(in, s.bot(m, ""))
			}
		}
		return len(st.Threads) == 1 && len(in) > 1
	})
	s.page(dir, "thread", in[:1]...)

	private := s.r.Answered(s.r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": loom, "private": true, "view": "branches"}}))
	file := s.r.Answered(s.r.press(answer, "As file", ""))
	s.page(dir, "private", s.bot(private, "Nell used /unroll"), s.bot(file, "Nell pressed As file"))

	s.r.set(map[string]any{optionAuto: choiceHere})
	wrote := s.said("Nell", "I have driven past that lighthouse for years and had no idea: "+lighthouse)
	s.r.Say(map[string]any{"content": wrote.Text})
	var offer *bottest.DiscordMessage
	s.r.Await("the offer", func(st *bottest.DiscordState) bool {
		for _, m := range st.Sent() {
			if m.ReplyTo != "" {
				offer = m
			}
		}
		return offer != nil
	})
	news := s.news(loom, 2)
	settings := s.r.Answered(s.r.Interact(bottest.DiscordInteraction{Command: commandSettings, Permissions: "32"}))
	s.page(dir, "more", wrote, s.bot(offer, ""), s.bot(news, ""), s.bot(settings, "Nell used /unroll-settings"))

	for _, name := range []string{"answer", "thread", "private", "more"} {
		page, err := os.ReadFile(filepath.Join(dir, "discord-"+name+".html"))
		if err != nil || strings.Count(string(page), `class="message"`) == 0 || strings.Contains(string(page), `src="http`) {
			t.Errorf("%s: %v, %.200s", name, err, page)
		}
	}
}

// playhouse is the bot with the demo's threads, at the stand-in.
type playhouse struct {
	t       *testing.T
	r       *rig
	net     *demo.Net
	service *unroll.Service
}

func newStage(t *testing.T) *playhouse {
	t.Helper()
	net, service := demoService(t)
	phrases, err := bot.NewMessages()
	if err != nil {
		t.Fatal(err)
	}
	r := prepare(t, bottest.DiscordConfig{MessageContent: true}, answererOf(service, phrases).Handle)
	r.adapter.phrases = phrases
	r.run()
	r.Connected(1)
	return &playhouse{t, r, net, service}
}

func answererOf(s *unroll.Service, p bot.Phrases) *bot.Answerer {
	return bot.NewAnswerer(bot.AnswererConfig{PublicURL: "https://unroll.example"}, bot.NewTriggers([]string{"unroll"}), s, p)
}

// demoService unrolls the threads of the demo, with a store.
func demoService(t testing.TB) (*demo.Net, *unroll.Service) {
	t.Helper()
	net, err := demo.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = net.Close() })
	client := httpx.New(httpx.Config{UserAgent: "unrollbot-pictures", Trusted: net.Trusted()})
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(t.TempDir(), "pictures.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	var sources []unroll.Source
	add := func(s unroll.Source, err error) {
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, s)
	}
	add(fxtwitter.New(fxtwitter.Config{BaseURL: net.FxTwitterURL}, client))
	add(bluesky.New(bluesky.Config{BaseURL: net.AppViewURL}, client))
	add(mastodon.New(mastodon.Config{Trusted: net.Trusted()}, client))
	service, err := unroll.New(unroll.Config{}, sources, store)
	if err != nil {
		t.Fatal(err)
	}
	return net, service
}

// news has a thread's last posts told as new.
func (s *playhouse) news(link string, posts int) *bottest.DiscordMessage {
	s.t.Helper()
	ref, err := unroll.ParseRef(link)
	if err != nil {
		s.t.Fatal(err)
	}
	thread, err := s.service.Unroll(s.t.Context(), ref)
	if err != nil {
		s.t.Fatal(err)
	}
	o := output{a: s.r.adapter, channel: "102", speaker: s.r.adapter.speaker("en"), stage: stage{lasting: true, open: true}}
	reply := bot.Reply{Thread: &thread, PageURL: "https://unroll.example" + thread.Ref.Path(), NewFrom: thread.Posts[len(thread.Posts)-posts].ID}
	if err := o.news(context.Background(), &reply); err != nil {
		s.t.Fatal(err)
	}
	var news *bottest.DiscordMessage
	s.r.Look(func(st *bottest.DiscordState) {
		for _, m := range st.Sent() {
			if m.Channel == "102" {
				news = m
			}
		}
	})
	return news
}

// scene is a message on a page.
type scene struct {
	Name, Text, Above string
	Bot, Private      bool
	Body              template.HTML
	id                string
}

func (s *playhouse) said(name, text string) scene {
	id := fmt.Sprint(900 + len(text))
	return scene{Name: name, Text: text, id: id}
}

func (s *playhouse) bot(m *bottest.DiscordMessage, above string) scene {
	d := drawing{pictures: s.picture}
	return scene{Name: "Unrollbot", Bot: true, Private: m.Private(), Above: above, Body: d.components(m.Body["components"]), id: m.ID}
}

// picture is a picture of the demo, from its files.
func (s *playhouse) picture(address string) template.URL {
	name := strings.TrimPrefix(address, s.net.MediaURL)
	data, err := os.ReadFile(filepath.Join("..", "..", "internal", "demo", "media", path.Base(name)))
	if err != nil {
		return ""
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(data))
}

func (s *playhouse) page(dir, name string, scenes ...scene) {
	s.t.Helper()
	f, err := os.Create(filepath.Join(dir, "discord-"+name+".html"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := pictureFrame.Execute(f, scenes); err != nil {
		s.t.Fatal(err)
	}
}
