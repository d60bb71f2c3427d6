package codec

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"unrollbot/unroll"
	"unrollbot/unroll/storetest"
)

// textSize is the size of the texts alone in zstd, in bytes.
func textSize(tb testing.TB, texts []string) int {
	tb.Helper()
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
	if err != nil {
		tb.Fatal(err)
	}
	defer enc.Close()
	return len(enc.EncodeAll([]byte(strings.Join(texts, "\n")), nil))
}

func prose(n int) *Entry {
	t := storetest.Thread(7, n)
	return NewEntry(t.Ref, storetest.Refs(&t), unroll.Entry{Thread: &t, FreshUntil: t.FetchedAt.Add(time.Hour)})
}

func BenchmarkEncode(b *testing.B) {
	c, err := New(slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	e := prose(30)
	var frame []byte
	b.ReportAllocs()
	for b.Loop() {
		if frame, err = c.Encode(e); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(frame))/30, "B/post")
	b.ReportMetric(float64(len(frame))/float64(textSize(b, storetest.Prose())), "of-text")
}

func BenchmarkDecode(b *testing.B) {
	c, err := New(slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	frame, err := c.Encode(prose(30))
	if err != nil {
		b.Fatal(err)
	}
	_, payload, err := unframe(frame)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.decode(payload); err != nil {
			b.Fatal(err)
		}
	}
}
