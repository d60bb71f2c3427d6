//go:build linux

package boltstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/storetest"
)

// TestFullDisk fills the disk under an open store, in the two ways that there
// are without harm to the machine.
func TestFullDisk(t *testing.T) {
	t.Run("a full file system", func(t *testing.T) {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
			t.Skipf("needs to mount a file system of its own: %v", err)
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
		filler := filepath.Join(dir, "filler")
		fullDisk(t, dir, syscall.ENOSPC, func() {
			f, err := os.Create(filler)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("filling the disk: %v", err)
			}
		}, func() {
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Run("a bound on files", func(t *testing.T) {
		if os.Getenv("UNROLL_TEST_BOUND") == "" { // the bound holds for a whole process
			again := exec.Command(os.Args[0], "-test.run=^TestFullDisk$/^a_bound_on_files$", "-test.v")
			again.Env = append(os.Environ(), "UNROLL_TEST_BOUND=1")
			if out, err := again.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			return
		}
		signal.Ignore(syscall.SIGXFSZ) // the error counts
		bound := func(bytes uint64) {
			var l syscall.Rlimit
			if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
				t.Fatal(err)
			}
			l.Cur = min(bytes, l.Max)
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
				t.Fatal(err)
			}
		}
		fullDisk(t, t.TempDir(), syscall.EFBIG, func() { bound(128 << 10) }, func() { bound(1 << 40) })
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// lines is a log that many write to.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) count(of string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), of)
}

func fullDisk(t *testing.T, dir string, want error, fill, free func()) {
	log := &lines{}
	path := filepath.Join(dir, "unroll.db")
	s, err := Open(Config{Path: path, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	save := func(n uint64) error {
		thread := storetest.Thread(n, 60)
		refs := storetest.Refs(&thread)
		return s.Save(t.Context(), refs[0], refs, unroll.Entry{Thread: &thread}, time.Hour)
	}
	held := func(n uint64) bool {
		_, ok, err := s.Load(t.Context(), storetest.Thread(n, 60).Ref)
		return ok && err == nil
	}
	if err := errors.Join(save(1), s.SetOptedOut(t.Context(), unroll.X, "1", true)); err != nil {
		t.Fatal(err)
	}

	fill()
	n := uint64(2)
	for ; err == nil && n < 5000; n++ { // what room the file has is used up
		err = save(n)
	}
	full := func(err error) bool { return err != nil && strings.Contains(err.Error(), want.Error()) } // bbolt does not wrap all
	if !full(err) || errors.Is(err, errDamaged) || !strings.Contains(err.Error(), path) {
		t.Fatalf("after %d threads: %v, want %v with the path", n, err, want)
	}
	var wg sync.WaitGroup
	for i := range 50 { // each is told, and soon
		wg.Go(func() {
			if err := s.SetValue(t.Context(), fmt.Sprint(i), make([]byte, probeSize), time.Hour); !full(err) {
				t.Errorf("a value: %v, want %v", err, want)
			}
		})
	}
	wg.Wait()
	if err := s.Ping(t.Context()); !full(err) {
		t.Errorf("ping: %v, want %v", err, want)
	}
	if out, err := s.OptedOut(t.Context(), unroll.X, "1"); !out["1"] || err != nil || !held(1) || !held(n-2) || held(n-1) {
		t.Errorf("what was kept cannot be read, or what was not can: %v, %v", out, err)
	}
	if told := log.count("takes no more"); told != 1 {
		t.Errorf("told %d times", told)
	}

	free()
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("ping with room: %v", err)
	}
	if err := save(n); err != nil || !held(n) {
		t.Errorf("save with room: %v", err)
	}
	if told := log.count("is written again"); told != 1 {
		t.Errorf("the end is told %d times", told)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(Config{Path: path}); err != nil {
		t.Fatalf("the file is damaged: %v", err)
	}
	for _, thread := range []uint64{1, n - 2, n} {
		if !held(thread) {
			t.Errorf("thread %d is lost", thread)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
