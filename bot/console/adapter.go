// Package console is a chat with the bot in a terminal: the third adapter,
// for a first look and for tests. It speaks to one person, works line by
// line, and asks for the next line only when the last one is answered.
package console

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"unrollbot/bot"
)

// greeting says what works here and in no other chat.
const greeting = "\n" + `Send a link to a post to get its thread. To reply to message 1 type "> 1 unroll", ` +
	`to press [1] type 1. /help says more, /quit ends.`

const (
	maxLine  = 64 << 10   // bytes of one typed line
	terminal = "terminal" // the one chat there is
	minWidth = 24         // cells; narrower than this nothing can be read
)

// Config tunes an [Adapter].
type Config struct {
	In  io.Reader // os.Stdin when nil
	Out io.Writer // os.Stdout when nil

	Width int  // cells of a line; 0 means 80
	Lines int  // lines of a page of a thread; 0 means 40
	Color bool // use bold and dim type

	Name   string // the bot's name; empty means "unrollbot"
	Locale string // BCP 47; empty means English

	// Messages are there when the chat begins, as if others had sent them.
	Messages []Message
	// Patience is how long an answer is waited for before the next line is
	// asked for; 0 means 2 minutes.
	Patience time.Duration
}

// Message is what somebody wrote into the chat.
type Message struct {
	From string
	Text string
}

// Adapter is the chat.
type Adapter struct {
	cfg      Config
	dispatch bot.Dispatch
	phrases  bot.Phrases
	echo     bool   // nobody sees what they type: the input is no terminal
	session  string // makes request IDs differ between runs

	mu       sync.Mutex // guards what follows, and Out
	messages []shown    // numbered from 1
	buttons  []button   // of the latest message that has some
}

// shown is a message of the chat.
type shown struct {
	from    string
	text    string
	covered func() string // what /show prints; nil where nothing is covered
}

// button is what "[1]" under a message does.
type button struct {
	label string
	page  bot.PageRequest
}

var _ bot.Adapter = (*Adapter)(nil)

// New makes the chat. Where nothing else needs the bounded pool, [Inline] is
// dispatch enough: one person asks one thing at a time.
func New(cfg Config, dispatch bot.Dispatch, phrases bot.Phrases) (*Adapter, error) {
	if dispatch == nil || phrases == nil {
		return nil, errors.New("console: needs a dispatch and phrases")
	}
	if cfg.In == nil {
		cfg.In = os.Stdin
	}
	if cfg.Out == nil {
		cfg.Out = os.Stdout
	}
	cfg.Width = max(cmp.Or(cfg.Width, 80), minWidth)
	cfg.Lines = max(cmp.Or(cfg.Lines, 40), 1)
	cfg.Name = cmp.Or(cfg.Name, "unrollbot")
	cfg.Patience = cmp.Or(cfg.Patience, 2*time.Minute)
	return &Adapter{
		cfg: cfg, dispatch: dispatch, phrases: phrases,
		echo: !isTerminal(cfg.In), session: rand.Text(),
	}, nil
}

// isTerminal tells whether somebody types into in, and sees it.
func isTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Name returns "console".
func (*Adapter) Name() string { return "console" }

// Run chats until the input ends, somebody types /quit, or ctx ends.
func (a *Adapter) Run(ctx context.Context) error {
	for _, m := range a.cfg.Messages {
		a.post(m.From, m.Text)
	}
	for _, line := range wrap(greeting, a.cfg.Width) {
		a.hint(line)
	}

	// A read from a terminal cannot be called off: when ctx ends first, the
	// reader stays behind until the next line or the end of the program.
	lines, failed := make(chan string), make(chan error, 1)
	go func() { failed <- read(ctx, a.cfg.In, lines) }()
	for {
		a.prompt()
		select {
		case <-ctx.Done():
			a.hint("")
			return nil
		case err := <-failed:
			a.hint("")
			return err
		case line := <-lines:
			if a.echo {
				a.hint(line)
			}
			if done, err := a.take(ctx, parse(line)); done || err != nil {
				return err
			}
		}
	}
}

// read sends lines until in or ctx ends.
func read(ctx context.Context, in io.Reader, lines chan<- string) error {
	s := bufio.NewScanner(in)
	s.Buffer(nil, maxLine)
	for s.Scan() {
		select {
		case lines <- s.Text():
		case <-ctx.Done():
			return nil
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("console: a line is longer than %d bytes", maxLine)
	}
	if s.Err() != nil {
		return fmt.Errorf("console: input: %w", s.Err())
	}
	return nil
}

// take acts on a line. done tells that the chat is over.
func (a *Adapter) take(ctx context.Context, in input) (done bool, err error) {
	switch in.verb {
	case verbNothing:
		return false, nil
	case verbQuit:
		return true, nil
	case verbShow:
		a.uncover(in.number)
		return false, nil
	case verbPress:
		b, ok := a.button(in.number)
		if !ok {
			a.hint(fmt.Sprintf("There is no button %d here.", in.number))
			return false, nil
		}
		return a.ask(ctx, bot.Request{Page: &b.page})
	case verbSay:
	}
	req := bot.Request{Command: in.command, Message: bot.Message{Text: in.text}}
	if in.replies {
		m, ok := a.message(in.number)
		if !ok {
			a.hint(fmt.Sprintf("There is no message %d here.", in.number))
			return false, nil
		}
		req.Replied = &bot.Message{Text: m.text}
	}
	a.remember(shown{from: "you", text: in.text})
	return a.ask(ctx, req)
}

// ask hands req on and waits for its answer.
func (a *Adapter) ask(ctx context.Context, req bot.Request) (done bool, err error) {
	req.Platform, req.Chat, req.User = a.Name(), terminal, "you"
	req.Locale, req.Private = a.cfg.Locale, true
	req.ID = a.session + "-" + strconv.Itoa(a.count())

	res := &responder{a: a, done: make(chan struct{})}
	switch err := a.dispatch.Dispatch(ctx, req, res); {
	case errors.Is(err, bot.ErrClosed):
		return true, nil
	case err != nil:
		a.post(a.cfg.Name, a.phrases.Text(a.cfg.Locale, "busy", nil))
		return false, nil
	}
	patience := time.NewTimer(a.cfg.Patience)
	defer patience.Stop()
	select {
	case <-res.done:
	case <-patience.C:
	case <-ctx.Done():
	}
	return false, nil
}

func (a *Adapter) message(number int) (shown, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if number < 1 || number > len(a.messages) {
		return shown{}, false
	}
	return a.messages[number-1], true
}

func (a *Adapter) button(number int) (button, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if number < 1 || number > len(a.buttons) {
		return button{}, false
	}
	return a.buttons[number-1], true
}

func (a *Adapter) remember(m shown) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.messages = append(a.messages, m)
}

func (a *Adapter) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.messages)
}
