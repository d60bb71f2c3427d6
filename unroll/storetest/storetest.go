// Package storetest is the contract of the stores, as tests that every store
// runs: what unroll/store.go says, and what it leaves open where callers would
// notice a difference.
package storetest

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

// Store is all that a store of the program does.
type Store interface {
	unroll.Store
	unroll.Locker
	unroll.OptOuts
	unroll.Limiter
	unroll.Latest
	unroll.Values
	unroll.Agenda
	unroll.Leases
	// Dump gives everything that is kept to yield, until that fails.
	Dump(ctx context.Context, yield func(codec.Record) error) error
	// Restore puts back what a Dump gave, of this store or another one.
	Restore(ctx context.Context, r codec.Record) error
	Ping(ctx context.Context) error
	Close() error
}

// Backend is an empty store, and a hand on what is behind it.
type Backend struct {
	Store Store
	// Advance moves the store's clock, by which things expire.
	Advance func(d time.Duration)
	// Damage spoils every value that the store holds.
	Damage func()
	// Drift is how far the clock may go by itself during a test; 0 when it
	// stands still.
	Drift time.Duration
}

// Open makes a Backend for one test, which ends with it.
type Open func(t *testing.T, log *slog.Logger) Backend

// Run runs the contract.
func Run(t *testing.T, open Open) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.check(t, open) })
	}
}

// RunInBubble runs the contract in bubbles of [synctest], for stores that go
// by the clock of the time package and wait for nothing outside.
func RunInBubble(t *testing.T, open Open) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.check(t, open) })
		})
	}
}

// testCase is one clause of the contract.
type testCase struct {
	name string
	run  func(f *fixture)
}

func (c testCase) check(t *testing.T, open Open) {
	f := &fixture{T: t}
	f.Backend = open(t, slog.New(slog.NewTextHandler(&f.log, nil)))
	c.run(f)
}

// fixture is what a test works with.
type fixture struct {
	*testing.T
	Backend
	log syncBuffer
}

// must fails the test on an error of the store.
func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// soon is how long a waiter that can go on may take to notice. It is real
// time, unless in a bubble.
const soon = time.Second

// syncBuffer is a buffer for a log.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) contains(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.b.String(), text)
}

var cases = []testCase{
	{"unknown ref", unknownRef},
	{"load by every ref", loadByEveryRef},
	{"aliases may repeat the root", aliasesRepeatRoot},
	{"replaced by the same root", replaced},
	{"replaced by a failure and back", replacedByFailure},
	{"alias taken over", aliasTakenOver},
	{"root taken over", rootTakenOver},
	{"alias becomes a root", aliasBecomesRoot},
	{"forget by any ref", forgetByAnyRef},
	{"forget leaves others alone", forgetLeavesOthers},
	{"forget by author", forgetByAuthor},
	{"forget by author looks whose it is", forgetByAuthorLooks},
	{"forget by author after a restore", forgetByAuthorAfterRestore},
	{"forget by author, much", forgetByAuthorMuch},
	{"entry expires", entryExpires},
	{"keep must be positive", keepMustBePositive},
	{"another schema is absent", otherSchema},
	{"every field survives", everyFieldSurvives},
	{"odd refs", oddRefs},
	{"ten thousand posts", tenThousandPosts},
	{"entries concurrently", entriesConcurrently},
	{"damage is absence", damageIsAbsence},
	{"opt-outs", optOuts},
	{"lock has one holder", lockOneHolder},
	{"locks are separate", locksAreSeparate},
	{"lock wakes a waiter", lockWakesWaiter},
	{"lease ends by itself", leaseEnds},
	{"late unlock frees nobody else", lateUnlock},
	{"context ends the wait for a lock", lockContext},
	{"lease must be positive", leaseMustBePositive},
	{"limit lets a burst pass", limitBurst},
	{"limit holds the rate", limitRate},
	{"a refused event costs nothing", limitRefusedIsFree},
	{"the wait is exact", limitWaitIsExact},
	{"a raised limit counts at once", limitRaised},
	{"no burst is a burst of one", limitNoBurst},
	{"uneven rates round up", limitUneven},
	{"limits are separate", limitsAreSeparate},
	{"limit concurrently", limitConcurrently},
	{"limit must be a rate", limitMustBeRate},
	{"latest is ordered", latestOrder},
	{"latest lists each once", latestOnce},
	{"latest is bounded", latestBounded},
	{"latest drops", latestDrop},
	{"value", value},
	{"value expires", valueExpires},
	{"values are copies", valuesAreCopies},
	{"odd keys", oddKeys},
	{"claim has one winner", claimOneWinner},
	{"claim ends", claimEnds},
	{"a claim is a mark", claimIsMark},
	{"ttl must be positive", ttlMustBePositive},
	{"a lease has one owner", holdOneOwner},
	{"a lease is kept", holdIsKept},
	{"a lease is released by its owner", holdReleased},
	{"a lease is a value", holdIsValue},
	{"dump and restore", dumpAndRestore},
	{"a dump holds marks", dumpsMark},
	{"a dump stops", dumpStops},
	{"what has expired is not restored", restoreExpired},
	{"agenda gives what is due", agendaDue},
	{"agenda gives the longest due first", agendaOrder},
	{"agenda outlives who claims", agendaClaims},
	{"to wait twice is to wait once", agendaTwiceIsOnce},
	{"agenda lets people leave", agendaLeave},
	{"waiting ends", agendaEnds},
	{"agenda is bounded", agendaBounds},
	{"agenda concurrently", agendaConcurrently},
	{"odd names on the agenda", agendaOddNames},
	{"damage on the agenda is absence", agendaDamage},
	{"ping", ping},
}

func ping(f *fixture) { f.must(f.Store.Ping(f.Context())) }
