package mention

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// paper is a network that is no more than a list of mentions and answers.
type paper struct {
	mu      sync.Mutex
	listed  []*Mention
	answers []*Answer
	agains  []bool
	cursors []string
	err     error
	panics  int
}

func (p *paper) Name() string { return "paper" }

func (p *paper) Poll(_ context.Context, cursor string) ([]*Mention, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cursors = append(p.cursors, cursor)
	return slices.Clone(p.listed), "0", nil
}

func (p *paper) Post(_ context.Context, _ *Mention, a *Answer, again bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.agains = append(p.agains, again)
	if p.panics > 0 {
		p.panics--
		panic("a fault of our own")
	}
	if p.err != nil {
		return p.err
	}
	p.answers = append(p.answers, a)
	return nil
}

func (p *paper) Like(context.Context, *Mention) error { return nil }

func (p *paper) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.answers)
}

// office hands requests to a function, each in a goroutine.
type office struct {
	sync.WaitGroup
	handle func(bot.Request, bot.Responder)
	mu     sync.Mutex
	err    error
	took   int
}

func (o *office) Dispatch(_ context.Context, req bot.Request, res bot.Responder) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return o.err
	}
	o.took++
	o.Go(func() { o.handle(req, res) })
	return nil
}

// drawer is a store of values.
type drawer struct {
	mu   sync.Mutex
	data map[string]string
}

func (d *drawer) Value(_ context.Context, key string) ([]byte, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, ok := d.data[key]
	return []byte(v), ok, nil
}

func (d *drawer) SetValue(_ context.Context, key string, v []byte, ttl time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ttl <= 0 {
		return errors.New("a value without a time to live")
	}
	d.data[key] = string(v)
	return nil
}

func (d *drawer) DeleteValue(_ context.Context, key string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.data, key)
	return nil
}

func (d *drawer) Claim(context.Context, string, time.Duration) (bool, error) { return true, nil }

type idPhrases struct{}

func (idPhrases) Words(string) render.Words { return render.English{} }

func (idPhrases) Text(_, id string, _ map[string]any) string { return id }

// run lets a desk work for a while.
func run(t *testing.T, p *paper, o *office, d *drawer, during func()) error {
	t.Helper()
	var err error
	synctest.Test(t, func(t *testing.T) {
		for _, m := range p.listed {
			m.At = time.Now()
		}
		desk := NewDesk(Config{}, p, o, idPhrases{}, d)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- desk.Run(ctx, nil) }()
		during()
		synctest.Wait()
		cancel()
		err = <-done
		o.Wait()
	})
	return err
}

func asked(id string) *Mention {
	return &Mention{ID: id, Cursor: id, User: "carol", Named: true, Public: true, Text: "unroll", Links: []string{"https://x.com/ada/status/20"}}
}

func threadReply() bot.Reply {
	return bot.Reply{PageURL: "https://e.example/x/20", Thread: &unroll.Thread{
		Ref: unroll.Ref{Network: unroll.X, ID: "20"}, Posts: []unroll.Post{{ID: "20", Text: "words"}}, Verdict: unroll.Verdict{State: unroll.Complete},
	}}
}

func TestOneAnswerWhateverIsSent(t *testing.T) {
	p := &paper{listed: []*Mention{asked("1")}}
	o := &office{handle: func(_ bot.Request, res bot.Responder) {
		for range 3 {
			_ = res.Send(context.Background(), threadReply())
		}
	}}
	d := &drawer{data: map[string]string{}}
	_ = run(t, p, o, d, func() { time.Sleep(time.Hour) })
	if p.count() != 1 || o.took != 1 {
		t.Errorf("%d answers to %d requests", p.count(), o.took)
	}
	if d.data["mention:paper:cursor"] != "1" {
		t.Errorf("cursor %q", d.data["mention:paper:cursor"])
	}
}

// A request that the Dispatcher took and lost is made again, and its answer
// that comes too late is dropped.
func TestLostRequest(t *testing.T) {
	p := &paper{listed: []*Mention{asked("1")}}
	first := make(chan bot.Responder, 1)
	o := &office{handle: func(_ bot.Request, res bot.Responder) {
		select {
		case first <- res:
		default:
			_ = res.Send(context.Background(), threadReply())
			_ = (<-first).Send(context.Background(), threadReply())
		}
	}}
	_ = run(t, p, o, &drawer{data: map[string]string{}}, func() { time.Sleep(time.Hour) })
	if p.count() != 1 || o.took != 2 {
		t.Errorf("%d answers to %d requests", p.count(), o.took)
	}
}

// Somebody to whom the bot does not speak is not taken for a lost request.
func TestNothingToSay(t *testing.T) {
	p := &paper{listed: []*Mention{asked("1")}}
	o := &office{handle: func(_ bot.Request, res bot.Responder) { res.(bot.Finisher).Done(context.Background()) }}
	d := &drawer{data: map[string]string{}}
	_ = run(t, p, o, d, func() { time.Sleep(time.Hour) })
	if o.took != 1 || d.data["mention:paper:cursor"] != "1" {
		t.Errorf("%d requests, cursor %q", o.took, d.data["mention:paper:cursor"])
	}
}

func TestManyAtOnce(t *testing.T) {
	p := &paper{}
	for i := range 3 * maxOpen {
		p.listed = append(p.listed, asked(fmt.Sprint(i)))
	}
	var mu sync.Mutex
	now, most := 0, 0
	o := &office{handle: func(_ bot.Request, res bot.Responder) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(time.Second)
		_ = res.Send(context.Background(), threadReply())
		mu.Lock()
		now--
		mu.Unlock()
	}}
	_ = run(t, p, o, &drawer{data: map[string]string{}}, func() { time.Sleep(time.Hour) })
	if p.count() != 3*maxOpen || most > maxOpen {
		t.Errorf("%d answers, %d at a time", p.count(), most)
	}
}

// What is said about one thread is not taken for the same about another.
func TestSentencesOfTwoThreads(t *testing.T) {
	p := &paper{listed: []*Mention{asked("1"), asked("2"), asked("3")}}
	p.listed[2].Links = []string{"https://x.com/ada/status/30"}
	o := &office{handle: func(req bot.Request, res bot.Responder) {
		ref, _ := unroll.ParseRef(req.Replied.Links[0])
		_ = res.Send(context.Background(), bot.Reply{Text: "watched", Asked: ref})
	}}
	_ = run(t, p, o, &drawer{data: map[string]string{}}, func() { time.Sleep(time.Minute) })
	if p.count() != 2 {
		t.Errorf("%d answers, want one for each thread", p.count())
	}
}

func TestOperators(t *testing.T) {
	got := Operators([]string{"x:12", " bluesky:did:plc:boss", "mastodon:12", "x:"}, "bluesky")
	if len(got) != 1 || got[0] != "did:plc:boss" {
		t.Errorf("%q", got)
	}
}

func TestGivenUp(t *testing.T) {
	p := &paper{listed: []*Mention{asked("1")}, err: errors.New("no line")}
	o := &office{handle: func(_ bot.Request, res bot.Responder) { _ = res.Send(context.Background(), threadReply()) }}
	d := &drawer{data: map[string]string{}}
	_ = run(t, p, o, d, func() { time.Sleep(3 * time.Hour) })
	if o.took != maxAttempts || d.data["mention:paper:cursor"] != "1" {
		t.Errorf("%d attempts, cursor %q", o.took, d.data["mention:paper:cursor"])
	}
	if p.agains[1] != true {
		t.Error("the second attempt does not know of the first")
	}
}

func TestPanicInThePost(t *testing.T) {
	p := &paper{listed: []*Mention{asked("1"), asked("2")}}
	p.panics = 1
	o := &office{handle: func(_ bot.Request, res bot.Responder) {
		defer func() { _ = recover() }() // as bot.Recover does
		_ = res.Send(context.Background(), threadReply())
	}}
	_ = run(t, p, o, &drawer{data: map[string]string{}}, func() { time.Sleep(time.Hour) })
	if p.count() != 2 || o.took != 3 {
		t.Errorf("%d answers to %d requests, want 2 to 3", p.count(), o.took)
	}
}

func TestBusyDispatcher(t *testing.T) {
	p := &paper{listed: []*Mention{asked("1")}}
	o := &office{err: bot.ErrBusy, handle: func(_ bot.Request, res bot.Responder) { _ = res.Send(context.Background(), threadReply()) }}
	_ = run(t, p, o, &drawer{data: map[string]string{}}, func() {
		time.Sleep(time.Minute)
		o.mu.Lock()
		o.err = nil
		o.mu.Unlock()
		time.Sleep(time.Minute)
	})
	if p.count() != 1 {
		t.Errorf("%d answers", p.count())
	}
}

func TestRequest(t *testing.T) {
	m := asked("1")
	m.Text, m.Locale = "please unroll https://x.com/ada/status/20", "de"
	p := &paper{listed: []*Mention{m}}
	var got bot.Request
	o := &office{handle: func(req bot.Request, res bot.Responder) {
		got = req
		_ = res.Send(context.Background(), threadReply())
	}}
	_ = run(t, p, o, &drawer{data: map[string]string{}}, func() { time.Sleep(time.Second) })
	intent, refs := bot.NewTriggers([]string{"other"}).Find(&got)
	if intent != bot.IntentUnroll || len(refs) != 1 || refs[0].ID != "20" {
		t.Errorf("%s %v", intent, refs)
	}
	if got.ID != "" || got.Platform != "paper" || got.User != "carol" || !got.Public || !got.Mentioned || got.Locale != "de" {
		t.Errorf("%+v", got)
	}
}

func TestBrake(t *testing.T) {
	b := NewBrake(&drawer{data: map[string]string{}})
	ctx := context.Background()
	want := func(network string, want bool) {
		t.Helper()
		if got, err := b.Pulled(ctx, network); got != want || err != nil {
			t.Errorf("%s: %v, %v", network, got, err)
		}
	}
	want("x", false)
	_ = b.Pull(ctx, "x")
	want("x", true)
	want("bluesky", false)
	_ = b.Pull(ctx, "")
	_ = b.Release(ctx, "x")
	want("x", true)
	_ = b.Release(ctx, "")
	want("x", false)
}

func TestWants(t *testing.T) {
	for text, want := range map[string]action{
		"unroll":                                  actUnroll,
		"Could you unroll this, please?":          actUnroll,
		"🧵 UNROLL!":                               actUnroll,
		"unroll https://x.com/a/status/1":         actUnroll,
		"why did you not unroll mine, dear robot": actIgnore,
		"unrolled":                                actIgnore,
		"":                                        actIgnore,
		"Stop.":                                   actStop,
		"stop the war":                            actIgnore,
		"start":                                   actStart,
		"help":                                    actHelp,
		"watch":                                   actWatch,
		"please watch this thread!":               actWatch,
		"watch this video":                        actIgnore,
		"Unwatch":                                 actUnwatch,
		"unroll and watch":                        actUnroll,
	} {
		m := &Mention{Named: true, Text: text}
		if got := m.wants(Keywords(nil)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]action{"unwatch": actUnwatch, "watch": actIgnore, "unroll": actIgnore, "stop": actStop} {
		if got := (&Mention{ToBot: true, Text: text}).wants(Keywords(nil)); got != want {
			t.Errorf("%q in a reply to the bot that does not name it: %s, want %s", text, got, want)
		}
	}
	if got := (&Mention{Named: true, Text: "entrolle"}).wants(Keywords([]string{" Entrolle "})); got != actUnroll {
		t.Errorf("a keyword of the operator's: %s", got)
	}
}

func TestMinutes(t *testing.T) {
	for text, want := range map[string]int{
		"": 1, "short": 1, strings.Repeat("word ", 229): 1, strings.Repeat("word ", 460): 2, strings.Repeat("字", 1000): 2,
	} {
		th := &unroll.Thread{Posts: []unroll.Post{{Text: text}}}
		if got := minutes(th); got != want {
			t.Errorf("%d bytes: %d minutes, want %d", len(text), got, want)
		}
	}
}
