package discord

import (
	"errors"
	"time"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
)

const (
	// crowdedTasks is how many events may be worked on before interactions are
	// turned away with their acknowledgement. More would take each other's
	// time until none is acknowledged within its three seconds.
	crowdedTasks = 1024
	// standingTasks is the same where so many are worked on for standingFor
	// without a break: it is no burst, but more than there is time for. When
	// Discord takes 0.2 s for an acknowledgement, 1,200 a second come below.
	standingTasks = 256
	standingFor   = 500 * time.Millisecond
	// crowdedAfter is how many requests must find the queue full, within
	// crowdedFor, before interactions are turned away for as long: meanwhile
	// the queue comes down by a few dozen.
	crowdedAfter = 8
	crowdedFor   = 100 * time.Millisecond
)

// crowd remembers that the queue was full.
type crowd struct {
	refused int       // requests, since
	since   time.Time // the first of them
	until   time.Time // when interactions are taken again
}

// refuse takes note of a request that was not taken.
func (c *crowd) refuse(now time.Time) {
	if now.Sub(c.since) > crowdedFor {
		c.since, c.refused = now, 0
	}
	if c.refused++; c.refused >= crowdedAfter {
		c.until = now.Add(crowdedFor)
	}
}

// refused takes note of why a request was not taken.
func (t *tasks) refused(cause error, now time.Time) {
	if !errors.Is(cause, bot.ErrBusy) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.crowd.refuse(now)
}

// crowded tells whether what has just arrived should be turned away: being
// told so at once costs the least, and is better than waiting.
func (t *tasks) crowded(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	standing := t.running >= standingTasks && now.Sub(t.standing) > standingFor
	return !t.over && (standing || t.running >= crowdedTasks || now.Before(t.crowd.until))
}

// away is the acknowledgement that turns an interaction away. Only who asked
// sees it.
func (a *Adapter) away(i *interaction) callback {
	if i.Type == interactionAutocomplete {
		return callback{Type: answerChoices, Data: map[string][]choice{"choices": {}}}
	}
	m := sentence(a.speaker(i.Locale).busy())
	m.Flags |= discordgo.MessageFlagsEphemeral
	return callback{Type: answerMessage, Data: m}
}

func (s speaker) busy() string {
	return s.say("busy", "Too many people are asking right now. Please try again in a minute.", nil)
}
