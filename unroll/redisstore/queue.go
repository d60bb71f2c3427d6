package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"unrollbot/unroll"
)

// A line is a stream with one consumer group of one consumer. Each entry is
// read within the call that adds it, so that all stand in the group's list of
// pending entries, where Redis notes how often each was given out and how long
// ago, by its own clock. Who works on an entry resets that time; an entry that
// was left alone for long is given out again.

const (
	// queueTTL counts from the last job. It is longer than threads are kept,
	// so that under the policy volatile-ttl they go first.
	queueTTL = 100 * 24 * time.Hour
	// queueMost bounds a line. A job takes about a kilobyte.
	queueMost = 20_000
	buriedTTL = 30 * 24 * time.Hour // counts from the last note
	buriedMax = 1000
)

// putScript adds ARGV[1] to the stream, unless it has ARGV[2] entries, for
// ARGV[3] milliseconds.
var putScript = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then
	redis.call('XGROUP', 'CREATE', KEYS[1], 'bot', '0', 'MKSTREAM')
elseif redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then
	return ''
end
local id = redis.call('XADD', KEYS[1], '*', 'job', ARGV[1])
redis.call('XREADGROUP', 'GROUP', 'bot', 'bot', 'COUNT', 1, 'STREAMS', KEYS[1], '>')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return id
`)

// takeScript gives out ARGV[2] entries that were left alone for ARGV[1]
// milliseconds: ids, jobs and how often each was given out.
var takeScript = redis.NewScript(`
local taken = {}
if redis.call('EXISTS', KEYS[1]) == 0 then
	return taken
end
for _, p in ipairs(redis.call('XPENDING', KEYS[1], 'bot', 'IDLE', ARGV[1], '-', '+', ARGV[2])) do
	local e = redis.call('XCLAIM', KEYS[1], 'bot', 'bot', 0, p[1])[1]
	if e then
		table.insert(taken, {p[1], e[2][2], p[4] + 1})
	end
end
return taken
`)

// Put implements [unroll.Queue].
func (s *Store) Put(ctx context.Context, line string, data []byte) (string, error) {
	key, _ := s.keys.queue(line)
	id, err := putScript.Run(ctx, s.client, []string{key}, data, queueMost, queueTTL.Milliseconds()).Text()
	if err == nil && id == "" {
		err = unroll.ErrQueueFull
	}
	return id, wrap("put", err)
}

// Take implements [unroll.Queue].
func (s *Store) Take(ctx context.Context, line string, n int) ([]unroll.Job, error) {
	if n <= 0 {
		return nil, nil
	}
	key, _ := s.keys.queue(line)
	rows, err := takeScript.Run(ctx, s.client, []string{key}, unroll.QueueLease.Milliseconds(), n).Slice()
	if err != nil {
		return nil, wrap("take", err)
	}
	jobs := make([]unroll.Job, len(rows))
	for i, row := range rows {
		if jobs[i], err = job(row); err != nil {
			return nil, wrap("take", err)
		}
	}
	return jobs, nil
}

// job reads a row of takeScript.
func job(row any) (unroll.Job, error) {
	if cells, ok := row.([]any); ok && len(cells) == 3 {
		id, ok1 := cells[0].(string)
		data, ok2 := cells[1].(string)
		tries, ok3 := cells[2].(int64)
		if ok1 && ok2 && ok3 {
			return unroll.Job{ID: id, Data: []byte(data), Tries: int(tries)}, nil
		}
	}
	return unroll.Job{}, fmt.Errorf("a job came as %T", row)
}

// Keep implements [unroll.Queue].
func (s *Store) Keep(ctx context.Context, line string, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	key, _ := s.keys.queue(line)
	err := s.client.XClaimJustID(ctx, &redis.XClaimArgs{Stream: key, Group: "bot", Consumer: "bot", Messages: ids}).Err()
	return wrap("keep", unlessNoLine(err))
}

// PutBack implements [unroll.Queue].
func (s *Store) PutBack(ctx context.Context, line, id string, tries int, wait time.Duration) error {
	key, _ := s.keys.queue(line)
	idle := max(0, unroll.QueueLease-wait)
	err := s.client.Do(ctx, "XCLAIM", key, "bot", "bot", 0, id, "IDLE", idle.Milliseconds(), "RETRYCOUNT", tries, "JUSTID").Err()
	return wrap("put back", unlessNoLine(err))
}

// Done implements [unroll.Queue].
func (s *Store) Done(ctx context.Context, line string, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	key, _ := s.keys.queue(line)
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.XAck(ctx, key, "bot", ids...)
		p.XDel(ctx, key, ids...)
		return nil
	})
	return wrap("done", err)
}

// Bury implements [unroll.Queue].
func (s *Store) Bury(ctx context.Context, line, id string, note []byte) error {
	key, buried := s.keys.queue(line)
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.XAck(ctx, key, "bot", id)
		p.XDel(ctx, key, id)
		p.LPush(ctx, buried, note)
		p.LTrim(ctx, buried, 0, buriedMax-1)
		p.PExpire(ctx, buried, buriedTTL)
		return nil
	})
	return wrap("bury", err)
}

// Buried implements [unroll.Queue].
func (s *Store) Buried(ctx context.Context, line string, n int) ([][]byte, error) {
	_, buried := s.keys.queue(line)
	notes, err := s.client.LRange(ctx, buried, 0, int64(n)-1).Result()
	out := make([][]byte, len(notes))
	for i, note := range notes {
		out[i] = []byte(note)
	}
	return out, wrap("buried", err)
}

// Backlog implements [unroll.Queue].
func (s *Store) Backlog(ctx context.Context, line string) (unroll.Backlog, error) {
	key, buried := s.keys.queue(line)
	var jobs, notes *redis.IntCmd
	var first *redis.XMessageSliceCmd
	var now *redis.TimeCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		jobs, first, notes, now = p.XLen(ctx, key), p.XRangeN(ctx, key, "-", "+", 1), p.LLen(ctx, buried), p.Time(ctx)
		return nil
	})
	if err != nil {
		return unroll.Backlog{}, wrap("backlog", err)
	}
	b := unroll.Backlog{Jobs: int(jobs.Val()), Buried: int(notes.Val())}
	for _, m := range first.Val() {
		var millis int64 // an id begins with the time of its coming
		if _, err := fmt.Sscanf(m.ID, "%d-", &millis); err == nil {
			b.Oldest = max(0, now.Val().Sub(time.UnixMilli(millis)))
		}
	}
	return b, nil
}

// unlessNoLine makes nothing of an error that says that there is no such
// line: Redis has lost its memory, and the job with it.
func unlessNoLine(err error) error {
	if err != nil && redis.HasErrorPrefix(err, "NOGROUP") {
		return nil
	}
	return err
}
