package boltstore

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// probeSize is what must find room before a disk that was full counts as
// well again, in bytes: more than most threads take.
const probeSize = 64 << 10

// disk remembers whether the last transaction could be written. It tells the
// log when that changes, and not for each write.
type disk struct {
	log  *slog.Logger
	path string

	mu  sync.Mutex
	err error
}

// note takes how a transaction ended.
func (d *disk) note(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err != nil && d.err == nil:
		d.log.Error("the disk takes no more: going on without keeping anything", "path", d.path, "err", err,
			"hint", "make room on the disk of UNROLL_DATA_DIR; nothing needs a restart")
	case err == nil && d.err != nil:
		d.log.Info("the disk takes what is written again", "path", d.path)
	}
	d.err = err
}

func (d *disk) trouble() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// probe looks whether a disk that took no more does so again.
func (s *Store) probe(ctx context.Context) error {
	const key = "boltstore:probe"
	if err := s.SetValue(ctx, key, make([]byte, probeSize), time.Minute); err != nil {
		return err
	}
	return s.DeleteValue(ctx, key)
}
