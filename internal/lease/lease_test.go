package lease

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// values is a store in memory, which can be out of reach and can lose its
// memory.
type values struct {
	mu   sync.Mutex
	gone bool
	held map[string]holder
}

type holder struct {
	owner string
	until time.Time
}

var errGone = errors.New("store is gone")

func (v *values) do(f func() error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.gone {
		return errGone
	}
	if v.held == nil {
		v.held = map[string]holder{}
	}
	return f()
}

func (v *values) Hold(_ context.Context, key, owner string, ttl time.Duration) (held bool, err error) {
	err = v.do(func() error {
		x, ok := v.held[key]
		if held = !ok || x.owner == owner || !time.Now().Before(x.until); held {
			v.held[key] = holder{owner, time.Now().Add(ttl)}
		}
		return nil
	})
	return held, err
}

func (v *values) Release(_ context.Context, key, owner string) error {
	return v.do(func() error {
		if v.held[key].owner == owner {
			delete(v.held, key)
		}
		return nil
	})
}

func (v *values) reach(ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.gone = !ok
}

// door is one process' way to the store, which can be shut.
type door struct {
	*values
	mu   sync.Mutex
	shut bool
}

func (d *door) close() { d.mu.Lock(); defer d.mu.Unlock(); d.shut = true }

func (d *door) err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		return errGone
	}
	return nil
}

func (d *door) Hold(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	if err := d.err(); err != nil {
		return false, err
	}
	return d.values.Hold(ctx, key, owner, ttl)
}

func (d *door) Release(ctx context.Context, key, owner string) error {
	if err := d.err(); err != nil {
		return err
	}
	return d.values.Release(ctx, key, owner)
}

// crew counts who works.
type crew struct {
	t    *testing.T
	mu   sync.Mutex
	busy map[string]bool
	most int
	last string
}

func (c *crew) now() (who []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name := range c.busy {
		who = append(who, name)
	}
	return who
}

// hire starts a process; fire ends it as SIGTERM does.
func (c *crew) hire(name string, cfg Config, d *door) (fire func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := New(cfg, "work", d).Run(ctx, func(ctx context.Context) error {
			c.mu.Lock()
			if c.busy == nil {
				c.busy = map[string]bool{}
			}
			c.busy[name], c.last = true, name
			c.most = max(c.most, len(c.busy))
			c.mu.Unlock()
			<-ctx.Done()
			c.mu.Lock()
			delete(c.busy, name)
			c.mu.Unlock()
			return nil
		})
		if err != nil {
			c.t.Errorf("%s: %v", name, err)
		}
	}()
	return func() { cancel(); <-done }
}

func (c *crew) want(who ...string) {
	c.t.Helper()
	synctest.Wait()
	got := c.now()
	if len(got) != len(who) || (len(who) == 1 && got[0] != who[0]) {
		c.t.Errorf("at work: %v, want %v", got, who)
	}
}

func TestOneWorksAndHandsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, c := &values{}, &crew{t: t}
		fireA := c.hire("a", Config{}, &door{values: v})
		time.Sleep(time.Second)
		c.want("a")
		fireB := c.hire("b", Config{}, &door{values: v})
		time.Sleep(time.Hour)
		c.want("a") // a lease that is renewed does not wander
		fireA()
		time.Sleep(1500 * time.Millisecond) // a beat and a half, at most
		c.want("b")
		fireB()
		if len(v.held) != 0 {
			t.Errorf("left behind: %v", v.held)
		}
		if c.most != 1 {
			t.Errorf("%d worked at once", c.most)
		}
	})
}

func TestHandOverWhenTheHolderIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, c := &values{}, &crew{t: t}
		a := &door{values: v}
		fireA := c.hire("a", Config{}, a)
		time.Sleep(time.Second)
		fireB := c.hire("b", Config{}, &door{values: v})
		time.Sleep(time.Minute)
		a.close() // as good as dead to all others
		time.Sleep(8 * time.Second)
		c.want("b")
		if c.most != 1 {
			t.Errorf("%d worked at once", c.most)
		}
		fireB()
		fireA()
	})
}

func TestWithoutTheStore(t *testing.T) {
	for name, tt := range map[string]struct {
		insist bool
		during []string
	}{
		"work that must never be done twice rests": {false, nil},
		"work that insists goes on":                {true, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v, c := &values{}, &crew{t: t}
				defer c.hire("a", Config{Insist: tt.insist}, &door{values: v})()
				time.Sleep(time.Minute)
				v.reach(false)
				time.Sleep(time.Minute)
				c.want(tt.during...)
				v.reach(true)
				time.Sleep(3 * time.Second)
				c.want("a")
			})
		})
	}
}

func TestInsistStartsWithoutTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, c := &values{}, &crew{t: t}
		v.reach(false)
		fireA := c.hire("a", Config{Insist: true}, &door{values: v})
		time.Sleep(4 * time.Second)
		c.want()
		time.Sleep(5 * time.Second)
		c.want("a")
		fireB := c.hire("b", Config{Insist: true}, &door{values: v})
		time.Sleep(10 * time.Second)
		if got := c.now(); len(got) != 2 {
			t.Errorf("at work: %v: nobody can tell them apart without a store", got)
		}
		v.reach(true)
		time.Sleep(4 * time.Second)
		if got := c.now(); len(got) != 1 {
			t.Errorf("at work: %v, want one once the store is back", got)
		}
		fireA()
		fireB()
	})
}

func TestAStoreThatForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, c := &values{}, &crew{t: t}
		defer c.hire("a", Config{}, &door{values: v})()
		time.Sleep(time.Minute)
		_ = v.do(func() error { clear(v.held); return nil })
		time.Sleep(3 * time.Second)
		c.want("a")
		if _, ok := v.held["lease:work"]; !ok {
			t.Error("the holder did not take its lease again")
		}
	})
}

func TestWorkThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, want := &values{}, errors.New("token refused")
		var held []bool
		l := New(Config{Changed: func(h bool) { held = append(held, h) }}, "work", v)
		if err := l.Run(t.Context(), func(context.Context) error { return want }); !errors.Is(err, want) {
			t.Errorf("error %v, want the work's", err)
		}
		if len(held) != 2 || !held[0] || held[1] {
			t.Errorf("heard %v", held)
		}
		if len(v.held) != 0 {
			t.Error("the lease is kept")
		}
	})
}
