package telegram

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// Limits of media sent by address (Bot API, "Sending files" and
// "sendMediaGroup", November 2026).
const (
	maxAlbum   = 10
	maxCaption = 1024     // UTF-16 units, as for texts
	maxVideo   = 20 << 20 // bytes of a video that Telegram fetches
)

// maxExhibits is how many media one press may bring: three albums. Each
// counts as a message, and a group is allowed twenty a minute.
const maxExhibits = 3 * maxAlbum

// exhibitor answers a press with the thread's pictures and videos.
type exhibitor struct{ *presser }

// Send sends the media below the answer, as albums.
func (r *exhibitor) Send(ctx context.Context, reply bot.Reply) error {
	if reply.Thread == nil {
		return r.sorry(ctx, reply)
	}
	if r.twice(ctx) {
		r.answer(ctx, "")
		return nil
	}
	items, links := exhibits(reply.Thread)
	first := true
	for _, album := range albums(items) {
		switch _, err := r.a.sendAlbum(ctx, r.to, album, first); {
		case errors.Is(err, errUnfetched):
			for _, item := range album {
				links = append(links, item.Media)
			}
		case err != nil:
			return r.end(ctx, err)
		}
		first = false
	}
	r.did(ctx)
	r.answer(ctx, "")
	if len(links) == 0 {
		return nil
	}
	// What Telegram does not take can still be seen where it is.
	var w writer
	for i, link := range links {
		if units(link)+len("\n") > maxText-w.units {
			break
		}
		if i > 0 {
			w.plain("\n")
		}
		w.plain(link)
	}
	_, err := r.a.send(ctx, r.to, view{richText: w.done(), Preview: &preview{Disabled: true}}, answerPatience)
	return r.a.unlessGone(err)
}

// exhibit is one item of an album.
type exhibit struct {
	Type    string `json:"type"` // photo or video
	Media   string `json:"media"`
	Caption string `json:"caption,omitempty"`
	Spoiler bool   `json:"has_spoiler,omitempty"`
}

// exhibits gives the thread's media as Telegram takes them, and the
// addresses of those that it does not.
func exhibits(t *unroll.Thread) (items []exhibit, links []string) {
	for p := range t.All {
		for _, m := range p.Media {
			if len(items)+len(links) == maxExhibits {
				return items, links
			}
			e := exhibitOf(m, p.Sensitive || p.Warning != "")
			switch link := cmp.Or(p.URL, m.URL); {
			case public(e.Media):
				items = append(items, e)
			case public(link) && !slices.Contains(links, link):
				links = append(links, link)
			}
		}
	}
	return items, links
}

func exhibitOf(m unroll.Media, covered bool) exhibit {
	e := exhibit{Caption: strings.TrimSpace(cutUnits(m.Alt, maxCaption)), Spoiler: covered}
	switch m.Kind {
	case unroll.MediaImage:
		e.Type, e.Media = "photo", m.URL
	case unroll.MediaVideo, unroll.MediaGIF:
		e.Type, e.Media = "video", bestVideo(m)
	case unroll.MediaAudio:
	}
	return e
}

// bestVideo is the address of the best MP4 that Telegram would fetch, empty
// when none is known to be small enough.
func bestVideo(m unroll.Media) string {
	variants := m.Variants
	if len(variants) == 0 {
		variants = []unroll.Variant{{URL: m.URL}}
	}
	for _, v := range variants {
		mp4 := v.Type == "video/mp4" || (v.Type == "" && strings.HasSuffix(strings.SplitN(v.URL, "?", 2)[0], ".mp4"))
		size := m.Duration.Seconds() * float64(v.Bitrate) / 8
		if mp4 && size <= maxVideo {
			return v.URL
		}
	}
	return ""
}

// albums splits items into albums of like size: nine and eight rather than
// ten and seven, never nine and one.
func albums(items []exhibit) [][]exhibit {
	n := (len(items) + maxAlbum - 1) / maxAlbum
	var out [][]exhibit
	for i := range n {
		out = append(out, items[i*len(items)/n:(i+1)*len(items)/n])
	}
	return out
}

// errUnfetched tells that Telegram could not get the media.
var errUnfetched = errors.New("telegram: media cannot be fetched")

// sendAlbum sends two to ten items together, or one alone, and gives the ids
// of their messages.
func (a *Adapter) sendAlbum(ctx context.Context, to place, album []exhibit, first bool) ([]int64, error) {
	// Later albums wait as long as it takes; for the first somebody waits.
	t := turn{chat: to.Chat, patience: answerPatience}
	if first {
		t.patience = pressPatience
	}
	params := map[string]any{"chat_id": to.Chat, "reply_parameters": replyParams{MessageID: to.ReplyTo, Anyway: true}}
	if to.Topic != 0 {
		params["message_thread_id"] = to.Topic
	}
	method := "sendMediaGroup"
	var one message
	all := make([]message, 0, len(album))
	into := any(&all)
	if len(album) > 1 {
		params["media"] = album
	} else {
		into = &one
		item := album[0]
		method = map[string]string{"photo": "sendPhoto", "video": "sendVideo"}[item.Type]
		params[item.Type], params["has_spoiler"] = item.Media, item.Spoiler
		if item.Caption != "" {
			params["caption"] = item.Caption
		}
	}
	for n := 1; ; n++ {
		for range album { // each item counts as a message
			if err := a.await(ctx, t); err != nil {
				return nil, err
			}
			t.patience = answerPatience
		}
		err := a.api.call(ctx, method, params, into)
		var lost *callError
		switch {
		case err == nil:
			if into == any(&one) {
				all = append(all, one)
			}
			var ids []int64
			for _, m := range all {
				ids = append(ids, m.ID)
			}
			return ids, nil
		case n == attempts, errors.As(err, &lost) && lost.Sent:
			return nil, err
		case refused(err).says("http url", "web page", "webpage", "wrong file", "photo_invalid", "image_process_failed", "media_empty"):
			a.log.Info("telegram cannot fetch media", "err", err)
			return nil, errUnfetched
		case !a.passes(err, t):
			return nil, err
		}
		if err := a.rest(ctx, t, newBackoff(), err); err != nil {
			return nil, err
		}
	}
}
