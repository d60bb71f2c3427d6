package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"unrollbot/bot"
)

var (
	_ bot.Recaller  = (*Adapter)(nil)
	_ bot.Addressed = (*interactionReply)(nil)
	_ bot.Addressed = (*messageReply)(nil)
)

// tokenLives is how long an interaction's token works for sure: 15 minutes
// (Discord, "Receiving and Responding", November 2026), less the time that the
// interaction may have been on its way.
const tokenLives = 15*time.Minute - 30*time.Second

// destination is what it takes to answer again, as it is kept in the store.
type destination struct {
	App     string `json:"app"` // application
	Asker   string `json:"asker,omitempty"`
	Server  string `json:"server,omitempty"`
	Channel string `json:"channel"`
	Locale  string `json:"locale,omitempty"`
	// Message is the one that is answered, or the one with the button; Asked
	// is the one that the button's is about.
	Message string `json:"message,omitempty"`
	Asked   string `json:"asked,omitempty"`

	View    bot.View `json:"view,omitempty"`
	Form    string   `json:"form,omitempty"`
	Chosen  bool     `json:"chosen,omitempty"`
	Quiet   bool     `json:"quiet,omitempty"`
	Noted   bool     `json:"noted,omitempty"`
	Gated   bool     `json:"gated,omitempty"`
	Open    bool     `json:"open,omitempty"`
	Threads bool     `json:"threads,omitempty"`
	Lasting bool     `json:"lasting,omitempty"`

	// What follows is an interaction's.
	Token    string    `json:"token,omitempty"`
	End      time.Time `json:"end,omitzero"`       // of the token
	Promised bool      `json:"promised,omitempty"` // a message
	Update   bool      `json:"update,omitempty"`   // of the message with the button
	Private  bool      `json:"private,omitempty"`
	Alone    bool      `json:"alone,omitempty"`
	Most     int       `json:"most,omitempty"`

	// Unasked is a message's that nobody meant for the bot; Declined is why
	// its author may not ask.
	Unasked  bool   `json:"unasked,omitempty"`
	Declined string `json:"declined,omitempty"`
}

// destination is the part that interactions and messages share.
func (o *output) destination() destination {
	return destination{
		App: o.a.app(), Asker: o.asker, Server: o.server, Channel: o.channel, Locale: o.speaker.locale,
		View: o.view, Form: o.form, Chosen: o.chosen, Quiet: o.quiet, Noted: o.noted, Gated: o.gated, Most: o.most,
		Private: o.stage.private, Open: o.stage.open, Threads: o.stage.threads, Lasting: o.stage.lasting,
	}
}

// output is the inverse, for the request that was answered there.
func (a *Adapter) output(at *destination, request string) output {
	return output{
		a: a, asker: at.Asker, server: at.Server, channel: at.Channel, speaker: a.speaker(at.Locale),
		view: at.View, form: at.Form, chosen: at.Chosen, quiet: at.Quiet, noted: at.Noted, gated: at.Gated, most: at.Most,
		stage:    stage{private: at.Private, open: at.Open, threads: at.Threads, lasting: at.Lasting},
		progress: progress{request: request},
	}
}

// Address holds the interaction's token. It does not end where the bot can
// write by itself; else it ends with the token.
func (r *interactionReply) Address() ([]byte, time.Time) {
	at := r.destination()
	at.Token, at.End, at.Promised, at.Update, at.Alone, at.Message, at.Asked = r.token, r.end, r.promised, r.update, r.alone, r.message, r.asked
	data, _ := json.Marshal(at) // strings, numbers and a time: it cannot fail
	if r.stage.lasting {
		return data, time.Time{}
	}
	return data, r.end
}

// Address names the message. It does not end.
func (r *messageReply) Address() ([]byte, time.Time) {
	at := r.destination()
	at.Message, at.Unasked, at.Declined = r.message, r.unasked, r.declined
	data, _ := json.Marshal(at) // strings and numbers: it cannot fail
	return data, time.Time{}
}

// Recall takes up an answer where another process, or this one, left it.
//
// A promised answer, and a page that a button changes, is edited in place,
// which does no harm twice. Messages in a channel carry a nonce made from the
// request's id, by which Discord knows them for some minutes. All messages
// but the first of an interaction are besides counted in the store once
// Discord has taken them, and those counted are not sent again. So what can
// come twice is one message: a follow-up to an interaction that Discord took
// just before the process was ended, since follow-ups know no nonce; or a
// message in a channel that met the same end and is recalled only when
// Discord has forgotten the nonce. While the store is away the count is
// missing, and the nonce alone protects.
//
// Once an interaction's token has ended, the answer is a message in the
// channel that names who asked, if the bot may write there and the answer was
// for all to see; otherwise it is [bot.ErrGone], here or from Send. Addresses
// of another application, whose bot shares the store, are [bot.ErrElsewhere].
// The rest needs the REST API only, and so works in every process.
func (a *Adapter) Recall(ctx context.Context, req bot.Request, data []byte) (bot.Responder, error) {
	var at destination
	if err := json.Unmarshal(data, &at); err != nil {
		return nil, fmt.Errorf("discord: address: %w: %w", bot.ErrGone, err)
	}
	self := a.self.Load()
	switch {
	case self == nil:
		return nil, errors.New("discord: it is not known yet which application this is")
	case at.App != self.app:
		return nil, bot.ErrElsewhere
	}
	out := a.output(&at, req.ID)
	if err := out.progress.load(ctx, a); err != nil {
		return nil, err
	}
	out.recalled = true
	switch {
	case at.Token == "":
		return &messageReply{output: out, message: at.Message, unasked: at.Unasked, declined: at.Declined}, nil
	case time.Now().Before(at.End):
		return &interactionReply{
			output: out, app: at.App, token: at.Token, end: at.End, alone: at.Alone,
			update: at.Update, message: at.Message, asked: at.Asked, promised: at.Promised,
		}, nil
	case at.Lasting:
		return &messageReply{output: out, newsOnly: at.Private || at.Update}, nil
	default:
		return nil, bot.ErrGone
	}
}

// progress counts the messages of one answer.
type progress struct {
	request string // id
	begun   int    // by this Responder
	out     int    // known to be out, by whichever
}

// countedFor is how long the count is kept: an answer is not taken up later.
const countedFor = bot.SeenFor

func (p *progress) key(a *Adapter) string { return a.key("sent", p.request) }

// load reads how far an earlier process came.
func (p *progress) load(ctx context.Context, a *Adapter) error {
	if a.values == nil {
		return nil
	}
	value, ok, err := a.values.Value(ctx, p.key(a))
	if err != nil || !ok {
		return err
	}
	p.out, _ = strconv.Atoi(string(value)) // what is no number counts nothing
	return nil
}

// next numbers a message, and tells whether it is out already.
func (p *progress) next() (n int, out bool) {
	n = p.begun
	p.begun++
	return n, n < p.out
}

// counted notes that the message begun last is out.
func (p *progress) counted(ctx context.Context, a *Adapter) {
	if a.values == nil || p.request == "" || p.begun <= p.out {
		return
	}
	p.out = p.begun
	if err := a.values.SetValue(ctx, p.key(a), []byte(strconv.Itoa(p.out)), countedFor); err != nil {
		a.log.Info("store cannot count the messages of an answer", "err", err) // it matters only if we are killed now
	}
}

// closed wraps what Discord says when there is nobody to answer any more.
func closed(err error) error {
	switch refusal(err).Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return fmt.Errorf("%w: %w", bot.ErrGone, err)
	default:
		return err
	}
}
