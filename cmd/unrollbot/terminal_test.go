package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestIsTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "thread.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	device, err := os.Open(os.DevNull) // a device of characters, as terminals are
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	if isTerminal(&bytes.Buffer{}) || isTerminal(file) || !isTerminal(device) {
		t.Error("what is a terminal is not told from what is none")
	}
}
