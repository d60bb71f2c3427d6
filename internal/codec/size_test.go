package codec_test

import (
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"unrollbot/internal/codec"
	"unrollbot/unroll/storetest"
)

// mostOfText is the aim for a stored thread of 30 posts in prose: its size
// as a share of its texts alone in zstd.
const mostOfText = 1.2

// textSize is the size of the first n texts alone in zstd, in bytes.
func textSize(tb testing.TB, n int) int {
	tb.Helper()
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
	if err != nil {
		tb.Fatal(err)
	}
	defer enc.Close()
	return len(enc.EncodeAll([]byte(strings.Join(storetest.Prose()[:n], "\n")), nil))
}

func TestSize(t *testing.T) {
	c, _ := newCodec(t)
	thread := storetest.Thread(7, 30)
	got, text := len(encode(t, c, saved(&thread))), textSize(t, 30)
	if share := float64(got) / float64(text); share > mostOfText {
		t.Errorf("30 posts take %d bytes, %.2f of their texts' %d; want at most %.2f", got, share, text, mostOfText)
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, n := range map[string]int{"1": 1, "3": 3, "30": 30} {
		b.Run(name, func(b *testing.B) {
			c, _ := newCodec(b)
			thread := storetest.Thread(7, n)
			e := saved(&thread)
			var frame []byte
			b.ReportAllocs()
			for b.Loop() {
				frame = encode(b, c, e)
			}
			b.ReportMetric(float64(len(frame))/float64(n), "B/post")
			b.ReportMetric(float64(len(frame))/float64(textSize(b, n)), "of-text")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	c, _ := newCodec(b)
	thread := storetest.Thread(7, 30)
	_, payload, err := codec.Unframe(encode(b, c, saved(&thread)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.DecodePayload(payload); err != nil {
			b.Fatal(err)
		}
	}
}
