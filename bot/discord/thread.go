package discord

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
)

const (
	// maxThreadName is in characters (OpenAPI description, November 2026).
	maxThreadName = 100
	// maxInThread bounds the messages put into one Discord thread. At five in
	// five seconds they take more than a minute; the page has the rest.
	maxInThread = 80
	// archiveAfter is after how many quiet minutes Discord folds the thread.
	archiveAfter = 1440
	// openedFor is how long a thread is not filled a second time.
	openedFor = time.Hour
)

// permission is one that the bot or a user needs, as Discord names it.
type permission struct {
	bit  int64
	name string
}

// threadPermissions are what opening and filling a thread takes.
func threadPermissions() []permission {
	return []permission{
		{discordgo.PermissionCreatePublicThreads, "Create Public Threads"},
		{discordgo.PermissionSendMessagesInThreads, "Send Messages in Threads"},
	}
}

// missing names the permissions that are not among those held.
func missing(have string, want []permission) []string {
	var names []string
	for _, p := range want {
		if !has(have, p.bit) {
			names = append(names, p.name)
		}
	}
	return names
}

// mayThread tells why who asks cannot have a thread opened there; nothing
// when they can.
func (a *Adapter) mayThread(i *interaction, s speaker) (why string) {
	if i.Member == nil || !i.installed() {
		return s.say("thread_only_in_server", "Threads can only be opened in a server that I am a member of.", nil)
	}
	if !has(i.Member.Permissions, discordgo.PermissionCreatePublicThreads) {
		return s.say("thread_not_allowed", "You need the permission “Create Public Threads” here to do that.", nil)
	}
	if names := strings.Join(missing(i.Permissions, threadPermissions()), ", "); names != "" {
		return s.say("permission_missing", "I lack a permission in this channel: "+names+". Ask whoever runs the server to grant it.",
			map[string]any{"Permissions": names})
	}
	return ""
}

// planThread checks who may open a thread before anything is promised. It is
// to hang on the message that was asked about, where that is known.
func (a *Adapter) planThread(i *interaction, req bot.Request, reply interactionReply) plan {
	if why := a.mayThread(i, reply.speaker); why != "" {
		return a.refuse(why)
	}
	if i.Message == nil {
		return a.refuse(reply.speaker.say("thread_only_in_server", "Threads can only be opened in a server that I am a member of.", nil))
	}
	reply.view, reply.chosen, reply.message, reply.asked = viewThread, true, i.Message.ID, i.Message.about()
	reply.stage.private = true
	return plan{answer: later(true), request: &req, reply: reply}
}

// about is the message that an answer of the bot's was asked on, or replies
// to.
func (m *message) about() string {
	switch {
	case m.Interaction != nil:
		return m.Interaction.Target
	case m.Referenced != nil:
		return m.Referenced.ID
	default:
		return ""
	}
}

// unrollInto opens a Discord thread and puts the whole thread there, in as few
// messages as hold it. The asker is told where it is. Asked by the command, it
// hangs on the answer: then that is the first page.
func (r *interactionReply) unrollInto(ctx context.Context, reply *bot.Reply, first bool) error {
	if r.message != "" {
		return r.put(ctx, r.threaded(ctx, reply), first)
	}
	if err := r.put(ctx, r.page(ctx, r.book(ctx, reply), reply), first); err != nil || r.shown == "" {
		return err
	}
	on := *r
	on.message = r.shown
	if told := on.threaded(ctx, reply); !told.opened {
		return r.follow(ctx, told.ephemeral(true))
	}
	return nil
}

// threaded does it, and says how it went.
func (r *interactionReply) threaded(ctx context.Context, reply *bot.Reply) outgoing {
	kept, claim := r.a.values, r.a.key("thread", r.message)
	on := r.asked
	if kept != nil {
		fresh, err := kept.Claim(ctx, claim, openedFor)
		if err != nil {
			r.a.log.Warn("store cannot mark a thread as opened", "err", err) // at worst it is filled twice
		} else if !fresh {
			if value, _, err := kept.Value(ctx, claim); err == nil {
				on = string(value)
			}
			if !r.recalled {
				return r.where("thread_there", "It is already in", cmp.Or(on, r.message))
			}
		}
	}
	on, err := r.open(ctx, reply, on)
	if err == nil {
		err = r.fill(ctx, reply, on)
	}
	if err == nil {
		m := r.where("thread_opened", "The whole thread is in", on)
		m.opened = true
		return m
	}
	if kept != nil {
		_ = kept.DeleteValue(context.WithoutCancel(ctx), claim) // else it can be tried again only later
	}
	if refused := refusal(err); refused.Status >= 400 && refused.Status < 500 && refused.Status != http.StatusTooManyRequests {
		r.a.log.Info("thread cannot be opened or filled", "err", err)
		return sentence(r.speaker.say("thread_not_here", "Discord does not let me put the thread here. Use “As file”, or open the page.", nil))
	}
	r.a.log.Warn("thread cannot be opened or filled", "err", err)
	return sentence(r.speaker.say("error_canceled", "I was interrupted. Please try again.", nil))
}

// open opens the thread on a message, or else on the answer: the message may
// be gone, or have a thread of its own. It returns the thread's id, which is
// the message's. A thread on the answer is ours.
func (r *interactionReply) open(ctx context.Context, reply *bot.Reply, on string) (string, error) {
	name := []rune(r.speaker.words().Title(reply.Thread))
	body := map[string]any{"name": string(name[:min(len(name), maxThreadName)]), "auto_archive_duration": archiveAfter}
	for {
		on = cmp.Or(on, r.message)
		r.a.keep(ctx, r.a.key("thread", r.message), on, openedFor) // who takes this up must know where
		err := r.a.rest.do(ctx, http.MethodPost, "/channels/"+r.channel+"/messages/"+on+"/threads", body, nil)
		refused := refusal(err)
		switch {
		case refused.Code == codeThreadExists && (on == r.message || r.recalled):
			return on, nil
		case on != r.message && refused.Status >= 400 && refused.Status < 500 && refused.Status != http.StatusTooManyRequests:
			on = r.message
		default:
			return on, err
		}
	}
}

// where is a sentence that ends with a Discord thread.
func (r *interactionReply) where(id, english, thread string) outgoing {
	return newMessage(discordgo.TextDisplay{Content: escaped(r.speaker.say(id, english, nil)) + " <#" + thread + ">"})
}

// fill posts the pages into the thread. Each carries a nonce of the thread's
// message and is counted, so that whoever goes on posts nothing twice.
func (r *interactionReply) fill(ctx context.Context, reply *bot.Reply, thread string) error {
	in := r.output
	in.most = maxInThread
	all := in.whole(in.book(ctx, reply), reply)
	filled := progress{request: "in-" + thread}
	if err := filled.load(ctx, r.a); err != nil {
		r.a.log.Warn("store cannot tell how far a thread is filled", "err", err) // the nonce knows for some minutes
	}
	for n, m := range all {
		if _, out := filled.next(); out {
			continue
		}
		m.Nonce, m.EnforceNonce = thread+"-"+strconv.Itoa(n+1), true
		if err := r.a.send(ctx, http.MethodPost, "/channels/"+thread+"/messages", m, nil); err != nil {
			return fmt.Errorf("discord: message %d of %d in a thread: %w", n+1, len(all), err)
		}
		filled.counted(ctx, r.a)
	}
	return nil
}
