package mentiontest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"unrollbot/unroll"
)

// Values is a store of values in memory.
type Values struct {
	mu   sync.Mutex
	data map[string][]byte
	open int // number of the door that is open
	err  error
}

// Kill shuts the store for the program that runs: nothing that it writes from
// now on is kept, as if it had been killed.
func (v *Values) Kill() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.open++
}

// Break lets every call fail; nil mends it.
func (v *Values) Break(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = err
}

// Set puts a value.
func (v *Values) Set(key, value string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.data == nil {
		v.data = map[string][]byte{}
	}
	v.data[key] = []byte(value)
}

// Drop takes a value away.
func (v *Values) Drop(key string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.data, key)
}

// KeysWith gives the keys that hold part.
func (v *Values) KeysWith(part string) (out []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for k := range v.data {
		if strings.Contains(k, part) {
			out = append(out, k)
		}
	}
	return out
}

// Keys gives the keys with a prefix.
func (v *Values) Keys(prefix string) (out []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for k := range v.data {
		if strings.HasPrefix(k, prefix) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

func (v *Values) door() *door {
	v.mu.Lock()
	defer v.mu.Unlock()
	return &door{v, v.open}
}

// door is how one life sees the store.
type door struct {
	v      *Values
	number int
}

var _ unroll.Values = (*door)(nil)

func (d *door) change(f func()) error {
	d.v.mu.Lock()
	defer d.v.mu.Unlock()
	if d.v.err == nil && d.v.open == d.number {
		if d.v.data == nil {
			d.v.data = map[string][]byte{}
		}
		f()
	}
	return d.v.err
}

func (d *door) Value(_ context.Context, key string) ([]byte, bool, error) {
	d.v.mu.Lock()
	defer d.v.mu.Unlock()
	value, ok := d.v.data[key]
	return value, ok, d.v.err
}

func (d *door) SetValue(_ context.Context, key string, value []byte, _ time.Duration) error {
	return d.change(func() { d.v.data[key] = value })
}

func (d *door) DeleteValue(_ context.Context, key string) error {
	return d.change(func() { delete(d.v.data, key) })
}

func (d *door) Claim(_ context.Context, key string, _ time.Duration) (first bool, err error) {
	err = d.change(func() {
		if _, ok := d.v.data[key]; !ok {
			first, d.v.data[key] = true, []byte{1}
		}
	})
	return first, err
}

func (d *door) Hold(_ context.Context, key, owner string, _ time.Duration) (held bool, err error) {
	err = d.change(func() {
		if value, ok := d.v.data[key]; !ok || string(value) == owner {
			held, d.v.data[key] = true, []byte(owner)
		}
	})
	return held, err
}

func (d *door) Release(_ context.Context, key, owner string) error {
	return d.change(func() {
		if string(d.v.data[key]) == owner {
			delete(d.v.data, key)
		}
	})
}

// watches is how one life sees the agenda.
type watches struct {
	door *door
	unroll.Agenda
	unroll.Limiter
}

// shut tells whether nothing that is written is kept, or why the store fails.
func (w watches) shut() (shut bool, err error) {
	w.door.v.mu.Lock()
	defer w.door.v.mu.Unlock()
	return w.door.v.open != w.door.number, w.door.v.err
}

func (w watches) Due(ctx context.Context, lane string, n int, lease time.Duration) ([]unroll.Topic, error) {
	if shut, err := w.shut(); shut || err != nil {
		return nil, err
	}
	return w.Agenda.Due(ctx, lane, n, lease)
}

func (w watches) Note(ctx context.Context, t *unroll.Topic, one unroll.Waiting, keep, lease time.Duration) (bool, error) {
	if shut, err := w.shut(); shut || err != nil {
		return true, err
	}
	return w.Agenda.Note(ctx, t, one, keep, lease)
}

func (w watches) Postpone(ctx context.Context, t *unroll.Topic, in time.Duration) error {
	if shut, err := w.shut(); shut || err != nil {
		return err
	}
	return w.Agenda.Postpone(ctx, t, in)
}
