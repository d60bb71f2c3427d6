package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"unrollbot/bot/bottest"
	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// asProgram has the test's binary be the program itself.
const asProgram = "UNROLLBOT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		_ = os.Unsetenv(asProgram)
		main()
	}
	os.Exit(m.Run())
}

// cluster is some replicas of the program, processes of their own, which share
// a Redis and answer on a fake of Telegram, that sends its updates by webhook.
type cluster struct {
	*testing.T
	redis    *redisProcess
	net      *fakenet.Net
	telegram *bottest.Telegram
	upstream *slowly
	log      *safeBuffer
	settings []string
	replicas []*replica
}

// replica is one process at a fixed address.
type replica struct {
	c       *cluster
	address string

	mu  sync.Mutex
	cmd *exec.Cmd // nil while it is down
}

const webhookSecret = "opensesame"

// polling is the setting of replicas of which one fetches the updates.
var polling = []string{"UNROLL_TELEGRAM_WEBHOOK_URL=", "UNROLL_TELEGRAM_WEBHOOK_SECRET="}

// newCluster starts replicas that read the threads of w. settings are further
// variables.
func newCluster(t *testing.T, replicas int, w fakenet.World, settings ...string) *cluster {
	t.Helper()
	c := &cluster{T: t, redis: newRedis(t), telegram: bottest.NewTelegram(t), log: &safeBuffer{}}
	n, err := fakenet.Start(context.Background(), w, fakenet.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	c.net, c.upstream = n, newSlowly(t, n.FxTwitterURL)
	c.settings = append([]string{
		"UNROLL_TELEGRAM_TOKEN=" + c.telegram.Token, "UNROLL_TELEGRAM_API_URL=" + c.telegram.URL(),
		"UNROLL_TELEGRAM_WEBHOOK_URL=https://bot.example.org/telegram", "UNROLL_TELEGRAM_WEBHOOK_SECRET=" + webhookSecret,
		"UNROLL_PUBLIC_URL=https://unroll.example", "UNROLL_REDIS_URL=" + c.redis.url,
		"UNROLL_FXTWITTER_URL=" + c.upstream.url, "UNROLL_SYNDICATION_URL=" + c.upstream.url,
		"UNROLL_TRUSTED_HOSTS=" + n.MastodonHost,
	}, settings...)
	t.Cleanup(func() {
		for _, r := range c.replicas {
			r.signal(syscall.SIGKILL)
		}
		if t.Failed() {
			t.Logf("log of the programs:\n%s", c.log)
		}
	})
	for range replicas {
		c.add()
	}
	return c
}

// add starts one more replica.
func (c *cluster) add() {
	c.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.Fatal(err)
	}
	_ = l.Close()
	r := &replica{c: c, address: l.Addr().String()}
	c.replicas = append(c.replicas, r)
	r.start()
}

func (r *replica) start() {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(r.c.settings, asProgram+"=1", "UNROLL_HTTP_ADDR="+r.address, "HOME="+os.TempDir())
	cmd.Stdout, cmd.Stderr = r.c.log, r.c.log
	if err := cmd.Start(); err != nil {
		r.c.Error(err)
		return
	}
	r.mu.Lock()
	r.cmd = cmd
	r.mu.Unlock()
}

// signal ends the process, with SIGKILL at once, and waits for its end.
func (r *replica) signal(s syscall.Signal) {
	r.mu.Lock()
	cmd := r.cmd
	r.cmd = nil
	r.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Signal(s)
		_ = cmd.Wait()
	}
}

// metric reads one line of a replica's metrics.
func (r *replica) metric(line string) string {
	resp, err := http.Get("http://" + r.address + "/metrics")
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	data, _ := io.ReadAll(resp.Body)
	for l := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(l, line+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// deliver brings Telegram's updates to the replicas until the test ends, each
// again and again until one has confirmed it, as many times as times says.
func (c *cluster) deliver(times func(raw []byte, n int) int) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	c.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		var offset int64
		n := 0
		for ctx.Err() == nil {
			var batch struct {
				Result []json.RawMessage `json:"result"`
			}
			body, err := c.post(ctx, c.telegram.URL()+"/bot"+c.telegram.Token+"/getUpdates", fmt.Appendf(nil, `{"offset":%d,"timeout":1}`, offset))
			if err != nil || json.Unmarshal(body, &batch) != nil {
				continue
			}
			var sending sync.WaitGroup
			for _, raw := range batch.Result {
				var u struct {
					ID int64 `json:"update_id"`
				}
				if err := json.Unmarshal(raw, &u); err != nil {
					c.Error(err)
				}
				offset = u.ID + 1
				for range times(raw, n) {
					first := n
					n++
					sending.Go(func() { c.bring(ctx, raw, first) })
				}
			}
			sending.Wait()
		}
	}()
}

// bring posts an update to one replica after the other, until one confirms it.
func (c *cluster) bring(ctx context.Context, raw []byte, first int) {
	for n := first; ctx.Err() == nil; n++ {
		if _, err := c.post(ctx, "http://"+c.replicas[n%len(c.replicas)].address+"/telegram", raw); err == nil {
			return
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (c *cluster) post(ctx context.Context, address string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", webhookSecret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %s", resp.Status)
	}
	return io.ReadAll(resp.Body)
}

func onceEach([]byte, int) int { return 1 }

// person is the chat of the n-th who asks.
func person(n int) int64 { return int64(10_000 + n) }

// ask lets the n-th person ask for the n-th thread of many.
func (c *cluster) ask(n int, link string) {
	c.telegram.Say(bottest.TelegramPost{From: bottest.TelegramUser{ID: person(n)}, Text: link})
}

// answers counts the messages with a thread that the n-th person has.
func (c *cluster) answers(n int) (count int) {
	for _, m := range c.telegram.Messages(person(n)) {
		if strings.Contains(m.Text, threadMark) {
			count++
		}
	}
	return count
}

// answered waits until all of n people have an answer, and checks that
// nobody has two.
func (c *cluster) answered(n int, within time.Duration) {
	c.Helper()
	deadline := time.Now().Add(within)
	var missing []int
	for {
		missing = missing[:0]
		for i := range n {
			if c.answers(i) == 0 {
				missing = append(missing, i)
			}
		}
		if len(missing) == 0 || time.Now().After(deadline) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if len(missing) > 0 {
		c.Errorf("%d of %d requests that were accepted have no answer: %v", len(missing), n, missing)
	}
	for i := range n {
		if got := c.answers(i); got > 1 {
			c.Errorf("request %d has %d answers", i, got)
		}
	}
}

const threadMark = "of a thread of its own"

// many are threads of two posts each, see manyLink.
func many(threads int) fakenet.World {
	w := fakenet.World{Authors: []fakenet.Author{{ID: "ada", Name: "Ada"}}}
	at := time.Now().Add(-30 * 24 * time.Hour)
	for n := range threads {
		for i := range 2 {
			p := fakenet.Post{Post: unroll.Post{
				ID: fmt.Sprint(5_000_000 + 10*n + i), AuthorID: "ada", At: at.Add(time.Duration(i) * time.Minute),
				Text: fmt.Sprintf("Post %d %s, number %d.", i, threadMark, n),
			}}
			if i > 0 {
				p.ParentID = fmt.Sprint(5_000_000 + 10*n)
			}
			w.Posts = append(w.Posts, p)
		}
	}
	return w
}

func manyLink(n int) string { return fmt.Sprintf("https://x.com/ada/status/%d", 5_000_000+10*n) }
