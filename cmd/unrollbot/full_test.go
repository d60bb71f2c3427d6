//go:build linux

package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"unrollbot/internal/fakenet"
)

// TestTheDiskIsFull has answers go on, also for what was not read before, and
// the program be well again once there is room.
func TestTheDiskIsFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("needs to mount a file system of its own: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	r := newRig(t, fakenet.Chain(3), "UNROLL_DATA_DIR="+dir)
	if m := r.telegramSays(xLink(1)); !strings.Contains(m.Text, "post number 3 of") {
		t.Fatalf("with room: %s", m.Text)
	}
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	if _, err := io.Copy(filler, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
	for { // what room the file itself has
		if err := r.app.store.SetValue(t.Context(), "filler", make([]byte, 8<<10), hotFor); err != nil {
			break
		}
	}
	for network, link := range r.links(2) {
		if m := r.telegramSays(link); !strings.Contains(m.Text, "post number 3 of") {
			t.Errorf("%s without room: %s", network, m.Text)
		}
	}
	if status, _, body := r.get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "store") {
		t.Errorf("readyz: %d %s", status, body)
	}
	if n := strings.Count(r.log.String(), "the disk takes no more"); n != 1 {
		t.Errorf("the log tells it %d times", n)
	}
	if err := os.Remove(filler.Name()); err != nil {
		t.Fatal(err)
	}
	if err := filler.Close(); err != nil { // only now there is room
		t.Fatal(err)
	}
	if status, _, body := r.get("/readyz"); status != http.StatusOK {
		t.Errorf("readyz with room: %d %s", status, body)
	}
	if m := r.telegramSays(xLink(3)); !strings.Contains(m.Text, "post number 3 of") {
		t.Errorf("with room again: %s", m.Text)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
