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
	nothing, err := os.Open(os.DevNull) // a device of characters, as terminals are
	if err != nil {
		t.Fatal(err)
	}
	defer nothing.Close()
	if isTerminal(&bytes.Buffer{}) || isTerminal(file) || isTerminal(nothing) {
		t.Error("what is no terminal counts as one")
	}
	terminal, err := os.Open("/dev/ptmx")
	if err != nil {
		t.Skip("this machine makes no terminals: ", err)
	}
	defer terminal.Close()
	if !isTerminal(terminal) {
		t.Error("a terminal counts as none")
	}
}
