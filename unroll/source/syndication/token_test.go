package syndication

import (
	"strconv"
	"strings"
	"testing"

	"unrollbot/unroll/source/sourcetest"
)

// The wanted values were printed by Node.js 20.
func TestToken(t *testing.T) {
	t.Parallel()
	sourcetest.Gives(t, token, map[string]string{
		"0":                    "",
		"1":                    "bhi2ay3f28n",
		"3":                    "ygi6wua96pp",
		"7":                    "28eig4mnxfp",
		"20":                   "6dq1a2xwd93",
		"12345":                "31esng3xq8a",
		"999999999999999":      "353i5ab8p54",
		"1000000000000000":     "353i5ab8p5f",
		"9007199254740993":     "saoujnx4as",
		"210462857140252672":   "id6sdq7lat",
		"1629262255744503809":  "3y6h7x4gn61",
		"1649191520250245121":  "3zx362dq7v",
		"1684218600456876032":  "42z4mwgp9h8",
		"1800000000000000003":  "4d2v7cbm2xj",
		"1841206275088290279":  "4gobiuxs3yx",
		"1990000000000001000":  "4tnrp481euk",
		"18446744073709551615": "18ps5lqos4lc",
		"x":                    "",
	})
}

func TestBase36(t *testing.T) {
	t.Parallel()
	for want, n := range map[string]float64{
		"0": 0, "1": 1, "z": 35, "10": 36, "0.i": 0.5, "0.1": 1.0 / 36, "a.9": 10.25,
		"1.zzzzzzzzzz": 2 - 0x1p-52, // the last digit carries
	} {
		if got := base36(n); got != want {
			t.Errorf("base36(%v) = %q, want %q", n, got, want)
		}
	}
}

func FuzzToken(f *testing.F) {
	f.Add(uint64(20))
	f.Add(uint64(1841206275088290279))
	f.Fuzz(func(t *testing.T, id uint64) {
		got := token(strconv.FormatUint(id, 10))
		if len(got) > 64 || strings.ContainsAny(got, "0.") || (got == "") != (id == 0) {
			t.Errorf("token(%d) = %q", id, got)
		}
	})
}
