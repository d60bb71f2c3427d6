package boltstore

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// probeSize is what must find room before a disk that was full counts as
	// well again, in bytes: more than most threads take. Less than that often
	// finds room inside the file.
	probeSize = 64 << 10
	// probeInterval is how often that is tried.
	probeInterval = 10 * time.Second
)

// disk remembers that a transaction could not be written, until there is room
// again. It tells the log when either begins, and not for each write.
type disk struct {
	log   *slog.Logger
	path  string
	began chan struct{} // of size 1: there is something to probe

	mu  sync.Mutex
	err error
}

func (d *disk) failed(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.log.Error("the disk takes no more: going on, but what is new may not be kept", "path", d.path, "err", err,
			"hint", "make room on the disk of UNROLL_DATA_DIR; nothing needs a restart")
		select {
		case d.began <- struct{}{}:
		default:
		}
	}
	d.err = err
}

func (d *disk) well() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		d.log.Info("the disk takes what is written again", "path", d.path)
	}
	d.err = nil
}

func (d *disk) trouble() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// probeAlways looks, whenever the disk takes no more, until it does again or
// Close, so that the end of the trouble is noticed also where nobody asks.
func (s *Store) probeAlways() {
	for {
		select {
		case <-s.disk.began:
		case <-s.stop:
			return
		}
		for s.disk.trouble() != nil {
			if !s.pause(probeInterval) {
				return
			}
			_ = s.probe(context.Background()) // that it goes on was told when it began
		}
	}
}

// pause waits; it is false when the store was closed meanwhile.
func (s *Store) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.stop:
		return false
	}
}

// probe looks whether a disk that took no more does so again.
func (s *Store) probe(ctx context.Context) error {
	if s.disk.trouble() == nil {
		return nil
	}
	const key = "boltstore:probe"
	if err := s.SetValue(ctx, key, make([]byte, probeSize), time.Minute); err != nil {
		return err
	}
	s.disk.well()
	return s.DeleteValue(ctx, key)
}
