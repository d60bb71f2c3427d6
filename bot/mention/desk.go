package mention

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// Again is what becomes of a thread that was shown in a conversation before.
type Again string

// The ways. AgainPointer is the default.
const (
	AgainPointer Again = "pointer" // a short reply with the link
	AgainLike    Again = "like"    // the mention is liked
	AgainSilent  Again = "silent"
)

// Config is the part of an adapter's settings that all three share. The zero
// value works.
type Config struct {
	Keywords []string // ask for a thread; none means "unroll"
	Again    Again
	// SilentErrors keeps errors out of the network; they are logged.
	SilentErrors bool
	// Operators may pull and release the brake with a mention: ids of users.
	Operators []string
	Interval  time.Duration // between polls; 0 means the network's own
	MaxAge    time.Duration // older mentions are not answered; 0 means 24 hours
	Log       *slog.Logger
}

// Validate finds settings that make no sense.
func (c *Config) Validate() error {
	if c.Again != "" && !slices.Contains([]Again{AgainPointer, AgainLike, AgainSilent}, c.Again) {
		return errors.New("what is done about a thread shown before must be pointer, like or silent")
	}
	return nil
}

const (
	maxOpen     = 64               // mentions being answered at a time
	maxAttempts = 6                // per mention, over about a quarter of an hour
	patience    = 10 * time.Minute // for a request that the Dispatcher took
	drainTime   = 35 * time.Second // for answers under way when the program ends
	doneFor     = 14 * 24 * time.Hour
	cursorFor   = 365 * 24 * time.Hour
	saveTime    = 5 * time.Second
)

// Desk takes the mentions of one network and sees to it that each is
// answered once.
type Desk struct {
	cfg      Config
	net      Network
	dispatch bot.Dispatch
	phrases  bot.Phrases
	values   unroll.Values
	people   people
	brake    *Brake
	log      *slog.Logger

	shown    sync.Mutex // one mention at a time looks up what was shown
	mu       sync.Mutex // guards what follows
	open     map[string]*item
	last     []*Mention // the newest batch, oldest first
	cursor   string
	seen     string // ID of the mention that the cursor is at
	pulled   bool   // the brake, as the last poll found it
	caughtUp bool   // the mentions of an earlier life were all seen
	changed  chan struct{}
}

// item is a mention's way to its answer.
type item struct {
	m        *Mention
	done     bool
	busy     bool
	posting  bool
	turn     int       // counts attempts, so that a late one is known as such
	failures int       // attempts that failed
	since    time.Time // when the attempt began
	next     time.Time // when to try again
	again    bool      // an answer may stand already
}

// NewDesk makes a desk.
func NewDesk(cfg Config, n Network, d bot.Dispatch, p bot.Phrases, v unroll.Values) *Desk {
	cfg.Keywords = Keywords(cfg.Keywords)
	cfg.Again = cmp.Or(cfg.Again, AgainPointer)
	cfg.MaxAge = cmp.Or(cfg.MaxAge, 24*time.Hour)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{
		cfg: cfg, net: n, dispatch: d, phrases: p, values: v,
		people: people{v, n.Name()}, brake: NewBrake(v),
		log: cfg.Log.With("platform", n.Name()), open: make(map[string]*item), changed: make(chan struct{}, 1),
	}
}

// Run polls until ctx ends, then finishes what it took on. wake makes it poll
// at once; it may be nil.
func (d *Desk) Run(ctx context.Context, wake <-chan struct{}) error {
	interval := cmp.Or(d.cfg.Interval, 15*time.Second)
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval, pause.Multiplier = time.Second, 2*time.Minute, 2
	defer d.drain(ctx)
	for {
		delay := interval
		err := d.turn(ctx)
		var f fatal
		switch {
		case ctx.Err() != nil, errors.Is(err, bot.ErrClosed):
			return nil
		case errors.As(err, &f):
			return err
		case err != nil:
			delay = max(pause.NextBackOff(), Refusal(err).Wait)
			d.log.Warn("mentions cannot be taken", "wait", delay, "err", err)
		default:
			pause.Reset()
		}
		t := time.NewTimer(delay)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		case <-when(err == nil, wake):
			t.Stop()
		}
	}
}

// when gives c, or nothing where it must not be listened to.
func when(ok bool, c <-chan struct{}) <-chan struct{} {
	if ok {
		return c
	}
	return nil
}

// turn is one poll.
func (d *Desk) turn(ctx context.Context) error {
	var err error
	if d.pulled, err = d.brake.Pulled(ctx, d.net.Name()); err != nil {
		return err
	}
	if d.cursor == "" {
		saved, _, err := d.values.Value(ctx, d.cursorKey())
		if err != nil {
			return err
		}
		d.cursor = string(saved)
	}
	batch, from, err := d.net.Poll(ctx, d.cursor)
	if err != nil {
		return err
	}
	if d.cursor == "" {
		// What comes while the bot is away next is found from here on.
		d.move(ctx, from)
	}
	err = d.take(ctx, batch)
	d.advance(ctx)
	return err
}

// take begins what of the batch is new, or due again.
func (d *Desk) take(ctx context.Context, batch []*Mention) error {
	d.mu.Lock()
	d.last = batch
	listed := make(map[string]bool, len(batch))
	for _, m := range batch {
		listed[m.ID] = true
	}
	busy := 0
	for id, it := range d.open {
		if it.done && !listed[id] {
			delete(d.open, id)
		}
		if it.busy {
			busy++
		}
	}
	d.mu.Unlock()
	for _, m := range batch {
		if busy >= maxOpen {
			return nil // enough for now; the rest is listed again
		}
		it, turn := d.begin(m)
		if it == nil {
			continue
		}
		if err := d.start(ctx, it, turn); err != nil {
			d.put(it, turn)
			switch {
			case errors.Is(err, errHeld):
				continue
			case errors.Is(err, bot.ErrBusy):
				return nil
			}
			return err
		}
		if d.isBusy(it) {
			busy++
		}
	}
	d.mu.Lock()
	d.caughtUp = true
	d.mu.Unlock()
	return nil
}

// begin starts an attempt at m; nil when there is nothing to do.
func (d *Desk) begin(m *Mention) (*item, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	it := d.open[m.ID]
	switch {
	case it == nil:
		it = &item{again: !d.caughtUp}
		d.open[m.ID] = it
	case it.done, it.posting, now.Before(it.next):
		return nil, 0
	case it.busy && now.Before(it.since.Add(patience)):
		return nil, 0
	case it.busy:
		it.failures++ // the Dispatcher has lost it
	}
	it.m, it.busy, it.since = m, true, now
	it.turn++
	return it, it.turn
}

func (d *Desk) isBusy(it *item) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return it.busy
}

// put takes an attempt back that did not begin.
func (d *Desk) put(it *item, turn int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if it.turn == turn {
		it.busy = false
	}
}

// start does what a mention asks for, or has it done.
func (d *Desk) start(ctx context.Context, it *item, turn int) error {
	m := it.m
	act := m.wants(d.cfg.Keywords)
	if act == actIgnore || time.Since(m.At) > d.cfg.MaxAge || it.failures >= maxAttempts {
		d.close(it)
		return nil
	}
	if d.pulled && act != actStop && act != actRelease {
		return errHeld
	}
	if _, done, err := d.values.Value(ctx, d.doneKey(m)); err != nil || done {
		if done {
			d.close(it)
		}
		return err
	}
	operator := slices.Contains(d.cfg.Operators, m.User)
	switch act {
	case actStop:
		return d.then(ctx, it, d.people.stop(ctx, m.User))
	case actStart:
		was, err := d.people.start(ctx, m.User)
		if err != nil || !was {
			return d.then(ctx, it, err)
		}
		return d.say(ctx, it, turn, "mention_started")
	case actBrake, actRelease:
		switch {
		case !operator:
			d.close(it)
			return nil
		case act == actBrake:
			return d.then(ctx, it, d.brake.Pull(ctx, ""))
		}
		return d.then(ctx, it, errors.Join(d.brake.Release(ctx, ""), d.brake.Release(ctx, d.net.Name())))
	case actHelp:
		return d.say(ctx, it, turn, "mention_help")
	case actUnroll, actWatch, actUnwatch, actIgnore:
	}
	if stopped, err := d.people.stopped(ctx, m.User); err != nil || stopped {
		return d.then(ctx, it, err)
	}
	target := m.target()
	if target == "" && m.Find != nil {
		found, err := m.Find(ctx)
		if err != nil && !Refusal(err).Final() {
			_ = d.failed(ctx, it, err) // tried again by itself; others go on
			return nil
		}
		m.Target = append(m.Target, found...)
		target = m.target()
	}
	if target == "" && act != actUnwatch { // which may mean all
		return d.say(ctx, it, turn, "mention_no_thread")
	}
	// Request.ID stays empty: a mention stays open at its network until its
	// answer stands there, and being answered once is the desk's own affair.
	req := bot.Request{
		Platform: d.net.Name(), Chat: cmp.Or(m.Conversation, target), User: m.User, Locale: m.Locale,
		Public: m.Public, Mentioned: true, Command: string(act),
	}
	if target != "" { // one post is meant, and its link says all that the text did
		req.Replied = &bot.Message{Links: []string{target}}
	}
	return d.dispatch.Dispatch(ctx, req, &responder{d, it, turn})
}

// then closes a mention that was dealt with without an answer.
func (d *Desk) then(ctx context.Context, it *item, err error) error {
	if err == nil {
		d.settle(ctx, it)
	}
	return err
}

// say answers with a sentence of the desk's own.
func (d *Desk) say(ctx context.Context, it *item, turn int, id string) error {
	r := &responder{d, it, turn}
	if err := r.Send(ctx, bot.Reply{Text: d.phrases.Text(it.m.Locale, id, nil)}); err != nil {
		d.log.Warn("answer could not be delivered", "err", err)
	}
	return nil
}

// settle marks a mention as done, here and for a later life.
func (d *Desk) settle(ctx context.Context, it *item) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	if err := d.values.SetValue(ctx, d.doneKey(it.m), []byte{1}, doneFor); err != nil {
		d.log.Warn("store cannot mark a mention as done", "err", err)
	}
	d.close(it)
}

func (d *Desk) close(it *item) {
	d.mu.Lock()
	defer d.mu.Unlock()
	it.done, it.busy, it.posting = true, false, false
	select {
	case d.changed <- struct{}{}:
	default:
	}
}
