package syndication

import (
	"math"
	"strconv"
	"strings"
)

// token computes what X's embed script sends along with an ID: the number
// ID/1e15*π in base 36, without its zeros and its point.
func token(id string) string {
	n, err := strconv.ParseFloat(id, 64)
	if err != nil {
		return ""
	}
	return strings.NewReplacer("0", "", ".", "").Replace(base36(n / 1e15 * math.Pi))
}

// base36 writes a number that is not negative as JavaScript's toString(36)
// does: as many digits of the fraction as tell the number from its neighbour
// (ECMA-262, Number::toString, leaves the digits to the engines; these are
// V8's). The caller's numbers stay far below 2^53.
func base36(v float64) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	whole, rest := math.Modf(v)
	// Half the distance to the next number: what may be left out.
	delta := math.Max(0.5*(math.Nextafter(v, math.Inf(1))-v), math.SmallestNonzeroFloat64)
	var fraction []int
	for rest >= delta {
		rest *= 36
		delta *= 36
		d := int(rest)
		rest -= float64(d)
		fraction = append(fraction, d)
		if up := rest > 0.5 || rest == 0.5 && d%2 == 1; up && rest+delta > 1 {
			// The rest rounds up: carry.
			i := len(fraction) - 1
			for i >= 0 && fraction[i] == 35 {
				i--
			}
			if i < 0 {
				whole++
			} else {
				fraction[i]++
			}
			fraction = fraction[:i+1]
			break
		}
	}
	out := []byte(strconv.FormatUint(uint64(whole), 36))
	if len(fraction) > 0 {
		out = append(out, '.')
	}
	for _, d := range fraction {
		out = append(out, digits[d])
	}
	return string(out)
}
