package codec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
	"unrollbot/unroll/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew: only together with a new version")

// newCodec makes a codec, and a log to look at.
func newCodec(tb testing.TB) (*codec.Codec, *bytes.Buffer) {
	tb.Helper()
	log := new(bytes.Buffer)
	c, err := codec.New(slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		tb.Fatal(err)
	}
	return c, log
}

// encode makes a frame.
func encode(tb testing.TB, c *codec.Codec, e *codec.Entry) []byte {
	tb.Helper()
	frame, err := c.Encode(e)
	if err != nil {
		tb.Fatal(err)
	}
	return frame
}

// find looks for ref among frames by path.
func find(tb testing.TB, c *codec.Codec, ref unroll.Ref, frames map[string][]byte) *codec.Entry {
	tb.Helper()
	e, err := c.Find(ref, func(path string) ([]byte, error) { return frames[path], nil })
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// saved makes an entry under all of a thread's refs.
func saved(t *unroll.Thread) *codec.Entry {
	return codec.NewEntry(t.Ref, storetest.Refs(t), unroll.Entry{Thread: t, FreshUntil: t.FetchedAt.Add(time.Hour)})
}

func TestEntryRoundTrip(t *testing.T) {
	prose, alone := storetest.Thread(7, 30), storetest.Thread(7, 1)
	x, bsky, masto := storetest.Rich(unroll.X), storetest.Rich(unroll.Bluesky), storetest.Rich(unroll.Mastodon)
	ref := unroll.Ref{Network: unroll.Bluesky, Author: "keeper.example", ID: "3m"}
	for name, e := range map[string]*codec.Entry{
		"prose":              saved(&prose),
		"one post":           saved(&alone),
		"x":                  saved(&x),
		"bluesky":            saved(&bsky),
		"mastodon":           saved(&masto),
		"no aliases":         codec.NewEntry(x.Ref, nil, unroll.Entry{Thread: &x}),
		"an alias elsewhere": codec.NewEntry(x.Ref, append(storetest.Refs(&x), ref), unroll.Entry{Thread: &x}),
		"some posts only":    codec.NewEntry(x.Ref, storetest.Refs(&x)[2:4], unroll.Entry{Thread: &x}),
		"under another root": codec.NewEntry(ref, storetest.Refs(&x), unroll.Entry{Thread: &x}),
		"failure":            codec.NewEntry(ref, []unroll.Ref{x.Ref}, unroll.Entry{Failure: &unroll.Failure{Kind: unroll.KindDeleted}}),
		"nothing":            codec.NewEntry(ref, nil, unroll.Entry{}),
	} {
		t.Run(name, func(t *testing.T) {
			c, log := newCodec(t)
			frames := map[string][]byte{e.Root.Path(): encode(t, c, e)}
			if diff := cmp.Diff(e, find(t, c, e.Root, frames)); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
			if log.Len() > 0 {
				t.Errorf("logged %s", log)
			}
		})
	}
}

// TestEveryFieldIsKept fills every field there is, so that one which is added
// to the core's types cannot be lost here unseen.
func TestEveryFieldIsKept(t *testing.T) {
	n := 0
	var want unroll.Entry
	fill(t, reflect.ValueOf(&want).Elem(), &n)
	want.Thread.Schema = unroll.SchemaVersion
	c, _ := newCodec(t)
	frames := map[string][]byte{want.Thread.Ref.Path(): encode(t, c, codec.NewEntry(want.Thread.Ref, nil, want))}
	got := find(t, c, want.Thread.Ref, frames)
	if got == nil {
		t.Fatal("not found")
	}
	if diff := cmp.Diff(want, got.Entry); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

// fill sets v and all in it to values of their own; slices get two elements.
func fill(t *testing.T, v reflect.Value, n *int) {
	t.Helper()
	*n++
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 1, 1, 0, 0, *n, *n, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0), n)
		fill(t, v.Index(1), n)
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Bool:
		v.SetBool(true)
	default:
		t.Fatalf("no value for a %s", v.Type())
	}
}

// TestOldFramesStayReadable reads what an earlier build wrote, dictionary and
// all.
func TestOldFramesStayReadable(t *testing.T) {
	c, _ := newCodec(t)
	binary, text := filepath.Join("testdata", "entry-v1.frame"), filepath.Join("testdata", "entry-v1.json")
	if *update {
		thread := storetest.Rich(unroll.Mastodon)
		e := saved(&thread)
		readable, err := json.MarshalIndent(e.Entry, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		write(t, binary, encode(t, c, e))
		write(t, text, readable)
	}
	var want unroll.Entry
	if err := json.Unmarshal(read(t, text), &want); err != nil {
		t.Fatal(err)
	}
	got := find(t, c, want.Thread.Ref, map[string][]byte{want.Thread.Ref.Path(): read(t, binary)})
	if got == nil {
		t.Fatal("a frame of version 1 cannot be read any longer")
	}
	if diff := cmp.Diff(want, got.Entry); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestUnusableFrames(t *testing.T) {
	c, _ := newCodec(t)
	thread := storetest.Thread(7, 3)
	good := encode(t, c, saved(&thread))
	changed := func(at int, by byte) []byte {
		b := bytes.Clone(good)
		b[(at+len(b))%len(b)] ^= by
		return b
	}
	for name, tc := range map[string]struct {
		frame   []byte
		damaged bool
	}{
		"none":             {nil, false},
		"empty":            {[]byte{}, true},
		"version only":     {[]byte{codec.Version}, true},
		"newer format":     {changed(0, codec.Version^(codec.Version+1)), false},
		"newer schema":     {codec.Frame(codec.KindEntry, []byte{unroll.SchemaVersion + 1, 1, 2, 3}), false},
		"a flipped bit":    {changed(len(good)/2, 1), true},
		"a flipped kind":   {changed(1, 1), true},
		"a wrong sum":      {changed(-1, 1), true},
		"cut short":        {good[:len(good)-1], true},
		"cut in half":      {good[:len(good)/2], true},
		"no payload":       {codec.Frame(codec.KindEntry, nil), true},
		"no zstd":          {codec.Frame(codec.KindEntry, []byte{unroll.SchemaVersion, 'x', 'y'}), true},
		"no json":          {codec.Frame(codec.KindEntry, c.Compress(unroll.SchemaVersion, []byte("{"))), true},
		"of another kind":  {codec.Frame(codec.KindValue, []byte("v")), false},
		"a pointer onward": {codec.Pointer(thread.Ref), false},
	} {
		t.Run(name, func(t *testing.T) {
			c, log := newCodec(t)
			if e := find(t, c, thread.Ref, map[string][]byte{thread.Ref.Path(): tc.frame}); e != nil {
				t.Errorf("found %+v", e)
			}
			if got := strings.Contains(log.String(), "damaged"); got != tc.damaged {
				t.Errorf("reported as damage: %v, want %v; log: %s", got, tc.damaged, log)
			}
		})
	}
}

func TestBombIsNotInflated(t *testing.T) {
	c, _ := newCodec(t)
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	bomb := enc.EncodeAll(make([]byte, codec.MaxJSON+1), []byte{unroll.SchemaVersion})
	if _, err := c.DecodePayload(bomb); !errors.Is(err, codec.ErrDamaged) || !errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		t.Errorf("error %v, want %v", err, zstd.ErrDecoderSizeExceeded)
	}
}

func TestEncodeRefusesWhatItCouldNotRead(t *testing.T) {
	c, _ := newCodec(t)
	for name, thread := range map[string]unroll.Thread{
		"schema":    {Schema: 256},
		"no schema": {Schema: -1},
		"size":      {Schema: unroll.SchemaVersion, Posts: []unroll.Post{{Text: strings.Repeat("x", codec.MaxJSON)}}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.Encode(saved(&thread)); err == nil {
				t.Error("no error")
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	c, _ := newCodec(f)
	thread := storetest.Rich(unroll.X)
	frame := encode(f, c, saved(&thread))
	f.Add(frame, frame)
	f.Add(codec.Pointer(thread.Ref), frame)
	f.Add(codec.Frame(codec.KindValue, nil), []byte{codec.Version})
	f.Fuzz(func(t *testing.T, at, root []byte) {
		frames := map[string][]byte{"/x/1": at, thread.Ref.Path(): root}
		find(t, c, unroll.Ref{Network: unroll.X, ID: "1"}, frames)
		find(t, c, thread.Ref, frames)
	})
}

// FuzzDecode gives any JSON to the decoder, past checksum and compression.
func FuzzDecode(f *testing.F) {
	f.Add(`{"by_post":true,"thread":{"posts":[{"id":"1","s":63,"d":9},{"id":"zz","s":63,"d":-9223372036854775808},{"s":255}],"branches":[{"posts":null}]}}`)
	f.Add(`{"by_post":true,"aliases":[{}],"failure":{}}`)
	f.Add(`null`)
	c, _ := newCodec(f)
	f.Fuzz(func(_ *testing.T, raw string) {
		e, err := c.DecodePayload(c.Compress(unroll.SchemaVersion, []byte(raw)))
		if err == nil {
			e.Names(unroll.Ref{Network: unroll.X})
		}
	})
}
