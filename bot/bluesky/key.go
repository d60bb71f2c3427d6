package bluesky

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
)

// A record key of a post is a TID: a bit of 0, 53 bits of microseconds since
// 1970 and 10 bits that tell writers apart, in 13 characters (atproto
// specification "TID", November 2026).
const tidAlphabet = "234567abcdefghijklmnopqrstuvwxyz"

const (
	// ownBits of a key are the mention's digest: the microseconds within a
	// second, and what tells writers apart.
	ownBits = 30
	// epoch is in place of the mention's time, where its key has none:
	// 2024-01-01, in microseconds.
	epoch uint64 = 1_704_067_200_000_000
)

// recordKey is the key of the nth record that answers the post at uri: about
// the second of that post, the rest a digest of its address and of the news
// that the answer tells, empty for none.
func recordKey(uri, news string, nth int) string {
	sum := sha256.Sum256([]byte(strings.TrimRight(strconv.Itoa(nth)+" "+uri+" "+news, " ")))
	digest := binary.BigEndian.Uint64(sum[:8])
	key := uri[strings.LastIndexByte(uri, '/')+1:]
	tid, ok := parseTID(key)
	if !ok {
		tid = epoch << 10
		digest &= 1<<50 - 1 // 13 days of microseconds
		return formatTID(tid + digest)
	}
	return formatTID(tid&^(1<<ownBits-1) | digest&(1<<ownBits-1))
}

func parseTID(s string) (uint64, bool) {
	if len(s) != 13 {
		return 0, false
	}
	var n uint64
	for i := range len(s) {
		v := strings.IndexByte(tidAlphabet, s[i])
		if v < 0 || (i == 0 && v >= 8) { // the first has 3 bits, after the one of 0
			return 0, false
		}
		n = n<<5 | uint64(v)
	}
	return n, true
}

func formatTID(n uint64) string {
	var b [13]byte
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = tidAlphabet[n&31]
		n >>= 5
	}
	return string(b[:])
}
