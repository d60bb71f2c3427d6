package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

// lockWait is how long to wait for another process to let go of the file.
const lockWait = time.Second

// Config tunes a [Store]. Path is required.
type Config struct {
	// Path is the file. Its directory is made when it is missing.
	Path string
	Log  *slog.Logger
	Now  func() time.Time // nil means [time.Now]
	// NoSync leaves it to the system when changes reach the disk. Writing is
	// much faster; a crash of the machine, not of the program, may damage the
	// file. It is meant for tests.
	NoSync bool
}

// Store is a store in a file. It may be used concurrently.
type Store struct {
	path  string
	db    *bbolt.DB
	codec *codec.Codec
	log   *slog.Logger
	now   func() time.Time

	limits *unroll.LocalLimiter
	locks  locks

	disk   disk
	writes chan *write
	broken error         // of the goroutine that writes: why it cannot any longer
	stop   chan struct{} // closed by Close
	done   sync.WaitGroup
	close  func() error
}

var (
	_ unroll.Store   = (*Store)(nil)
	_ unroll.Locker  = (*Store)(nil)
	_ unroll.OptOuts = (*Store)(nil)
	_ unroll.Limiter = (*Store)(nil)
	_ unroll.Latest  = (*Store)(nil)
	_ unroll.Values  = (*Store)(nil)
)

// Why a store cannot be used.
var (
	errInUse   = errors.New("another process is using it: stop that one, or use another data directory")
	errDamaged = errors.New("it is damaged, or no store at all: move it away and start again, " +
		"which makes a new one; cached threads will be read anew, settings and opt-outs stay behind in the old file")
	errClosed = errors.New("store is closed")
	errPath   = errors.New("no path given")
)

// Open opens the file, and makes it if there is none.
func Open(cfg Config) (*Store, error) {
	if cfg.Path == "" {
		return nil, fmt.Errorf("boltstore: open: %w", errPath)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cdc, err := codec.New(cfg.Log)
	if err != nil {
		return nil, fmt.Errorf("boltstore: open: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Path), 0o700); err != nil {
		return nil, fmt.Errorf("boltstore: open %s: %w", cfg.Path, err)
	}
	s := &Store{
		path: cfg.Path, codec: cdc, log: cfg.Log, now: cfg.Now,
		disk:   disk{log: cfg.Log, path: cfg.Path, began: make(chan struct{}, 1)},
		limits: unroll.NewLocalLimiter(cfg.Now),
		locks:  locks{now: cfg.Now, held: make(map[string]*hold)},
		writes: make(chan *write),
		stop:   make(chan struct{}),
	}
	s.close = sync.OnceValue(s.shut)
	if err := guard(func() error { return s.openFile(cfg.NoSync) }); err != nil {
		return nil, s.wrap("open", diagnose(err))
	}
	s.done.Go(s.write)
	s.done.Go(s.sweepAlways)
	s.done.Go(s.probeAlways)
	return s, nil
}

// openFile opens the database, makes the buckets and looks whether the file
// is as long as it should be: what is missing at the end would be found out
// by a fault much later.
func (s *Store) openFile(noSync bool) error {
	db, err := bbolt.Open(s.path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType, NoSync: noSync})
	if err != nil {
		return err
	}
	s.db = db
	err = db.Update(func(tx *bbolt.Tx) error {
		info, err := os.Stat(s.path)
		if err != nil {
			return err
		}
		if info.Size() < tx.Size() {
			return fmt.Errorf("%w: %d of %d bytes are there", errDamaged, info.Size(), tx.Size())
		}
		for _, b := range buckets {
			if _, err := tx.CreateBucketIfNotExists([]byte{byte(b)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return nil
}

// diagnose tells what an error of opening means.
func diagnose(err error) error {
	var path *fs.PathError
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return errInUse
	case errors.Is(err, errDamaged), errors.As(err, &path):
		return err
	default:
		return fmt.Errorf("%w (%w)", errDamaged, err)
	}
}

// Ping tells whether the file can be read, and, where that has failed,
// written.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.view(func(*bbolt.Tx) error { return nil }); err != nil {
		return s.wrap("ping", err)
	}
	return s.probe(ctx)
}

// Close finishes the writes that are under way and closes the file.
func (s *Store) Close() error { return s.wrap("close", s.close()) }

func (s *Store) shut() error {
	close(s.stop)
	s.done.Wait()
	if s.broken != nil {
		// A transaction that broke off may hold the lock that closing wants.
		// The operating system closes the file with the process.
		return s.broken
	}
	return guard(s.db.Close)
}

// wrap tells what was tried, and with which file.
func (s *Store) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("boltstore: %s: %s: %w", op, s.path, err)
}
