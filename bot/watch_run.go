package bot

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"unrollbot/unroll"
)

const (
	// abreast is how many threads of a platform are looked at at a time.
	abreast = 4
	// lease is for one look and one message; each further message renews it.
	lease = 3 * time.Minute
	// sendWithin bounds a message; the program's end waits for it.
	sendWithin = 30 * time.Second
	// elsewhere is how long an adapter is left alone that runs on another
	// replica, and the agenda while its store is gone.
	elsewhere = 15 * time.Second
	// maxAttempts is how many times it is tried to tell a piece of news, over
	// about four hours.
	maxAttempts = 8
)

// Run watches until ctx ends, then finishes the messages under way. News goes
// out through those of the adapters that are a [Recaller].
func (l *Lookout) Run(ctx context.Context, adapters []Adapter) error {
	var lanes sync.WaitGroup
	for _, a := range adapters {
		if r, ok := a.(Recaller); ok {
			lanes.Go(func() { l.serve(ctx, r) })
		}
	}
	lanes.Wait()
	return nil
}

// serve brings one platform's news.
func (l *Lookout) serve(ctx context.Context, r Recaller) {
	for {
		t := time.NewTimer(l.round(ctx, r))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// round looks at what is due, and tells when to do so again.
func (l *Lookout) round(ctx context.Context, r Recaller) time.Duration {
	topics, err := l.store.Due(ctx, r.Name(), abreast, lease)
	if err != nil {
		if ctx.Err() == nil {
			l.cfg.Log.WarnContext(ctx, "store cannot tell which threads are due", "platform", r.Name(), "err", err)
		}
		return elsewhere
	}
	looks := make([]look, len(topics))
	var all sync.WaitGroup
	for i := range topics {
		looks[i] = look{l: l, r: r, topic: &topics[i]}
		all.Go(func() { looks[i].run(ctx) })
	}
	all.Wait()
	wait := l.cfg.Poll
	if len(topics) == abreast {
		wait = 0
	}
	for i := range looks {
		wait = max(wait, looks[i].pause)
	}
	return wait
}

// look is one look at one thread, for all of a platform who watch it.
type look struct {
	l     *Lookout
	r     Recaller
	topic *unroll.Topic

	next  time.Duration // until the next look
	pause time.Duration // that the platform's lane should make
}

func (k *look) run(ctx context.Context) {
	log := k.l.cfg.Log.With("platform", k.r.Name(), "ref", k.topic.Name)
	k.next = k.l.cfg.Soonest
	defer func() {
		if p := recover(); p != nil {
			log.ErrorContext(ctx, "looking at a watched thread panicked", "panic", p)
		}
		if err := k.l.store.Postpone(context.WithoutCancel(ctx), k.topic, k.next); err != nil {
			log.WarnContext(ctx, "store cannot note when a thread is due", "err", err)
		}
	}()
	watches := k.watches(ctx)
	if len(watches) == 0 || k.away(ctx, watches) {
		return
	}
	t, ok := k.read(ctx)
	if !ok {
		return
	}
	for i := range watches {
		if ctx.Err() != nil {
			k.next = 0
			return
		}
		if err := k.tell(ctx, &watches[i], t); err != nil && !errors.Is(err, errLost) {
			log.WarnContext(ctx, "news of a thread could not be told", "err", err)
		}
	}
}

// one is a watch, and where it stands.
type one struct {
	watch
	at unroll.Waiting
}

// watches reads who waits. Whoever was banned does so no longer.
func (k *look) watches(ctx context.Context) []one {
	var out []one
	for _, at := range k.topic.Waiting {
		o := one{at: at}
		if json.Unmarshal(at.Value, &o.watch) != nil || (k.l.bans != nil && k.l.bans.Banned(ctx, o.Request.Platform, o.Request.User)) {
			k.leave(ctx, at)
			continue
		}
		out = append(out, o)
	}
	return out
}

// away tells whether another process has to answer all who wait. That is
// asked before the source is.
func (k *look) away(ctx context.Context, watches []one) bool {
	for _, o := range watches {
		req := o.Request
		req.ID = newsID(o.at, "")
		if _, err := k.r.Recall(ctx, req, o.Address); !errors.Is(err, ErrElsewhere) {
			return false
		}
	}
	k.next, k.pause = 0, elsewhere
	return true
}

// read looks at the thread. When it is gone, or its author wants it so, all
// watches of it end.
func (k *look) read(ctx context.Context) (*unroll.Thread, bool) {
	ref, err := unroll.ParsePath(k.topic.Name)
	if err != nil { // of another version of the program
		k.end(ctx)
		return nil, false
	}
	wait, err := k.l.store.Allow(ctx, "watch:looks", k.l.cfg.Looks)
	if err != nil {
		k.l.cfg.Log.WarnContext(ctx, "limits cannot be counted", "err", err)
	}
	if wait > 0 {
		k.next, k.pause = wait, wait
		return nil, false
	}
	t, err := k.l.unroller.Refresh(ctx, ref)
	switch unroll.KindOf(err) {
	case "":
		k.next = k.l.interval(&t)
		return &t, true
	case unroll.KindCanceled:
		k.next = 0
	case unroll.KindUpstream, unroll.KindTimeout, unroll.KindRateLimited, unroll.KindInternal, unroll.KindTooLarge:
		k.next = max(k.l.cfg.Soonest, min(unroll.RetryAfter(err), k.l.cfg.Latest))
	default:
		k.end(ctx)
	}
	return nil, false
}

// end ends all watches of the thread.
func (k *look) end(ctx context.Context) {
	for _, at := range k.topic.Waiting {
		k.leave(ctx, at)
	}
}

// interval is the time until the next look at a thread: a tenth of its rest,
// within bounds.
func (l *Lookout) interval(t *unroll.Thread) time.Duration {
	var last time.Time
	for p := range t.All {
		if p.At.After(last) {
			last = p.At
		}
	}
	return min(max(time.Since(last)/10, l.cfg.Soonest), l.cfg.Latest)
}

// errLost says that a claim ran out, or that a watch ended meanwhile.
var errLost = errors.New("bot: a watch is no longer in hand")

// tell tells one who waits what is new to them. The attempt is noted before
// it is made: what ends the program is not tried for ever.
func (k *look) tell(ctx context.Context, o *one, t *unroll.Thread) error {
	news := o.news(t)
	if len(news) == 0 {
		return nil
	}
	if wait := time.Until(o.NotBefore); wait > 0 {
		k.next = min(k.next, wait)
		return nil
	}
	start := time.Now()
	last := upTo(t, news[len(news)-1].ID)
	req := o.Request
	req.ID = newsID(o.at, news[0].ID)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendWithin)
	defer cancel()
	if !k.l.sent.take(req.ID) {
		res, err := k.recall(ctx, req, o)
		if res == nil {
			return err
		}
		if o.Attempts >= maxAttempts {
			k.leave(ctx, o.at)
			return nil
		}
		o.NotBefore = start.Add(time.Minute << o.Attempts)
		o.Attempts++
		o.Sending = told(nil, &unroll.Thread{Posts: news})
		if err := k.note(ctx, o); err != nil {
			return err
		}
		err = res.Send(ctx, Reply{Thread: last, Asked: t.Ref, PageURL: k.l.cfg.PublicURL + t.Ref.Path(), Page: 1, NewFrom: news[0].ID})
		if k.l.cfg.Observer != nil {
			k.l.cfg.Observer.Answered(k.r.Name(), IntentNews, unroll.KindOf(err), time.Since(start))
		}
		switch {
		case errors.Is(err, ErrGone):
			k.leave(ctx, o.at)
			return err
		case err != nil:
			k.next = min(k.next, time.Until(o.NotBefore))
			return err
		}
		k.l.cfg.Log.InfoContext(ctx, "news", "platform", k.r.Name(), "ref", k.topic.Name, "posts", len(news),
			"user", hashed(req.Platform, req.User), "duration", time.Since(start))
	}
	o.Told, o.Sending, o.NotBefore, o.Attempts = told(o.Told, last), nil, time.Now().Add(k.l.cfg.Gap), 0
	err := k.note(ctx, o)
	if err != nil && !errors.Is(err, errLost) {
		k.l.sent.add(req.ID)
	}
	return err
}

// recall makes the way to one who waits. There is none, and no error, where
// another process has to answer, such as another application's that shares
// the store. Where nobody can be reached any more, the watch ends.
func (k *look) recall(ctx context.Context, req Request, o *one) (Responder, error) {
	res, err := k.r.Recall(ctx, req, o.Address)
	switch {
	case err == nil:
		return res, nil
	case errors.Is(err, ErrElsewhere):
		return nil, nil
	case errors.Is(err, ErrGone):
		k.leave(ctx, o.at)
	}
	return nil, err
}

// note keeps what became of a watch.
func (k *look) note(ctx context.Context, o *one) error {
	value, err := json.Marshal(&o.watch)
	if err != nil {
		return err
	}
	o.at.Value = value
	still, err := k.l.store.Note(ctx, k.topic, o.at, k.l.cfg.Quiet, lease)
	if err == nil && !still {
		return errLost
	}
	return err
}

// leave ends a watch.
func (k *look) leave(ctx context.Context, at unroll.Waiting) {
	if _, err := k.l.store.Leave(context.WithoutCancel(ctx), at.Lane, at.Topic, at.Who); err != nil {
		k.l.cfg.Log.WarnContext(ctx, "store cannot end a watch", "platform", at.Lane, "ref", at.Topic, "err", err)
	}
}
