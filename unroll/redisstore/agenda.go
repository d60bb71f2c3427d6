package redisstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

var _ unroll.Agenda = (*Store)(nil)

// agenda names the keys of one lane: topics by the time that they are due,
// who has which in hand, who waits for a topic, and what one of them waits
// for. They share a slot of a cluster.
func (k keys) agenda(lane string) (due, claims string, topic, who func(string) string) {
	of := func(kind string) string { return k.prefix + "{agenda}:" + kind + ":" + lane }
	return of("due"), of("claims"),
		func(name string) string { return of("topic") + "\x00" + name },
		func(name string) string { return of("who") + "\x00" + name }
}

// agendaLua begins every script: the clock of Redis in microseconds, which
// doubles hold exactly, and what is often done. One who waits is a field of a
// topic's hash: until when, a colon, and a frame.
const agendaLua = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function whole(n) return string.format('%.0f', n) end
local function last(key, micros)
	local ms = math.ceil(micros / 1000)
	if redis.call('PTTL', key) < ms then
		redis.call('PEXPIRE', key, whole(ms))
	end
end
local function ends(held)
	return tonumber(string.match(held or '0:', '^(%d+):')) or 0
end
`

// enterScript takes KEYS due, topic, who; ARGV the names of topic and who, a
// frame, in, keep and the three bounds.
var enterScript = redis.NewScript(agendaLua + `
local in_, keep = tonumber(ARGV[4]), tonumber(ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', whole(now))
local held = redis.call('HGET', KEYS[2], ARGV[2])
local waits = ends(held) > now
local frame = ARGV[3]
if waits then
	frame = string.match(held, '^%d+:(.*)$')
	keep = math.max(keep, ends(held) - now)
else
	if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[7]) then
		return -1
	end
	local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
	if not known and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[6]) or redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[8]) then
		return -2
	end
	if not known then
		redis.call('ZADD', KEYS[1], whole(now + in_), ARGV[1])
	end
end
redis.call('HSET', KEYS[2], ARGV[2], whole(now + keep) .. ':' .. frame)
redis.call('ZADD', KEYS[3], whole(now + keep), ARGV[1])
for i = 1, 3 do
	last(KEYS[i], keep)
end
return waits and 0 or 1
`)

// leaveScript takes KEYS due, claims, topic, who; ARGV the names of topic and
// who.
var leaveScript = redis.NewScript(agendaLua + `
local was = ends(redis.call('HGET', KEYS[3], ARGV[2])) > now
redis.call('HDEL', KEYS[3], ARGV[2])
redis.call('ZREM', KEYS[4], ARGV[1])
if redis.call('HLEN', KEYS[3]) == 0 then
	redis.call('ZREM', KEYS[1], ARGV[1])
	redis.call('HDEL', KEYS[2], ARGV[1])
end
return was and 1 or 0
`)

// enteredScript takes KEYS who.
var enteredScript = redis.NewScript(agendaLua + `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', whole(now))
return redis.call('ZRANGE', KEYS[1], 0, -1)
`)

// dueScript takes KEYS due, claims; ARGV how many, the lease and the claim.
var dueScript = redis.NewScript(agendaLua + `
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', whole(now), 'LIMIT', 0, ARGV[1])
for _, name in ipairs(names) do
	redis.call('ZADD', KEYS[1], whole(now + ARGV[2]), name)
	redis.call('HSET', KEYS[2], name, ARGV[3])
end
if #names > 0 then
	last(KEYS[1], tonumber(ARGV[2]))
	last(KEYS[2], tonumber(ARGV[2]))
end
return names
`)

// waitingScript takes KEYS due, claims, topic; ARGV the topic's name. It gives
// those who wait, and drops who has done so too long; the topic with them,
// when nobody is left.
var waitingScript = redis.NewScript(agendaLua + `
local out = {}
local all = redis.call('HGETALL', KEYS[3])
for i = 1, #all, 2 do
	if ends(all[i + 1]) > now then
		out[#out + 1] = all[i]
		out[#out + 1] = string.match(all[i + 1], '^%d+:(.*)$')
	else
		redis.call('HDEL', KEYS[3], all[i])
	end
end
if #out == 0 then
	redis.call('ZREM', KEYS[1], ARGV[1])
	redis.call('HDEL', KEYS[2], ARGV[1])
end
return out
`)

// noteScript takes KEYS due, claims, topic, who; ARGV the names of topic and
// who, a frame, keep, the lease and the claim.
var noteScript = redis.NewScript(agendaLua + `
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[6] or ends(redis.call('HGET', KEYS[3], ARGV[2])) <= now then
	return 0
end
local keep, lease = tonumber(ARGV[4]), tonumber(ARGV[5])
redis.call('HSET', KEYS[3], ARGV[2], whole(now + keep) .. ':' .. ARGV[3])
redis.call('ZADD', KEYS[4], whole(now + keep), ARGV[1])
redis.call('ZADD', KEYS[1], whole(now + lease), ARGV[1])
last(KEYS[2], lease)
for _, i in ipairs({1, 3, 4}) do
	last(KEYS[i], keep)
end
return 1
`)

// postponeScript takes KEYS due, claims; ARGV the topic's name, the claim and
// the time until it is due.
var postponeScript = redis.NewScript(agendaLua + `
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then
	return 0
end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[1], 'XX', whole(now + ARGV[3]), ARGV[1])
return 1
`)

// Enter implements [unroll.Agenda].
func (s *Store) Enter(ctx context.Context, w unroll.Waiting, in, keep time.Duration, b unroll.AgendaBounds) (bool, error) {
	if keep <= 0 {
		return false, wrap("enter", errTTL)
	}
	due, _, topic, who := s.keys.agenda(w.Lane)
	n, err := enterScript.Run(ctx, s.client, []string{due, topic(w.Topic), who(w.Who)},
		w.Topic, w.Who, codec.Frame(codec.KindValue, w.Value), in.Microseconds(), keep.Microseconds(), b.Topics, b.Each, b.Waiting).Int()
	switch {
	case err != nil:
		return false, wrap("enter", err)
	case n == -1:
		return false, wrap("enter", unroll.ErrWaitsEnough)
	case n == -2:
		return false, wrap("enter", unroll.ErrAgendaFull)
	}
	return n == 1, nil
}

// Leave implements [unroll.Agenda].
func (s *Store) Leave(ctx context.Context, lane, name, of string) (bool, error) {
	due, claims, topic, who := s.keys.agenda(lane)
	was, err := leaveScript.Run(ctx, s.client, []string{due, claims, topic(name), who(of)}, name, of).Bool()
	return was, wrap("leave", err)
}

// Entered implements [unroll.Agenda].
func (s *Store) Entered(ctx context.Context, lane, of string) ([]string, error) {
	_, _, _, who := s.keys.agenda(lane)
	names, err := enteredScript.Run(ctx, s.client, []string{who(of)}).StringSlice()
	slices.Sort(names)
	return names, wrap("entered", err)
}

// Due implements [unroll.Agenda].
func (s *Store) Due(ctx context.Context, lane string, n int, lease time.Duration) ([]unroll.Topic, error) {
	if lease <= 0 {
		return nil, wrap("due", errLease)
	}
	due, claims, topic, _ := s.keys.agenda(lane)
	claim := rand.Text()
	names, err := dueScript.Run(ctx, s.client, []string{due, claims}, n, lease.Microseconds(), claim).StringSlice()
	if err != nil {
		return nil, wrap("due", err)
	}
	var out []unroll.Topic
	for _, name := range names {
		found, err := waitingScript.Run(ctx, s.client, []string{due, claims, topic(name)}, name).StringSlice()
		if err != nil {
			return out, wrap("due", err) // what is not given is due again when the lease ends
		}
		t := unroll.Topic{Lane: lane, Name: name, Claim: claim}
		for i := 0; i+1 < len(found); i += 2 {
			if value, ok := s.codec.Value([]byte(found[i+1])); ok {
				t.Waiting = append(t.Waiting, unroll.Waiting{Lane: lane, Topic: name, Who: found[i], Value: value})
			}
		}
		slices.SortFunc(t.Waiting, func(a, b unroll.Waiting) int { return cmp.Compare(a.Who, b.Who) })
		if len(t.Waiting) > 0 {
			out = append(out, t)
		}
	}
	return out, nil
}

// Note implements [unroll.Agenda].
func (s *Store) Note(ctx context.Context, t *unroll.Topic, w unroll.Waiting, keep, lease time.Duration) (bool, error) {
	if keep <= 0 || lease <= 0 {
		return false, wrap("note", errTTL)
	}
	due, claims, topic, who := s.keys.agenda(t.Lane)
	still, err := noteScript.Run(ctx, s.client, []string{due, claims, topic(t.Name), who(w.Who)},
		t.Name, w.Who, codec.Frame(codec.KindValue, w.Value), keep.Microseconds(), lease.Microseconds(), t.Claim).Bool()
	return still, wrap("note", err)
}

// Postpone implements [unroll.Agenda].
func (s *Store) Postpone(ctx context.Context, t *unroll.Topic, in time.Duration) error {
	due, claims, _, _ := s.keys.agenda(t.Lane)
	return wrap("postpone", postponeScript.Run(ctx, s.client, []string{due, claims}, t.Name, t.Claim, in.Microseconds()).Err())
}
