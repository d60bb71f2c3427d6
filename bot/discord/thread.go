package discord

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll/render"
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

// planThread checks who may open a thread before anything is promised.
func (a *Adapter) planThread(i *interaction, req bot.Request, reply interactionReply) plan {
	s := reply.speaker
	if i.Message == nil || i.Member == nil || !i.installed() {
		return a.refuse(s.say("thread_only_in_server", "Threads can only be opened in a server that I am a member of.", nil))
	}
	if !has(i.Member.Permissions, discordgo.PermissionCreatePublicThreads) {
		return a.refuse(s.say("thread_not_allowed", "You need the permission “Create Public Threads” here to do that.", nil))
	}
	if names := strings.Join(missing(i.Permissions, threadPermissions()), ", "); names != "" {
		return a.refuse(s.say("permission_missing", "I lack a permission in this channel: "+names+". Ask whoever runs the server to grant it.",
			map[string]any{"Permissions": names}))
	}
	reply.view, reply.chosen, reply.message = viewThread, true, i.Message.ID
	reply.stage.private = true
	return plan{answer: later(true), request: &req, reply: reply}
}

// unrollInto opens a Discord thread on the message with the button and puts
// the whole thread there, in as few messages as hold it. The asker is told
// where it is.
func (r *interactionReply) unrollInto(ctx context.Context, reply *bot.Reply, first bool) error {
	claim := r.a.key("thread", r.message)
	if r.a.refs.values != nil {
		fresh, err := r.a.refs.values.Claim(ctx, claim, openedFor)
		if err != nil {
			r.a.log.Warn("store cannot mark a thread as opened", "err", err) // at worst it is filled twice
		} else if !fresh && !r.recalled {
			return r.put(ctx, r.where("thread_there", "It is already in"), first)
		}
	}
	err := r.open(ctx, reply)
	if err == nil {
		err = r.fill(ctx, reply)
	}
	if err == nil {
		return r.put(ctx, r.where("thread_opened", "The whole thread is in"), first)
	}
	if r.a.refs.values != nil {
		_ = r.a.refs.values.DeleteValue(context.WithoutCancel(ctx), claim) // then it can be tried again only later
	}
	if refused := refusal(err); refused.Status >= 400 && refused.Status < 500 && refused.Status != http.StatusTooManyRequests {
		r.a.log.Info("thread cannot be opened or filled", "err", err)
		text := r.speaker.say("thread_not_here", "Discord does not let me put the thread here. Use “As file”, or open the page.", nil)
		return r.put(ctx, sentence(text), first)
	}
	return err
}

// open opens the thread, unless the message has one.
func (r *interactionReply) open(ctx context.Context, reply *bot.Reply) error {
	name := []rune(render.Title(reply.Thread))
	body := map[string]any{"name": string(name[:min(len(name), maxThreadName)]), "auto_archive_duration": archiveAfter}
	err := r.a.rest.do(ctx, http.MethodPost, "/channels/"+r.channel+"/messages/"+r.message+"/threads", body, nil)
	if refusal(err).Code == codeThreadExists {
		return nil
	}
	return err
}

// where is a sentence that ends with the Discord thread, whose id is that of
// the message it hangs on.
func (r *interactionReply) where(id, english string) outgoing {
	return newMessage(discordgo.TextDisplay{Content: escaped(r.speaker.say(id, english, nil)) + " <#" + r.message + ">"})
}

// fill posts the pages into the thread. Each carries a nonce of the thread's
// message and is counted, so that whoever goes on posts nothing twice.
func (r *interactionReply) fill(ctx context.Context, reply *bot.Reply) error {
	in := output{a: r.a, speaker: r.speaker, quiet: r.quiet, most: maxInThread}
	all := in.whole(reply)
	filled := progress{request: "in-" + r.message}
	if err := filled.load(ctx, r.a); err != nil {
		r.a.log.Warn("store cannot tell how far a thread is filled", "err", err) // the nonce knows for some minutes
	}
	for n, m := range all {
		if _, out := filled.next(); out {
			continue
		}
		m.Nonce, m.EnforceNonce = r.message+"-"+strconv.Itoa(n+1), true
		if err := r.a.send(ctx, http.MethodPost, "/channels/"+r.message+"/messages", m, nil); err != nil {
			return fmt.Errorf("discord: message %d of %d in a thread: %w", n+1, len(all), err)
		}
		filled.counted(ctx, r.a)
	}
	return nil
}
