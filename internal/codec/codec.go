// Package codec turns what the stores keep into bytes and back, so that both
// stores keep the same bytes.
//
// Every value is a frame: the format's version, the kind of value, a payload,
// and a CRC-32C of all of that. What another version wrote is treated as
// absent; so is what is damaged, and that is logged.
//
// An entry's payload is the thread's schema version and JSON compressed with
// zstd against a dictionary of the JSON's recurring parts. What follows from
// a post's neighbours is left out, see lean.go.
package codec

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// version is the format of frames and payloads. It grows with every change
// that older programs cannot read, and with every change of the dictionary.
const version = 1

// maxJSON bounds the size of an entry's JSON in bytes, written or read: a
// thread of 10,000 long posts has about 5 MB.
const maxJSON = 64 << 20

const sumSize = crc32.Size

// Why a frame cannot be used.
var (
	errVersion = errors.New("written by another version")
	errDamaged = errors.New("damaged")
)

// Kind is what a frame holds.
type Kind byte

// The kinds of frames.
const (
	KindEntry   Kind = 'e'
	KindPointer Kind = 'p' // the path of the root whose entry this ref belongs to
	KindListing Kind = 'l'
	KindOptOut  Kind = 'o'
	KindValue   Kind = 'v'
	KindMark    Kind = 'm' // who claimed it
)

// dictionary must stay as it is while version does: without it nothing that
// was written with it can be read.
//
//go:embed dictionary.txt
var dictionary []byte

// Codec encodes and decodes. It may be used concurrently.
type Codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
	log *slog.Logger
	raw sync.Pool // of *[]byte, to decompress into
}

const (
	maxKept = 256 << 10 // bytes of the buffers that are kept
	roomMax = 1000      // posts that room is made for before they are read
)

// New returns a Codec that logs damaged values to log.
func New(log *slog.Logger) (*Codec, error) {
	enc, err := zstd.NewWriter(nil,
		zstd.WithEncoderDictRaw(version, dictionary),
		zstd.WithEncoderCRC(false), // frames have their own
		zstd.WithSingleSegment(true),
		zstd.WithLowerEncoderMem(true),
	)
	if err != nil {
		return nil, fmt.Errorf("codec: %w", err)
	}
	dec, err := zstd.NewReader(nil,
		zstd.WithDecoderDictRaw(version, dictionary),
		zstd.WithDecoderMaxMemory(maxJSON),
		zstd.WithDecoderConcurrency(0),
	)
	if err != nil {
		return nil, fmt.Errorf("codec: %w", err)
	}
	c := &Codec{enc: enc, dec: dec, log: log}
	c.raw.New = func() any { return new([]byte) }
	return c, nil
}

// Frame wraps a payload.
func Frame(kind Kind, payload []byte) []byte {
	b := make([]byte, 0, 2+len(payload)+sumSize)
	return seal(append(append(b, version, byte(kind)), payload...))
}

// open unwraps a frame. The kind is 0 when there is none, or none to be used.
func (c *Codec) open(b []byte) (Kind, []byte) {
	if b == nil {
		return 0, nil
	}
	kind, payload, err := unframe(b)
	c.report(err)
	return kind, payload
}

func unframe(b []byte) (Kind, []byte, error) {
	if len(b) > 0 && b[0] != version {
		return 0, nil, fmt.Errorf("%w: format %d", errVersion, b[0])
	}
	if len(b) < 2+sumSize {
		return 0, nil, fmt.Errorf("%w: only %d bytes", errDamaged, len(b))
	}
	body, sum := b[:len(b)-sumSize], b[len(b)-sumSize:]
	if checksum(body) != binary.BigEndian.Uint32(sum) {
		return 0, nil, fmt.Errorf("%w: wrong checksum", errDamaged)
	}
	return Kind(body[1]), body[2:], nil
}

// report logs damage. Another version's values are what an upgrade looks like
// from the side that has not had it yet.
func (c *Codec) report(err error) {
	if errors.Is(err, errDamaged) {
		c.log.Warn("a stored value is damaged and was treated as absent", "err", err)
	}
}

// seal appends the checksum.
func seal(b []byte) []byte { return binary.BigEndian.AppendUint32(b, checksum(b)) }

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
