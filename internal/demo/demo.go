// Package demo is a small world to try the program in, without any network:
// one thread each on X, Bluesky and Mastodon, with the pictures in them and
// the people around them, written for this purpose and served on loopback in
// the dialects of the real services.
//
// The threads hold what is hard about threads: a post that is gone, a side
// branch, replies by others, a quote, polls, link cards, a content warning, a
// long post, scripts that run from right to left.
package demo

import (
	"context"
	"embed"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net"
	"net/http"
	"strconv"
	"strings"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// The pictures are the drawings beside them as PNG: no export holds SVG, and
// no proxy passes it on, because it may hold scripts.
//
//go:embed threads/*.txtar media/*.png
var files embed.FS

// Addr is where the demo listens when it can, so that links to it last from
// one run to the next.
const Addr = "127.0.0.1:8471"

// Net is the running demo. One server speaks for all three networks.
type Net struct {
	FxTwitterURL string
	AppViewURL   string
	MastodonHost string // "127.0.0.1:port", to be trusted and spoken to in plain http
	MediaURL     string // where the pictures come from

	Links []Link
	Chat  []Said // what people wrote in a chat before the bot was asked: the links, and a wish

	stop func() error
}

// Link leads to the last post of one of the threads, as people paste it who
// have just read to the end.
type Link struct {
	Network unroll.Network
	URL     string
	Title   string // what the thread is about
	Author  string // name of who wrote it
}

// Said is a message of a chat.
type Said struct {
	From string
	Text string
}

// Serve serves the demo until ctx ends or Close is called.
func Serve(ctx context.Context) (*Net, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", Addr)
	if err != nil { // taken: another port does, too
		l, err = lc.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	host := l.Addr().String()
	base := "http://" + host
	h, err := handler(base)
	if err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("demo: %w", err)
	}
	n := &Net{
		FxTwitterURL: base, AppViewURL: base, MastodonHost: host, MediaURL: base + "/media/",
		Links: []Link{
			{unroll.X, "https://x.com/vanepoint/status/" + xID("21"), "How a lighthouse lens works", "Ines Halloran"},
			{unroll.Bluesky, "https://bsky.app/profile/mairi.weaving.test/post/" + blueskyID("18"), "Bringing an old loom back to work", "Mairi of the Shed"},
			{unroll.Mastodon, base + "/@jorunn/" + mastodonID("16"), "A loaf of rye on the night shift", "Jorunn"},
		},
		stop: fakenet.Serve(ctx, l, h),
	}
	n.Chat = []Said{
		{"Nell", "I have driven past that lighthouse for years and had no idea: " + n.Links[0].URL + "?s=20"},
		{"Pearl", "this, about the loom AND the hen " + n.Links[1].URL},
		{"Anselm", "Baking tonight, who's in?\n" + n.Links[2].URL},
		{"Nell", "Can somebody get me those in one piece? There is no signal on the ferry."},
	}
	return n, nil
}

// Trusted lists what the program has to trust to read the demo.
func (n *Net) Trusted() []string { return []string{n.MastodonHost} }

// Close stops serving.
func (n *Net) Close() error { return n.stop() }

// handler serves all three networks and the pictures; their paths do not meet.
func handler(base string) (http.Handler, error) {
	x, err := world("x", base, xID)
	if err != nil {
		return nil, err
	}
	bluesky, err := world("bluesky", base, blueskyID)
	if err != nil {
		return nil, err
	}
	mastodon, err := world("mastodon", base, mastodonID)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /2/", fakenet.NewFxTwitter(x, fakenet.FxTwitterConfig{}))
	mux.Handle("GET /xrpc/", fakenet.NewAppView(bluesky, fakenet.AppViewConfig{}))
	mux.Handle("GET /media/", http.FileServerFS(files))
	mux.HandleFunc("GET /avatars/original/missing.png", faceless)
	mux.Handle("/", fakenet.NewMastodon(mastodon, fakenet.MastodonConfig{Base: base}))
	return mux, nil
}

// faceless is the picture of authors who have none, as Mastodon has it.
func faceless(w http.ResponseWriter, _ *http.Request) {
	grey := image.NewPaletted(image.Rect(0, 0, 48, 48), color.Palette{color.Gray{0xb4}})
	_ = png.Encode(w, grey) // whoever left misses nothing
}

// world reads a thread file and gives its posts the network's kind of IDs and
// its pictures full addresses.
func world(name, base string, id func(string) string) (fakenet.World, error) {
	data, err := files.ReadFile("threads/" + name + ".txtar")
	if err != nil {
		return fakenet.World{}, err
	}
	w, err := fakenet.Parse(data)
	if err != nil {
		return fakenet.World{}, fmt.Errorf("%s: %w", name, err)
	}
	full := func(address *string) {
		if strings.HasPrefix(*address, "/") {
			*address = base + *address
		}
	}
	for i := range w.Authors {
		full(&w.Authors[i].Avatar)
	}
	for code, address := range w.Emoji {
		full(&address)
		w.Emoji[code] = address
	}
	for i := range w.Posts {
		p := &w.Posts[i]
		for j := range p.Media {
			full(&p.Media[j].URL)
		}
		for j := range p.Facets {
			full(&p.Facets[j].URL)
		}
		if p.Card != nil {
			full(&p.Card.Image)
		}
	}
	return w.Rename(id), nil
}

// The files number posts by hand; on the networks they have IDs that look
// like others of their time and keep that order.

func xID(n string) string        { return strconv.Itoa(2050651137433600000 + 104729*number(n)) }
func mastodonID(n string) string { return strconv.Itoa(116190423866081280 + 7919*number(n)) }

// blueskyID is a TID: 13 letters of an alphabet that sorts as it counts.
func blueskyID(n string) string {
	const alphabet = "234567abcdefghijklmnopqrstuvwxyz"
	tid := []byte("3mkd2ouq72222")
	for i, v := len(tid)-1, number(n)*1021; v > 0; i, v = i-1, v/32 {
		tid[i] = alphabet[v%32]
	}
	return string(tid)
}

// number is a file's name as a number; 0 for what is none.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
