package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/boltstore"
)

// author is a source with one author's thread, which grows: 20, 21, 22 and so
// on, where it is asked for and by whomever.
type author struct {
	mu    sync.Mutex
	next  int
	posts []unroll.Post
	err   error
	looks int
}

func (*author) Name() string          { return "author" }
func (*author) Match(unroll.Ref) bool { return true }

func (a *author) Fetch(_ context.Context, ref unroll.Ref) (unroll.Conversation, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.looks++
	if a.err != nil {
		return unroll.Conversation{}, a.err
	}
	if !slices.ContainsFunc(a.posts, func(p unroll.Post) bool { return p.ID == ref.ID }) {
		return unroll.Conversation{}, &unroll.Error{Kind: unroll.KindDeleted, Op: "fetch"}
	}
	return unroll.Conversation{
		Asked: ref.ID, Ref: unroll.Ref{Network: unroll.X, ID: ref.ID}, Posts: slices.Clone(a.posts),
		Authors: map[string]unroll.Author{"ada": {ID: "ada", Name: "Ada"}},
	}, nil
}

// write adds posts to the end of the thread.
func (a *author) write(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for range n {
		p := unroll.Post{ID: fmt.Sprint(20 + a.next), AuthorID: "ada", Text: "words", At: time.Now()}
		if len(a.posts) > 0 {
			p.ParentID, p.ParentAuthorID = a.posts[len(a.posts)-1].ID, "ada"
		}
		a.next++
		a.posts = append(a.posts, p)
	}
}

// erase deletes the post with this id.
func (a *author) erase(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.posts = slices.DeleteFunc(a.posts, func(p unroll.Post) bool { return p.ID == id })
}

func (a *author) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}

func (a *author) looked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.looks
}

// platform is a chat platform: what it has shown outlives every process.
type platform struct {
	mu    sync.Mutex
	shown []string        // "room: 2 new from 22"
	knows map[string]bool // requests by id, where it takes each once
	gone  bool
	err   error
	then  func() // called when a message is out, before its sender hears of it
}

func (p *platform) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *platform) send(req Request, address string, r Reply) error {
	p.mu.Lock()
	then, err := p.then, p.err
	if p.gone {
		err = ErrGone
	}
	if err == nil && !p.knows[req.ID] {
		if p.knows != nil {
			p.knows[req.ID] = true
		}
		from := slices.IndexFunc(r.Thread.Posts, func(p unroll.Post) bool { return p.ID == r.NewFrom })
		p.shown = append(p.shown, fmt.Sprintf("%s: %d new from %s", address, len(r.Thread.Posts)-from, r.NewFrom))
	}
	p.mu.Unlock()
	if then != nil {
		then()
	}
	return err
}

// phone is the adapter of one process.
type phone struct {
	*platform
	away  atomic.Bool
	alien string // an address that another application answers at
}

func (*phone) Name() string              { return "chat" }
func (*phone) Run(context.Context) error { return nil }

func (p *phone) Recall(_ context.Context, req Request, address []byte) (Responder, error) {
	if p.away.Load() || string(address) == p.alien {
		return nil, ErrElsewhere
	}
	return &call{outbox{}, p, req, string(address)}, nil
}

// call is a Responder that can be made anew.
type call struct {
	outbox
	phone   *phone
	req     Request
	address string
}

func (c *call) Address() ([]byte, time.Time) { return []byte(c.address), time.Time{} }

func (c *call) Send(ctx context.Context, r Reply) error {
	if r.NewFrom == "" {
		return c.outbox.Send(ctx, r)
	}
	return c.phone.send(c.req, c.address, r)
}

// cabinet is the store as one process sees it.
type cabinet struct {
	unroll.Stores
	unroll.Agenda
	unroll.Limiter
	Values unroll.Values

	mu  sync.Mutex
	err error
}

func (c *cabinet) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *cabinet) fault() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *cabinet) Due(ctx context.Context, lane string, n int, lease time.Duration) ([]unroll.Topic, error) {
	if err := c.fault(); err != nil {
		return nil, err
	}
	return c.Agenda.Due(ctx, lane, n, lease)
}

func (c *cabinet) Note(ctx context.Context, t *unroll.Topic, w unroll.Waiting, keep, lease time.Duration) (bool, error) {
	if err := c.fault(); err != nil {
		return false, err
	}
	return c.Agenda.Note(ctx, t, w, keep, lease)
}

func (c *cabinet) Postpone(ctx context.Context, t *unroll.Topic, in time.Duration) error {
	if err := c.fault(); err != nil {
		return err
	}
	return c.Agenda.Postpone(ctx, t, in)
}

// town is what outlives every process: a thread, a platform and the store.
type town struct {
	*testing.T
	author   *author
	platform *platform
	store    *boltstore.Store
}

// process is one run of the program.
type process struct {
	town    *town
	phone   *phone
	store   *cabinet
	service *unroll.Service
	bans    *Bans
	handler Handler
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// inTown runs a story in a time of its own. The thread has two posts.
func inTown(t *testing.T, story func(w *town)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(20 * 365 * 24 * time.Hour) // lest the bubble's clock begins too early for anything
		s, err := boltstore.Open(boltstore.Config{Path: filepath.Join(t.TempDir(), "town.db"), NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		w := &town{T: t, author: &author{}, platform: &platform{}, store: s}
		w.author.write(2)
		story(w)
	})
}

// start starts a process.
func (w *town) start() *process {
	w.Helper()
	p := &process{town: w, phone: &phone{platform: w.platform}, store: &cabinet{Stores: w.store, Agenda: w.store, Limiter: w.store}}
	log := slog.New(slog.DiscardHandler)
	var err error
	if p.service, err = unroll.New(unroll.Config{Log: log}, []unroll.Source{w.author}, p.store); err != nil {
		w.Fatal(err)
	}
	phrases, triggers := messages(w.T), NewTriggers([]string{"unroll"})
	p.bans = NewBans(w.store, log)
	lookout := NewLookout(LookoutConfig{PublicURL: "https://unroll.example", Poll: 20 * time.Second, Log: log}, p.store, p.service, phrases, p.bans)
	p.handler = Chain(NewAnswerer(AnswererConfig{PublicURL: "https://unroll.example", Lookout: lookout, Log: log}, triggers, p.service, phrases),
		Log(log, triggers, nil), Recover(phrases))
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.Background())
	p.done.Go(func() {
		if err := lookout.Run(ctx, []Adapter{p.phone}); err != nil {
			w.Errorf("Run: %v", err)
		}
	})
	return p
}

// end ends a process in good order.
func (p *process) end() {
	p.cancel()
	p.done.Wait()
	p.service.Wait()
}

var errKilled = errors.New("killed")

// kill ends it at once: nothing that it writes is kept any more.
func (p *process) kill() {
	p.store.fail(errKilled)
	p.cancel()
}

// say lets somebody in a room send a command, and gives the answer.
func (p *process) say(room, command, text string) string {
	p.town.Helper()
	res := &call{phone: p.phone, address: room}
	if err := p.handler.Handle(context.Background(), Request{
		Platform: "chat", Chat: room, User: "who in " + room, Locale: "en", Command: command, Message: Message{Text: text},
	}, res); err != nil {
		p.town.Fatal(err)
	}
	if len(res.replies) != 1 {
		p.town.Fatalf("%d answers", len(res.replies))
	}
	return res.replies[0].Text
}

// watch lets a room watch the thread.
func (p *process) watch(room string) {
	p.town.Helper()
	if got := p.say(room, "watch", link); !strings.Contains(got, "I watch this thread") {
		p.town.Fatal(got)
	}
}

// rest lets all processes do what they have to do within d.
func (w *town) rest(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// wants checks all that was told so far.
func (w *town) wants(lines ...string) {
	w.Helper()
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	if !slices.Equal(w.platform.shown, lines) {
		w.Fatalf("told %q, want %q", w.platform.shown, lines)
	}
}
