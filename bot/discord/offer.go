package discord

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll"
)

const (
	// offerEvery is how often one thread is offered, or pointed to, in one
	// channel: several links to its posts may come in a row.
	offerEvery = 10 * time.Minute
	// notedFor is how long the place of an answer is known.
	notedFor = 30 * 24 * time.Hour
)

// offer offers a thread that nobody asked for, in a line with a button and
// without a sound. One that the channel was shown before is pointed to. When
// the store cannot tell, nothing is offered: rather never than twice.
func (r *messageReply) offer(ctx context.Context, reply *bot.Reply) error {
	if r.a.values == nil {
		return nil
	}
	key := placeKey(r.channel, reply.Thread)
	first, err := r.a.values.Claim(ctx, r.a.key("offered", key), offerEvery)
	if err != nil || !first {
		return err
	}
	earlier, err := r.earlier(ctx, key)
	if err != nil {
		return err
	}
	m, err := r.pointer(earlier), error(nil)
	if earlier == "" {
		m, err = r.offering(ctx, reply)
	}
	if err != nil {
		return err
	}
	m.Reference = &reference{MessageID: r.message}
	m.Flags |= discordgo.MessageFlagsSuppressNotifications
	id, err := r.post(ctx, m)
	if status := refusal(err).Status; status == http.StatusForbidden || status == http.StatusNotFound {
		r.a.log.Info("no permission to offer a thread", "err", err)
		return nil
	}
	if err == nil && earlier == "" {
		r.note(ctx, reply.Thread, id)
	}
	return err
}

// offering is the line with the buttons. The first turns it into the thread.
func (r *messageReply) offering(ctx context.Context, reply *bot.Reply) (outgoing, error) {
	t, n := reply.Thread, reply.Thread.Len()
	k := r.a.keys(ctx, refOf(reply))
	unroll := k.button(verbPage, "1", r.speaker.label("button_unroll", "Unroll", nil), false)
	unroll.Style = discordgo.PrimaryButton
	buttons := append([]discordgo.MessageComponent{unroll}, openButton(r.speaker, reply.PageURL)...)
	buttons = append(buttons, k.button(verbDelete, "", r.speaker.label("button_delete", "Delete", nil), false))
	text := r.speaker.say("offer", "🧵 A thread by "+t.Author.Name+": "+strconv.Itoa(n)+" posts", map[string]any{"Author": t.Author.Name, "PluralCount": n})
	return sentence(text, row(nil, buttons)...), k.err
}

// pointer leads to the answer that is there.
func (r *messageReply) pointer(message string) outgoing {
	there := discordgo.Button{
		Style: discordgo.LinkButton, Label: r.speaker.label("button_there", "Show it", nil),
		URL: "https://discord.com/channels/" + r.server + "/" + r.channel + "/" + message,
	}
	return sentence(r.speaker.say("offer_again", "🧵 This thread is in this chat already.", nil), row(nil, []discordgo.MessageComponent{there})...)
}

// note remembers where a channel was shown a thread, for offers.
func (o *output) note(ctx context.Context, t *unroll.Thread, message string) {
	if !o.noted || o.stage.private || message == "" || o.a.values == nil {
		return
	}
	if err := o.a.values.SetValue(ctx, o.a.key("shown", placeKey(o.channel, t)), []byte(message), notedFor); err != nil {
		o.a.log.Warn("place of an answer cannot be kept", "err", err)
	}
}

// earlier is the message that shows the thread; empty when there is none, or
// none any more.
func (r *messageReply) earlier(ctx context.Context, key string) (string, error) {
	value, ok, err := r.a.values.Value(ctx, r.a.key("shown", key))
	if err != nil || !ok {
		return "", err
	}
	message := string(value)
	err = r.a.rest.do(ctx, http.MethodGet, "/channels/"+r.channel+"/messages/"+message, nil, nil)
	switch refused := refusal(err); {
	case refused.Code == codeUnknownMessage:
		return "", nil
	case err != nil && refused.Status != http.StatusForbidden: // without the history, it is taken on trust
		return "", err
	}
	return message, nil
}

func placeKey(channel string, t *unroll.Thread) string { return channel + ":" + shorten(t.Ref.Path()) }
