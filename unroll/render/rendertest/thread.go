// Package rendertest holds a thread that has everything a thread can have,
// for tests of renderers and of the reader.
package rendertest

import (
	"fmt"
	"strings"
	"time"

	"unrollbot/unroll"
)

// start is when the first post was written.
var start = time.Date(2026, time.March, 3, 18, 4, 0, 0, time.UTC)

// Thread is a Mastodon thread of 23 places, one of them a gap and one a cut
// text, with media of every kind, quotes, polls, a card, a content warning, posts
// from right to left, and a side branch that forks again. Pictures live
// below media, an address without a slash at its end.
func Thread(media string) unroll.Thread {
	b := builder{media: media}
	b.main()
	t := unroll.Thread{
		Schema: unroll.SchemaVersion,
		Ref:    unroll.Ref{Network: unroll.Mastodon, Host: "tidewater.example", ID: "1100"},
		Author: unroll.Author{
			ID: "https://tidewater.example/users/mara", Handle: "mara@tidewater.example", Name: "Mara Lindqvist",
			URL: "https://tidewater.example/@mara", Avatar: media + "/avatar.png",
		},
		Posts: b.posts,
		ReplyTo: &unroll.Quote{
			URL:    "https://harbour.example/@jo/900",
			Author: unroll.Author{Handle: "jo@harbour.example", Name: "Jo Adeyemi", URL: "https://harbour.example/@jo"},
			Text:   "Why do lighthouses blink at all? Surely a steady lamp is easier to find.",
			At:     start.Add(-26 * time.Minute),
		},
		Verdict: unroll.Verdict{State: unroll.Partial, Evidence: []unroll.Evidence{
			{Rule: unroll.RuleGap, State: unroll.Partial, Post: id(10)},
			{Rule: unroll.RuleCutText, State: unroll.Partial, Post: id(19)},
			{Rule: unroll.RuleNumbering, State: unroll.Partial, Have: 22, Want: 23},
			{Rule: unroll.RuleEnd, State: unroll.Complete, Post: id(23)},
		}},
		Source:    "mastodon",
		FetchedAt: start.Add(49 * time.Hour),
	}
	t.Branches = b.branches()
	return t
}

// Long is a plain thread of n posts, for benchmarks.
func Long(n int) unroll.Thread {
	b := builder{media: "https://media.example"}
	for i := range n {
		p := b.post(fmt.Sprintf("Post %d of a long thread. It has two sentences & a link to https://example.org/%d, as most do.", i+1, i+1))
		p.Facets = []unroll.Facet{Link(p.Text, fmt.Sprintf("https://example.org/%d", i+1), "")}
		if i%5 == 4 {
			p.Media = []unroll.Media{{Kind: unroll.MediaImage, URL: b.media + "/a.jpg", Alt: "A picture", Width: 1200, Height: 800}}
		}
	}
	return unroll.Thread{
		Schema:  unroll.SchemaVersion,
		Ref:     unroll.Ref{Network: unroll.X, ID: id(1)},
		Author:  unroll.Author{ID: "1", Handle: "mara", Name: "Mara Lindqvist", URL: "https://x.com/mara"},
		Posts:   b.posts,
		Verdict: unroll.Verdict{State: unroll.Complete, Evidence: []unroll.Evidence{{Rule: unroll.RuleEnd, State: unroll.Complete}}},
		Source:  "fxtwitter", FetchedAt: start.Add(time.Hour),
	}
}

// Link is a facet over the first occurrence of word in text. An empty url
// means word itself.
func Link(text, word, url string) unroll.Facet {
	if url == "" {
		url = word
	}
	return Mark(text, word, unroll.FacetLink, url)
}

// Mark is a facet of any kind over the first occurrence of word in text.
func Mark(text, word string, kind unroll.FacetKind, url string) unroll.Facet {
	i := strings.Index(text, word)
	if i < 0 {
		panic("rendertest: " + word + " is not in the text")
	}
	return unroll.Facet{Start: i, End: i + len(word), Kind: kind, URL: url}
}

func id(n int) string { return fmt.Sprint(1100 + n - 1) }

type builder struct {
	media string
	posts []unroll.Post
}

// post adds the next post of the chain, in English, four minutes later.
func (b *builder) post(text string) *unroll.Post {
	n := len(b.posts) + 1
	p := unroll.Post{
		ID: id(n), URL: "https://tidewater.example/@mara/" + id(n),
		At: start.Add(time.Duration(n-1) * 4 * time.Minute), Lang: "en", Text: text,
	}
	if n > 1 {
		p.ParentID = id(n - 1)
	}
	b.posts = append(b.posts, p)
	return &b.posts[len(b.posts)-1]
}

func (b *builder) picture(name, alt string, w, h int) unroll.Media {
	return unroll.Media{Kind: unroll.MediaImage, URL: b.media + "/" + name, Alt: alt, Width: w, Height: h}
}

func (b *builder) main() {
	p := b.post("How lighthouses learned to speak 🧵\n\nBefore radio, a light had to say two things at once: here is land, and I am this land and no other. A thread about the grammar of lights. 1/23")
	p.Facets = []unroll.Facet{Mark(p.Text, "here is land", unroll.FacetItalic, ""), Mark(p.Text, "I am this land and no other", unroll.FacetItalic, "")}
	p.Media = []unroll.Media{b.picture("tower.png", "A white lighthouse on a low skerry at dusk, its beam just lit.", 1600, 1067)}

	b.post("For most of history a light was a fire: coal in an iron basket, or a room full of candles behind glass. It could only be on. Two fires a few miles apart looked the same, and ships died of that resemblance. 2/23")

	b.post("The first idea was to multiply. One fire here, two there, three on the headland. It works for as long as nobody runs out of coal, and as long as you come from the one side on which the three do not hide behind each other.\n\nEvery keeper knew nights when three were two. 3/23")

	p = b.post("Then came the lens. Augustin Fresnel cut the heavy curve of a lens into rings, threw the needless glass away, and bent nearly all the light of one lamp into a sheet: https://museum.example/fresnel 4/23")
	p.Facets = []unroll.Facet{Link(p.Text, "https://museum.example/fresnel", "")}
	p.Card = &unroll.Card{
		URL: "https://museum.example/fresnel", Title: "The lens that saved a million ships",
		Description: "How a road engineer with weak lungs rebuilt the lighthouse from a single idea about rings of glass.",
		Image:       b.media + "/lens.png", ImageAlt: "A first-order Fresnel lens, taller than a man.",
	}

	p = b.post("Four lenses from the same workshop, from harbour lamp to ocean light: 5/23")
	p.Media = []unroll.Media{
		b.picture("lens1.png", "A harbour lens the size of a bucket.", 800, 800),
		b.picture("lens2.png", "A river lens with one broken prism.", 800, 800),
		b.picture("lens3.png", "", 800, 1200),
		b.picture("lens4.png", "An ocean lens; a person stands inside it.", 1200, 800),
	}

	p = b.post("A sheet of light can be turned. Float the lens on a bath of mercury, and a child can move three tons with a finger. Clockwork turns it, a weight drives the clockwork, the keeper winds the weight. The dark between two sheets is the first consonant. 6/23")
	p.EditedAt = p.At.Add(11 * time.Minute)
	p.Media = []unroll.Media{{
		Kind: unroll.MediaVideo, URL: b.media + "/turn.mp4", Preview: b.media + "/turn.png", Width: 1280, Height: 720, Duration: 74 * time.Second,
		Alt:      "The lens turns; bars of light move over the wall of the lamp room.",
		Variants: []unroll.Variant{{URL: b.media + "/turn.mp4", Type: "video/mp4", Bitrate: 2_176_000}, {URL: b.media + "/turn.m3u8", Type: "application/x-mpegURL"}},
	}}

	b.post("So a grammar grew:\n\nfixed: always on\nflashing: more dark than light\nocculting: more light than dark\nisophase: both the same\n\nand a number of seconds after which everything begins again. 7/23")

	p = b.post("On a chart it looks like this: Fl(3) WRG 15s 21m 15M. Three flashes, white, red and green by sector, every fifteen seconds, twenty-one metres up, seen fifteen miles out. One line, and you know where you are. 8/23")
	p.Facets = []unroll.Facet{Mark(p.Text, "Fl(3) WRG 15s 21m 15M", unroll.FacetCode, "")}

	p = b.post("Which would you rather read in a storm? 9/23")
	p.Poll = &unroll.Poll{
		Options: []unroll.PollOption{{Label: "A steady red light", Votes: 112}, {Label: "Two white flashes", Votes: 987}, {Label: "A horn, please", Votes: 135}},
		Votes:   1234, EndsAt: start.Add(24 * time.Hour),
	}

	p = b.post("")
	*p = unroll.Post{ID: p.ID, ParentID: p.ParentID, Gap: &unroll.Gap{Reason: unroll.GapDeleted}}

	p = b.post("(I deleted a post here: the date was wrong. Thank you, @jo@harbour.example, for seeing it. #corrections) 11/23")
	p.Facets = []unroll.Facet{Mark(p.Text, "@jo@harbour.example", unroll.FacetMention, "https://harbour.example/@jo"), Mark(p.Text, "#corrections", unroll.FacetTag, "https://tidewater.example/tags/corrections")}

	p = b.post("A keeper's rule that I love, from the service book of 1884: 12/23")
	p.Quote = &unroll.Quote{
		URL:    "https://archive.example/@books/4411",
		Author: unroll.Author{Handle: "books@archive.example", Name: "Old Service Books", URL: "https://archive.example/@books", Avatar: b.media + "/books.png"},
		Text:   "“The lamp shall burn bright and clear from sunset to sunrise. The keeper shall on no account leave the light while it is burning, not for sickness, not for company.”",
		Media:  []unroll.Media{b.picture("page.png", "A printed page with a thumb mark in the margin.", 1000, 700)},
		At:     start.Add(-300 * 24 * time.Hour),
	}

	p = b.post("In Haifa I found this painted on the wall of the lamp room. 13/23")
	p.Quote = &unroll.Quote{URL: "https://gone.example/@x/1", Gap: &unroll.Gap{Reason: unroll.GapPrivate}}

	p = b.post("המגדלור אינו מציל אף ספינה. הוא רק אומר לה איפה היא נמצאת, (Fl 5s) וזה מספיק. 14/23")
	p.Lang = "he"

	p = b.post("And in Alexandria, where it all began, an old man told me: المنارة لا تتحرك، لكنها تسافر أبعد من كل سفينة. I have thought of it every day since. 15/23")
	p.Lang = "en"

	p = b.post("The wreck of the Vesper, for those who want to know what a wrong light costs. The drawing is hard to look at. 16/23")
	p.Warning, p.Sensitive = "drowning, a historical drawing", true
	p.Media = []unroll.Media{b.picture("vesper.png", "An engraving: men on a mast, waves over the hull.", 1400, 900)}

	p = b.post("What it sounds like inside, in fog. Headphones, but not loud. 17/23")
	p.Media = []unroll.Media{{Kind: unroll.MediaAudio, URL: b.media + "/horn.mp3", Alt: "A diaphone: a long low note that ends in a grunt.", Duration: 21 * time.Second}}

	p = b.post("The dance of a Fresnel panel being cleaned 👩🏽‍🔧✨ :lighthouse: 18/23")
	p.Facets = []unroll.Facet{Mark(p.Text, ":lighthouse:", unroll.FacetEmoji, b.media+"/emoji.png")}
	p.Media = []unroll.Media{{Kind: unroll.MediaGIF, URL: b.media + "/clean.mp4", Preview: b.media + "/clean.png", Width: 480, Height: 480}}

	p = b.post("Then electricity made it easy, and ease made it quiet. In 1958 a committee in Stockholm asked which lights could be put out. The list had four hundred names on it, and beside each name the keeper's, and beside the keeper's the year in which")
	p.Cut = true

	p = b.post("What they wrote at the foot of the list:\nA light that nobody needs is still a light that somebody can see.\n20/23")
	p.Facets = []unroll.Facet{Mark(p.Text, "A light that nobody needs is still a light that somebody can see.\n", unroll.FacetQuote, "")}

	p = b.post("Today a phone knows the coast to within a metre. It also knows nothing when its battery is empty, and it has never once been able to tell you that somebody is awake. 21/23")
	p.Facets = []unroll.Facet{Mark(p.Text, "somebody is awake", unroll.FacetBold, "")}

	b.post("If you go: the one at Sandhammaren is open on Sundays. Take stairs slowly. Look at the prisms, not through them. 22/23")

	b.post("That is the thread. Thank you for reading to the end, and keep a light on. 23/23")
}

func (b *builder) branches() []unroll.Branch {
	post := func(n int, parent, text string) unroll.Post {
		return unroll.Post{
			ID: fmt.Sprint(n), URL: fmt.Sprintf("https://tidewater.example/@mara/%d", n), ParentID: parent,
			At: start.Add(time.Duration(n-1100) * time.Minute), Lang: "en", Text: text,
		}
	}
	return []unroll.Branch{
		{After: id(6), Posts: []unroll.Post{
			post(1201, id(6), "A side note on mercury, because several of you asked: yes, it was as bad as it sounds."),
			post(1202, "1201", "Keepers strained it through chamois leather, by hand, every month. Some of the stories about mad keepers are stories about vapour."),
			post(1203, "1202", "Modern lights turn on ball bearings. The baths that remain are sealed."),
		}},
		{After: "1201", Posts: []unroll.Post{
			post(1211, "1201", "And no, please do not try it at home. I can see your faces."),
		}},
		{After: id(20), Posts: []unroll.Post{
			post(1221, id(20), "The list itself is in the national archive, box 17. It smells of paraffin."),
		}},
	}
}
