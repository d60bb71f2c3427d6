package discord

import (
	"strings"
	"testing"
	"time"

	"unrollbot/bot/bottest"
)

const intentMessageContent = 1 << 15

// alive proves that events get through.
func (r *rig) alive() {
	r.t.Helper()
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}}))
	if !strings.Contains(m.Text(), "Post 1 of") {
		r.t.Errorf("answered %q", m.Text())
	}
}

func TestGatewayComesBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		next       []bottest.DiscordStep // what happens to the connections after
		do         string
		code       int
		identifies int
		resumes    int
	}{
		"asked to reconnect":                {nil, "op7", 0, 1, 1},
		"dropped":                           {nil, "drop", 0, 1, 1},
		"closed":                            {nil, "close", 4000, 1, 1},
		"closed for being slow":             {nil, "close", 4009, 1, 1},
		"session invalid":                   {nil, "op9", 0, 2, 0},
		"session invalid but resumable":     {nil, "op9resumable", 0, 1, 1},
		"asked to reconnect while resuming": {[]bottest.DiscordStep{{On: "resume", Do: "op7"}, {On: "resume", Do: "op7"}}, "drop", 0, 1, 1},
		"invalid while resuming":            {[]bottest.DiscordStep{{On: "resume", Do: "op9"}}, "drop", 0, 2, 0},
		"closed before the first word":      {[]bottest.DiscordStep{{On: "hello", Do: "close", Code: 4000}, {On: "hello", Do: "drop"}}, "drop", 0, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{MessageContent: true, AckWithin: time.Minute}, whole(1))
			r.Script(tc.next...)
			r.Gateway(tc.do, tc.code)
			r.Await("the session to come back", func(s *bottest.DiscordState) bool {
				return len(s.Identifies) == tc.identifies && s.Resumes == tc.resumes && s.Sessions[len(s.Sessions)-1].Live()
			})
			r.alive()
		})
	}
}

// Events from while the connection was down come with the resumed session:
// none is lost, none is answered twice.
func TestGatewayReplaysWhatWasMissed(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{AckWithin: time.Minute}, whole(1))
	r.alive()
	r.Gateway("drop", 0)
	r.Await("the end of the connection", func(s *bottest.DiscordState) bool { return !s.Sessions[0].Live() })
	id := r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}})
	r.Answered(id)
	r.Look(func(s *bottest.DiscordState) {
		if s.Resumes != 1 || s.Count("POST /interactions/") != 2 {
			t.Errorf("%d resumes, %d acknowledgements", s.Resumes, s.Count("POST /interactions/"))
		}
	})
}

func TestGatewayOddStarts(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]bottest.DiscordStep{
		"reconnect in place of READY": {On: "identify", Do: "op7"},
		"invalid in place of READY":   {On: "identify", Do: "op9resumable"},
		"closed in place of READY":    {On: "identify", Do: "close", Code: 4008},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := prepare(t, bottest.DiscordConfig{}, whole(1))
			r.Script(step, step)
			r.run()
			r.Connected(1)
			r.alive()
		})
	}
}

func TestGatewaySilence(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		script    []bottest.DiscordStep
		heartbeat time.Duration
		hello     time.Duration
		ready     time.Duration
	}{
		"no first word":          {[]bottest.DiscordStep{{On: "hello", Do: "silent"}}, time.Minute, 30 * time.Millisecond, time.Minute},
		"no READY":               {[]bottest.DiscordStep{{On: "identify", Do: "silent"}}, time.Minute, time.Minute, 30 * time.Millisecond},
		"no answer to heartbeat": {nil, 40 * time.Millisecond, time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := prepare(t, bottest.DiscordConfig{Heartbeat: tc.heartbeat, AckWithin: time.Minute}, whole(1))
			r.adapter.pace.wire.hello, r.adapter.pace.wire.ready = tc.hello, tc.ready
			r.Script(tc.script...)
			r.run()
			r.Connected(1)
			if tc.script == nil {
				r.Gateway("silent", 0)
				r.Await("a resumed session", func(s *bottest.DiscordState) bool { return s.Resumes == 1 })
			}
			r.alive()
		})
	}
}

func TestGatewayFatalCodes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cfg   bottest.DiscordConfig
		step  bottest.DiscordStep
		wants string
	}{
		"token":          {bottest.DiscordConfig{Token: "another", Lenient: true}, bottest.DiscordStep{}, "UNROLL_DISCORD_TOKEN"},
		"token later":    {bottest.DiscordConfig{}, bottest.DiscordStep{On: "identify", Do: "close", Code: 4004}, "Reset Token"},
		"shard number":   {bottest.DiscordConfig{}, bottest.DiscordStep{On: "identify", Do: "close", Code: 4010}, "report it"},
		"old version":    {bottest.DiscordConfig{}, bottest.DiscordStep{On: "identify", Do: "close", Code: 4012}, "update unrollbot"},
		"shards":         {bottest.DiscordConfig{}, bottest.DiscordStep{On: "identify", Do: "close", Code: 4011}, "restart"},
		"other intents":  {bottest.DiscordConfig{}, bottest.DiscordStep{On: "identify", Do: "close", Code: 4013}, "intents"},
		"while resuming": {bottest.DiscordConfig{}, bottest.DiscordStep{On: "resume", Do: "close", Code: 4004}, "4004"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := prepare(t, tc.cfg, whole(1))
			// The first connection is refused for asking for message content.
			switch tc.step.On {
			case "identify":
				r.Script(bottest.DiscordStep{}, tc.step)
			case "resume":
				r.Script(bottest.DiscordStep{}, bottest.DiscordStep{}, tc.step)
				go func() {
					r.Await("a session", func(s *bottest.DiscordState) bool { return len(s.Sessions) == 1 && s.Sessions[0].Live() })
					r.Gateway("drop", 0)
				}()
			}
			err := r.failed(t)
			if err == nil || !strings.Contains(err.Error(), tc.wants) {
				t.Fatalf("Run: %v, want %q in it", err, tc.wants)
			}
			if strings.Contains(err.Error(), "token\"") || strings.Contains(err.Error(), "Bot token") {
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
}

func TestGatewayWithoutMessageContent(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	r.Look(func(s *bottest.DiscordState) {
		if len(s.Identifies) != 2 || s.Identifies[0].Intents&intentMessageContent == 0 || s.Identifies[1].Intents&intentMessageContent != 0 {
			t.Errorf("identifies %+v", s.Identifies)
		}
	})
	if !r.adapter.withheld.Load() {
		t.Error("the adapter thinks it sees all texts")
	}
}

func TestGatewayShards(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{Shards: 3, MessageContent: true}, whole(1))
	seen := make(map[int]bool)
	r.Look(func(s *bottest.DiscordState) {
		for _, i := range s.Identifies {
			seen[i.Shard[0]] = i.Shard[1] == 3
		}
	})
	if len(seen) != 3 || !seen[0] || !seen[1] || !seen[2] {
		t.Errorf("shards %v", seen)
	}
	r.alive()
}

func TestGatewayNonsense(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"null":              "null",
		"a list":            "[1]",
		"no JSON":           "{",
		"interval of zero":  `{"op":10,"d":{"heartbeat_interval":0}}`,
		"an unknown op":     `{"op":77,"d":{}}`,
		"an unknown event":  `{"op":0,"s":9,"t":"MARVEL","d":[]}`,
		"an event of null":  `{"op":0,"s":9,"t":"MESSAGE_CREATE","d":null}`,
		"a message of text": `{"op":0,"s":9,"t":"MESSAGE_CREATE","d":"hi"}`,
		"components of 99":  `{"op":0,"s":9,"t":"INTERACTION_CREATE","d":{"id":"1","token":"t","application_id":"5","type":2,"data":{"components":[{"type":99}]}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{Lenient: true, AckWithin: time.Minute}, whole(1))
			r.Raw(text)
			r.alive()
		})
	}
}

// Run finishes what it took on, and leaves no session behind.
func TestGatewayStop(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	r.alive()
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r.Connected(0)
}

// While the API is out of reach, Run goes on trying.
func TestRunWaitsForDiscord(t *testing.T) {
	t.Parallel()
	r := prepare(t, bottest.DiscordConfig{}, whole(1))
	r.Fail(bottest.DiscordFault{Match: "GET /applications/@me", Status: 503, HTML: true, Times: 6},
		bottest.DiscordFault{Match: "GET /gateway/bot", Drop: true, Times: 6},
		bottest.DiscordFault{Match: "PUT /applications/500/commands", Status: 500, Times: 6})
	r.run()
	r.Connected(1)
	r.Await("the commands", func(s *bottest.DiscordState) bool { return s.Commands != nil })
}
