package unroll

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// memory is the plainest Stores there is: locks and all, no expiry.
type memory struct {
	mu      sync.Mutex
	entries map[Ref]*Entry
	out     map[string]bool
	latest  []Listing
	locks   map[string]chan struct{}
	down    error // what every call fails with
}

func newMemory() *memory {
	return &memory{entries: map[Ref]*Entry{}, out: map[string]bool{}, locks: map[string]chan struct{}{}}
}

func (m *memory) Load(_ context.Context, ref Ref) (Entry, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[ref]; e != nil && m.down == nil {
		return *e, true, nil
	}
	return Entry{}, false, m.down
}

func (m *memory) Save(_ context.Context, root Ref, aliases []Ref, e Entry, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ref, old := range m.entries { // what it was found by before, it is no longer
		if old.Thread != nil && old.Thread.Ref == root {
			delete(m.entries, ref)
		}
	}
	for _, ref := range append(aliases, root) {
		m.entries[ref] = &e
	}
	return m.down
}

func (m *memory) Forget(_ context.Context, ref Ref) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	gone := m.entries[ref]
	for ref, e := range m.entries {
		if gone != nil && e.Thread != nil && e.Thread.Ref == gone.Thread.Ref {
			delete(m.entries, ref)
		}
	}
	return m.down
}

func (m *memory) Lock(ctx context.Context, key string, _ time.Duration) (func(), error) {
	m.mu.Lock()
	if m.down != nil {
		defer m.mu.Unlock()
		return nil, m.down
	}
	lock := m.locks[key]
	if lock == nil {
		lock = make(chan struct{}, 1)
		m.locks[key] = lock
	}
	m.mu.Unlock()
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) ForgetAuthor(_ context.Context, n Network, id string) ([]Ref, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var dropped []Ref
	for ref, e := range m.entries {
		if e.Thread != nil && e.Thread.Ref.Network == n && e.Thread.Author.ID == id {
			delete(m.entries, ref)
			dropped = append(dropped, e.Thread.Ref)
		}
	}
	return dropped, m.down
}

func (m *memory) OptedOut(_ context.Context, n Network, ids ...string) (map[string]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]bool{}
	for _, id := range ids {
		if m.out[string(n)+id] {
			out[id] = true
		}
	}
	return out, m.down
}

func (m *memory) SetOptedOut(_ context.Context, n Network, id string, out bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out[string(n)+id] = out
	return m.down
}

func (m *memory) AddLatest(_ context.Context, l Listing) error {
	m.latest = append(m.latest, l)
	return m.down
}
func (m *memory) Latest(context.Context, int) ([]Listing, error) { return m.latest, m.down }
func (m *memory) DropLatest(context.Context, Ref) error          { return m.down }

// script is a Source that answers as told and counts.
type script struct {
	name   string
	calls  atomic.Int32
	answer func(Ref) (Conversation, error)
	asked  []Ref
}

func (s *script) Name() string       { return s.name }
func (s *script) Match(ref Ref) bool { return ref.Network == X }
func (s *script) Fetch(ctx context.Context, ref Ref) (Conversation, error) {
	s.calls.Add(1)
	s.asked = append(s.asked, ref)
	return s.answer(ref)
}

// conversation answers with a sketch around whatever was asked.
func conversation(posts ...string) func(Ref) (Conversation, error) {
	return func(ref Ref) (Conversation, error) { return sketch(ref.ID, posts...), nil }
}

func failing(kind Kind) func(Ref) (Conversation, error) {
	return func(Ref) (Conversation, error) { return Conversation{}, &Error{Kind: kind, Op: "script"} }
}

func service(t *testing.T, stores Stores, now func() time.Time, sources ...Source) *Service {
	t.Helper()
	s, err := New(Config{Now: now, FetchTimeout: time.Minute}, sources, stores)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func x(id string) Ref { return Ref{Network: X, ID: id} }
