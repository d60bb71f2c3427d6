package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"unrollbot/unroll"
	"unrollbot/unroll/storetest"
)

// file makes a store with something of everything in it, closed again.
func file(t *testing.T) (path string, content []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "unroll.db")
	s, err := Open(Config{Path: path, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(20) {
		thread := storetest.Thread(i, 30)
		refs := storetest.Refs(&thread)
		if err := s.Save(t.Context(), refs[0], refs, unroll.Entry{Thread: &thread}, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	for call, err := range everyCall(s) {
		if err != nil {
			t.Fatalf("%s: %v", call, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if content, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return path, content
}

// everyCall makes one call of each kind, and returns their errors.
func everyCall(s *Store) map[string]error {
	ctx := context.Background()
	thread := storetest.Thread(1, 3)
	refs := storetest.Refs(&thread)
	errs := make(map[string]error)
	_, _, errs["load"] = s.Load(ctx, refs[1])
	errs["save"] = s.Save(ctx, refs[0], refs, unroll.Entry{Thread: &thread}, time.Hour)
	errs["forget"] = s.Forget(ctx, refs[1])
	_, errs["forget author"] = s.ForgetAuthor(ctx, unroll.X, thread.Author.ID)
	_, errs["opted out"] = s.OptedOut(ctx, unroll.X, "1")
	errs["opt out"] = s.SetOptedOut(ctx, unroll.X, "1", true)
	errs["add latest"] = s.AddLatest(ctx, unroll.Listing{})
	_, errs["latest"] = s.Latest(ctx, 1)
	errs["drop latest"] = s.DropLatest(ctx, refs[0])
	errs["set value"] = s.SetValue(ctx, "k", nil, time.Hour)
	_, _, errs["value"] = s.Value(ctx, "k")
	errs["delete value"] = s.DeleteValue(ctx, "k")
	_, errs["claim"] = s.Claim(ctx, "c", time.Hour)
	_, errs["hold"] = s.Hold(ctx, "h", "owner", time.Hour)
	errs["release"] = s.Release(ctx, "h", "owner")
	errs["sweep"] = s.wrap("sweep", s.sweep())
	errs["ping"] = s.Ping(ctx)
	return errs
}

func TestOpenDamaged(t *testing.T) {
	_, good := file(t)
	page := os.Getpagesize()
	for name, content := range map[string][]byte{
		"a short text":      []byte("not a database"),
		"a long text":       bytes.Repeat([]byte("not a database\n"), 10_000),
		"zeros":             make([]byte, len(good)),
		"cut in the header": good[:100],
		"cut after a page":  good[:page],
		"cut in the middle": good[:len(good)/2/page*page],
		"no headers":        append(make([]byte, 2*page), good[2*page:]...),
		"headers alone":     append(bytes.Clone(good[:2*page]), make([]byte, len(good)-2*page)...),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "unroll.db")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(Config{Path: path, NoSync: true})
			if err == nil {
				t.Fatal("no error", s.Close())
			}
			if !errors.Is(err, errDamaged) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %q, want %q and the path", err, errDamaged)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
				t.Errorf("the file was touched: %v", err)
			}
		})
	}
}

// TestDamagedPages spoils each page in turn. Wherever that comes to light, it
// is an error that tells, never a panic and never a call that does not end.
func TestDamagedPages(t *testing.T) {
	_, good := file(t)
	dir, page := t.TempDir(), os.Getpagesize()
	for name, fill := range map[string]byte{"zeros": 0, "ones": 0xff} {
		t.Run(name, func(t *testing.T) {
			told := false
			for at := 0; at < len(good); at += page {
				content := bytes.Clone(good)
				copy(content[at:], bytes.Repeat([]byte{fill}, page))
				path := filepath.Join(dir, fmt.Sprint(name, at/page)) // what broke off may still hold the last one
				if err := os.WriteFile(path, content, 0o600); err != nil {
					t.Fatal(err)
				}
				done := make(chan bool, 1)
				go func() { done <- tells(t, path) }()
				select {
				case bad := <-done:
					told = told || bad
				case <-time.After(20 * time.Second):
					t.Fatalf("page %d: a call does not end", at/page)
				}
			}
			if !told {
				t.Error("no damage was noticed at all")
			}
		})
	}
}

// tells uses a store that may be damaged, and says whether it told so.
func tells(t *testing.T, path string) (told bool) {
	check := func(call string, err error) {
		switch {
		case errors.Is(err, errDamaged) && strings.Contains(err.Error(), path):
			told = true
		case err != nil:
			t.Errorf("%s: an error that does not tell: %v", call, err)
		}
	}
	s, err := Open(Config{Path: path, NoSync: true})
	check("open", err)
	if err != nil {
		return told
	}
	for range 2 {
		for call, err := range everyCall(s) {
			check(call, err)
		}
	}
	check("close", s.Close())
	return told
}

// TestFileCutWhileOpen takes the file away from under the memory map, where
// reading is a fault that would end the process.
func TestFileCutWhileOpen(t *testing.T) {
	path, _ := file(t)
	s, err := Open(Config{Path: path, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 2*int64(os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	told := 0
	for call, err := range everyCall(s) {
		if errors.Is(err, errDamaged) {
			told++
		} else if err != nil {
			t.Errorf("%s: an error that does not tell: %v", call, err)
		}
	}
	if told == 0 {
		t.Error("no call noticed")
	}
	_ = s.Close()
}

func TestOneBadWriteSparesTheOthers(t *testing.T) {
	s := open(t, nil)
	tooLong := strings.Repeat("k", bbolt.MaxKeySize)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if err := s.SetValue(t.Context(), tooLong, nil, time.Hour); !errors.Is(err, bolterrors.ErrKeyTooLarge) {
				t.Errorf("a key of %d bytes: %v", len(tooLong), err)
			}
		})
		wg.Go(func() {
			if err := s.SetValue(t.Context(), fmt.Sprint(i), nil, time.Hour); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range 50 {
		if _, ok, err := s.Value(t.Context(), fmt.Sprint(i)); !ok || err != nil {
			t.Errorf("value %d: %v, %v", i, ok, err)
		}
	}
}

// TestBrokenBatch answers every write of a batch in which the database breaks.
func TestBrokenBatch(t *testing.T) {
	s := open(t, nil)
	refused := errors.New("refused")
	var batch []*write
	for _, do := range []func(*bbolt.Tx) error{
		func(*bbolt.Tx) error { return refused },
		func(*bbolt.Tx) error { panic("a damaged page") },
		func(*bbolt.Tx) error { return nil },
	} {
		batch = append(batch, &write{do: do, done: make(chan error, 1)})
	}
	if err := s.commit(batch); !errors.Is(err, errDamaged) {
		t.Errorf("commit: %v, want %v", err, errDamaged)
	}
	for i, want := range []error{refused, errDamaged, errDamaged} {
		select {
		case err := <-batch[i].done:
			if !errors.Is(err, want) {
				t.Errorf("write %d: %v, want %v", i, err, want)
			}
		default:
			t.Errorf("write %d has no answer", i)
		}
	}
}

func TestOpenTwice(t *testing.T) {
	s := open(t, nil)
	began := time.Now()
	_, err := Open(Config{Path: s.path, NoSync: true})
	if !errors.Is(err, errInUse) || !strings.Contains(err.Error(), s.path) {
		t.Errorf("error %v, want %q and the path", err, errInUse)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("the first one suffers: %v", err)
	}
}

func TestOpenMakesPrivateFiles(t *testing.T) {
	s := open(t, nil)
	for path, want := range map[string]fs.FileMode{s.path: 0o600, filepath.Dir(s.path): 0o700 | fs.ModeDir} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %s, want %s", path, info.Mode(), want)
		}
	}
}

func TestOpenBadPath(t *testing.T) {
	dir := t.TempDir()
	inTheWay := filepath.Join(dir, "file")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"none": "", "a directory": dir, "below a file": filepath.Join(inTheWay, "unroll.db"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(Config{Path: path, NoSync: true})
			if err == nil || errors.Is(err, errDamaged) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want one that names the path and speaks of no damage", err)
			}
		})
	}
}

func TestKeptAcrossRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "unroll.db")
	thread := storetest.Thread(1, 3)
	for i := range 3 {
		s, err := Open(Config{Path: path, NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		_, ok, err := s.Load(t.Context(), thread.Ref)
		if err != nil || ok != (i > 0) {
			t.Errorf("start %d: found %v, %v", i, ok, err)
		}
		if err := s.Save(t.Context(), thread.Ref, nil, unroll.Entry{Thread: &thread}, time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestClosed(t *testing.T) {
	s := open(t, slog.New(slog.DiscardHandler))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for call, err := range everyCall(s) {
		if err == nil || errors.Is(err, errDamaged) {
			t.Errorf("%s after Close: %v", call, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}
