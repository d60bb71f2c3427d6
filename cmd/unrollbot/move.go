package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"unrollbot/config"
	"unrollbot/internal/codec"
)

// exportFormat begins every export; exportVersion grows when older programs
// could not read a new one.
const (
	exportFormat  = "unrollbot-export"
	exportVersion = 1
)

// exportLine is one line of an export: the first has Format, the last has End,
// all others a record.
type exportLine struct {
	Format  string    `json:"format,omitempty"`
	Version int       `json:"version,omitempty"`
	At      time.Time `json:"at,omitzero"`
	codec.Record
	// End is the number of records. A file without it is not whole.
	End *int `json:"end,omitempty"`
}

// exportTo writes everything that is held to a file, gzipped where its name
// ends so, "-" for the output.
func exportTo(ctx context.Context, cfg config.Config, sys system, file string) error {
	write := func(w io.Writer) (int, error) {
		if cfg.RedisURL == "" {
			if there, n, err := exportRunning(ctx, cfg, w); there {
				return n, err
			}
		}
		a, err := openAlone(ctx, cfg, sys)
		if err != nil {
			return 0, err
		}
		defer a.Close()
		return exportStore(ctx, a.store, w)
	}
	if file == "-" {
		_, err := write(sys.out)
		return err
	}
	n, err := writeWhole(file, write)
	if err != nil {
		return err
	}
	fmt.Fprintf(sys.err, "%d records are in %s\n", n, file)
	return nil
}

// openAlone opens the store without anything else.
func openAlone(ctx context.Context, cfg config.Config, sys system) (*app, error) {
	cfg = quiet(cfg)
	a, err := newApp(ctx, cfg, cfg.Logger(sys.err), options{})
	if err != nil {
		return nil, err
	}
	if err := a.store.Ping(ctx); err != nil {
		a.Close()
		return nil, &hintError{err, "unrollbot doctor tells more"}
	}
	return a, nil
}

// exportStore writes s. Leases are left out: they are of this moment.
func exportStore(ctx context.Context, s store, w io.Writer) (n int, err error) {
	buf := bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(buf)
	if err := enc.Encode(exportLine{Format: exportFormat, Version: exportVersion, At: time.Now().UTC()}); err != nil {
		return 0, err
	}
	err = s.Dump(ctx, func(r codec.Record) error {
		if r.Value != nil && strings.HasPrefix(string(r.Value.Key), "lease:") {
			return nil
		}
		n++
		return enc.Encode(exportLine{Record: r})
	})
	if err != nil {
		return n, err
	}
	return n, errors.Join(enc.Encode(exportLine{End: &n}), buf.Flush())
}

// writeWhole lets write fill a file that appears under its name only once it
// is whole.
func writeWhole(file string, write func(io.Writer) (int, error)) (n int, err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".unrollbot-export-*") // for its owner alone: settings and wishes are private
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(f.Name()) }() // a name that is gone once all went well
	var w io.Writer = f
	packed := gzip.NewWriter(f)
	if strings.HasSuffix(file, ".gz") {
		w = packed
	}
	n, err = write(w)
	if w == packed {
		err = errors.Join(err, packed.Close())
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return n, err
	}
	return n, os.Rename(f.Name(), file)
}

// serveExport gives the export of a running bot.
func (a *app) serveExport(w http.ResponseWriter, r *http.Request) {
	// As long as it takes: the reader's time-outs are for strangers.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	if _, err := exportStore(r.Context(), a.store, w); err != nil {
		a.log.Warn("export broke off", "err", err)
		panic(http.ErrAbortHandler) // whoever reads it shall know
	}
}

// exportRunning copies the export of the bot that runs on the local file.
func exportRunning(ctx context.Context, cfg config.Config, w io.Writer) (there bool, n int, err error) {
	resp, there, err := knock(ctx, cfg, http.MethodGet, "/export", nil)
	if !there || err != nil {
		return there, 0, err
	}
	defer resp.Body.Close()
	lines := &lineCounter{w: w}
	if _, err := io.Copy(lines, resp.Body); err != nil {
		return true, 0, fmt.Errorf("the running bot's export broke off: %w", err)
	}
	return true, max(0, lines.n-2), nil // without the first and the last
}

type lineCounter struct {
	w io.Writer
	n int
}

func (c *lineCounter) Write(p []byte) (int, error) {
	c.n += strings.Count(string(p), "\n")
	return c.w.Write(p)
}

// importFrom puts an export into the store. What is there stays, unless the
// export has the same thing. Doing so twice changes nothing.
func importFrom(ctx context.Context, cfg config.Config, sys system, file string) error {
	in := sys.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	r := bufio.NewReaderSize(in, 64<<10)
	if magic, _ := r.Peek(2); string(magic) == "\x1f\x8b" {
		packed, err := gzip.NewReader(r)
		if err != nil {
			return fmt.Errorf("%s cannot be unpacked with gzip: %w", file, err)
		}
		r = bufio.NewReader(packed)
	}
	dec := json.NewDecoder(r)
	var first exportLine
	if err := dec.Decode(&first); err != nil || first.Format != exportFormat {
		return &hintError{fmt.Errorf("%s is no export", file), "unrollbot export FILE makes one"}
	}
	if first.Version > exportVersion {
		return &hintError{fmt.Errorf("%s was made by a newer program", file), "update this one"}
	}
	a, err := openAlone(ctx, cfg, sys)
	if err != nil {
		return err
	}
	defer a.Close()
	for n := 0; ; n++ {
		var line exportLine
		err := dec.Decode(&line)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return &hintError{fmt.Errorf("%s ends after %d records and is not whole; those are in", file, n), "make the export again"}
		case err != nil:
			return fmt.Errorf("%s: record %d: %w", file, n+1, err)
		case line.End != nil && *line.End != n:
			return fmt.Errorf("%s holds %d records, but says %d", file, n, *line.End)
		case line.End != nil:
			fmt.Fprintf(sys.err, "%d records were read from %s\n", n, file)
			return nil
		}
		if err := a.store.Restore(ctx, line.Record); err != nil {
			return fmt.Errorf("record %d: %w", n+1, err)
		}
	}
}
