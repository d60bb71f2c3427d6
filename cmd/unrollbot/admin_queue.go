package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"unrollbot/bot"
)

// buriedShown is how many requests that were given up are listed for each
// platform.
const buriedShown = 20

// lines tells what is written down of the requests of chats.
func (o *operator) lines(ctx context.Context, _ []string) error {
	if o.queue == nil {
		o.say("requests are not written down: that needs a Redis, see UNROLL_REDIS_URL")
		return nil
	}
	for _, platform := range durablePlatforms {
		b, err := o.queue.Backlog(ctx, platform)
		if err != nil {
			return err
		}
		o.say("%s: requests written down: %d, the oldest %s ago; given up within 30 days: %d",
			platform, b.Jobs, b.Oldest.Round(time.Second), b.Buried)
		if err := o.buried(ctx, platform); err != nil {
			return err
		}
	}
	return nil
}

func (o *operator) buried(ctx context.Context, platform string) error {
	notes, err := o.queue.Buried(ctx, platform, buriedShown)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(o.out, 0, 0, 2, ' ', 0)
	for _, data := range notes {
		var n bot.Note
		if err := json.Unmarshal(data, &n); err != nil {
			return fmt.Errorf("a note of a request that was given up cannot be read: %w", err)
		}
		fmt.Fprintf(w, "  asked %s\tgiven up %s\ttries %d\t%s\n", n.Asked.Format(time.DateTime), n.At.Format(time.DateTime), n.Tries, n.Error)
	}
	return w.Flush()
}
