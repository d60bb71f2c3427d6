package redisstore

import (
	"context"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// advanceAgenda brings what is on the agenda nearer by d.
func advanceAgenda(t *testing.T, s *Store, d time.Duration) {
	t.Helper()
	ctx := t.Context()
	earlier := func(micros float64) float64 { return math.Round(micros) - float64(d.Microseconds()) }
	for _, key := range allKeys(ctx, t, s) {
		kind, of := s.agendaKind(key)
		switch {
		case !of:
		case kind == "due", kind == "who":
			for _, z := range s.client.ZRangeWithScores(ctx, key, 0, -1).Val() {
				s.client.ZAdd(ctx, key, redis.Z{Score: earlier(z.Score), Member: z.Member})
			}
		case kind == "topic":
			for who, held := range s.client.HGetAll(ctx, key).Val() {
				ends, frame, _ := strings.Cut(held, ":")
				at, err := strconv.ParseFloat(ends, 64)
				if err != nil {
					t.Fatal(err)
				}
				s.client.HSet(ctx, key, who, strconv.FormatFloat(earlier(at), 'f', 0, 64)+":"+frame)
			}
		}
	}
}

// agendaKind tells what a key of the agenda is.
func (s *Store) agendaKind(key string) (kind string, of bool) {
	rest, of := strings.CutPrefix(key, s.keys.prefix+"{agenda}:")
	kind, _, _ = strings.Cut(rest, ":")
	return kind, of
}

// damagedAgenda flips a bit in the frames at a key, if it is of the agenda.
func (s *Store) damagedAgenda(ctx context.Context, key string, flip func(string) string) bool {
	kind, of := s.agendaKind(key)
	if kind == "topic" {
		for who, held := range s.client.HGetAll(ctx, key).Val() {
			ends, frame, _ := strings.Cut(held, ":")
			s.client.HSet(ctx, key, who, ends+":"+flip(frame))
		}
	}
	return of
}
