package boltstore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

var _ unroll.Agenda = (*Store)(nil)

// Both kinds of records stand in agendaBucket, each name in them after its
// length. The agenda is bounded, and read from end to end: a few thousand
// records take about a millisecond.
const (
	topicRecord   byte = 't' // of lane and topic: when it is due, in microseconds since 1970, and the claim
	waitingRecord byte = 'w' // of lane, topic and who: the value
)

// agendaKey is a record's key, or what the keys of several begin with.
func agendaKey(kind byte, names ...string) []byte {
	key := []byte{kind}
	for _, name := range names {
		key = binary.AppendUvarint(key, uint64(len(name)))
		key = append(key, name...)
	}
	return key
}

// lastName reads the last name of a key, behind those of a prefix.
func lastName(key, prefix []byte) string {
	_, n := binary.Uvarint(key[len(prefix):])
	return string(key[len(prefix)+n:])
}

// agendaRecords yields the records that have not expired, with the last names
// of their keys.
func (s *Store) agendaRecords(tx *bbolt.Tx, prefix []byte, yield func(name string, stamp, value []byte)) {
	c := agendaBucket.in(tx).Cursor()
	for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if len(v) < stampSize || expired(v, s.now()) {
			continue
		}
		if value, ok := s.codec.Value(v[stampSize:]); ok {
			yield(lastName(k, prefix), v[:stampSize], value)
		}
	}
}

// agendaCount counts them.
func (s *Store) agendaCount(tx *bbolt.Tx, prefix []byte) (n int) {
	s.agendaRecords(tx, prefix, func(string, []byte, []byte) { n++ })
	return n
}

// agendaEnd is when a record expires, the zero time where there is none.
func (s *Store) agendaEnd(tx *bbolt.Tx, key []byte) time.Time {
	v := agendaBucket.in(tx).Get(key)
	if len(v) < stampSize || expired(v, s.now()) {
		return time.Time{}
	}
	return until(v)
}

// putAgenda writes a record that is kept for keep, or as long as the one in
// its place.
func (s *Store) putAgenda(tx *bbolt.Tx, key, value []byte, keep time.Duration) error {
	end := s.now().Add(keep)
	if was := s.agendaEnd(tx, key); was.After(end) {
		end = was
	}
	return s.put(tx, end, agendaRecord(key, value))
}

func agendaRecord(key, value []byte) record {
	return record{agendaBucket, key, codec.Frame(codec.KindValue, value)}
}

// turn is when a topic is due, and who has it in hand.
type turn struct {
	at    time.Time
	claim string
}

func (t turn) value() []byte { return append(stamp(t.at), t.claim...) }

func parseTurn(v []byte) (turn, bool) {
	if len(v) < stampSize {
		return turn{}, false
	}
	return turn{until(v), string(v[stampSize:])}, true
}

func (s *Store) turn(tx *bbolt.Tx, lane, topic string) (turn, bool) {
	v, ok := s.codec.Value(s.get(tx, agendaBucket, agendaKey(topicRecord, lane, topic)))
	if !ok {
		return turn{}, false
	}
	return parseTurn(v)
}

// Enter implements [unroll.Agenda].
func (s *Store) Enter(ctx context.Context, w unroll.Waiting, in, keep time.Duration, b unroll.AgendaBounds) (fresh bool, err error) {
	if keep <= 0 {
		return false, s.wrap("enter", errTTL)
	}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		key, topic := agendaKey(waitingRecord, w.Lane, w.Topic, w.Who), agendaKey(topicRecord, w.Lane, w.Topic)
		value, waits := s.codec.Value(s.get(tx, agendaBucket, key))
		fresh = !waits
		t, known := s.turn(tx, w.Lane, w.Topic)
		switch {
		case waits:
		case len(s.entered(tx, w.Lane, w.Who)) >= b.Each:
			return unroll.ErrWaitsEnough
		case !known && s.agendaCount(tx, agendaKey(topicRecord, w.Lane)) >= b.Topics,
			s.agendaCount(tx, agendaKey(waitingRecord, w.Lane, w.Topic)) >= b.Waiting:
			return unroll.ErrAgendaFull
		default:
			value = w.Value
		}
		if !known {
			t = turn{at: s.now().Add(in)}
		}
		if err := s.putAgenda(tx, topic, t.value(), keep); err != nil {
			return err
		}
		return s.putAgenda(tx, key, value, keep)
	})
	return fresh && err == nil, s.wrap("enter", err)
}

// Leave implements [unroll.Agenda].
func (s *Store) Leave(ctx context.Context, lane, topic, who string) (was bool, err error) {
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		key := agendaKey(waitingRecord, lane, topic, who)
		was = s.get(tx, agendaBucket, key) != nil
		if err := agendaBucket.in(tx).Delete(key); err != nil || s.agendaCount(tx, agendaKey(waitingRecord, lane, topic)) > 0 {
			return err
		}
		return agendaBucket.in(tx).Delete(agendaKey(topicRecord, lane, topic))
	})
	return was && err == nil, s.wrap("leave", err)
}

// Entered implements [unroll.Agenda].
func (s *Store) Entered(_ context.Context, lane, who string) (topics []string, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		topics = s.entered(tx, lane, who)
		return nil
	})
	slices.Sort(topics)
	return topics, s.wrap("entered", err)
}

func (s *Store) entered(tx *bbolt.Tx, lane, who string) (topics []string) {
	s.agendaRecords(tx, agendaKey(topicRecord, lane), func(topic string, _, _ []byte) {
		if s.get(tx, agendaBucket, agendaKey(waitingRecord, lane, topic, who)) != nil {
			topics = append(topics, topic)
		}
	})
	return topics
}

// Due implements [unroll.Agenda].
func (s *Store) Due(ctx context.Context, lane string, n int, lease time.Duration) (out []unroll.Topic, err error) {
	if lease <= 0 {
		return nil, s.wrap("due", errLease)
	}
	claim := rand.Text()
	find := func(tx *bbolt.Tx) (names []string) {
		at := map[string]time.Time{}
		s.agendaRecords(tx, agendaKey(topicRecord, lane), func(topic string, _, value []byte) {
			if t, ok := parseTurn(value); ok && !t.at.After(s.now()) {
				at[topic] = t.at
				names = append(names, topic)
			}
		})
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(at[a].Compare(at[b]), cmp.Compare(a, b)) })
		return names[:min(n, len(names))]
	}
	any := false
	if err := s.view(func(tx *bbolt.Tx) error { any = len(find(tx)) > 0; return nil }); err != nil || !any {
		return nil, s.wrap("due", err) // which costs no write
	}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		out = nil
		for _, name := range find(tx) {
			key := agendaKey(topicRecord, lane, name)
			t := unroll.Topic{Lane: lane, Name: name, Claim: claim}
			s.agendaRecords(tx, agendaKey(waitingRecord, lane, name), func(who string, _, value []byte) {
				t.Waiting = append(t.Waiting, unroll.Waiting{Lane: lane, Topic: name, Who: who, Value: bytes.Clone(value)})
			})
			if len(t.Waiting) == 0 {
				if err := agendaBucket.in(tx).Delete(key); err != nil {
					return err
				}
				continue
			}
			if err := s.putAgenda(tx, key, turn{s.now().Add(lease), claim}.value(), lease); err != nil {
				return err
			}
			out = append(out, t)
		}
		return nil
	})
	if err != nil {
		return nil, s.wrap("due", err)
	}
	return out, nil
}

// Note implements [unroll.Agenda].
func (s *Store) Note(ctx context.Context, t *unroll.Topic, w unroll.Waiting, keep, lease time.Duration) (still bool, err error) {
	if keep <= 0 || lease <= 0 {
		return false, s.wrap("note", errTTL)
	}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		key := agendaKey(waitingRecord, t.Lane, t.Name, w.Who)
		mine, known := s.turn(tx, t.Lane, t.Name)
		if still = known && mine.claim == t.Claim && s.get(tx, agendaBucket, key) != nil; !still {
			return nil
		}
		if err := s.putAgenda(tx, agendaKey(topicRecord, t.Lane, t.Name), turn{s.now().Add(lease), t.Claim}.value(), keep); err != nil {
			return err
		}
		return s.put(tx, s.now().Add(keep), agendaRecord(key, w.Value))
	})
	return still && err == nil, s.wrap("note", err)
}

// Postpone implements [unroll.Agenda].
func (s *Store) Postpone(ctx context.Context, t *unroll.Topic, in time.Duration) error {
	return s.wrap("postpone", s.update(ctx, func(tx *bbolt.Tx) error {
		if mine, known := s.turn(tx, t.Lane, t.Name); !known || mine.claim != t.Claim {
			return nil
		}
		// As long as anybody waits.
		return s.putAgenda(tx, agendaKey(topicRecord, t.Lane, t.Name), turn{at: s.now().Add(in)}.value(), time.Microsecond)
	}))
}
