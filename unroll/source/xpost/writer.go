package xpost

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
)

// writer writes the clean text and remembers where each raw byte went.
type writer struct {
	raw    string
	at     int // raw bytes done
	out    strings.Builder
	marks  []mark
	facets []unroll.Facet
}

// mark says that raw text from byte raw on is found at byte out: byte by
// byte, or as a whole where it was replaced.
type mark struct {
	raw, out int
	whole    bool
}

// escapes are what X escapes, and two more that mirrors of it do.
var escapes = map[string]string{"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": `"`, "&#39;": "'", "&#34;": `"`}

// plain writes raw[lo:hi], but nothing before from, and unescapes it, once.
func (w *writer) plain(lo, hi, from int) {
	lo = max(lo, from)
	for lo < hi {
		w.marks = append(w.marks, mark{lo, w.out.Len(), false})
		amp := strings.IndexByte(w.raw[lo:hi], '&')
		if amp < 0 {
			w.out.WriteString(w.raw[lo:hi])
			break
		}
		w.out.WriteString(w.raw[lo : lo+amp])
		lo += amp
		semicolon := strings.IndexByte(w.raw[lo:min(lo+6, hi)], ';')
		char, ok := escapes[w.raw[lo:lo+semicolon+1]]
		if !ok {
			w.marks = append(w.marks, mark{lo, w.out.Len(), false})
			w.out.WriteByte('&')
			lo++
			continue
		}
		w.marks = append(w.marks, mark{lo, w.out.Len(), true})
		w.out.WriteString(char)
		lo += semicolon + 1
	}
	w.at = max(w.at, hi)
}

// span writes what stands for an entity.
func (w *writer) span(s span) {
	kind, target, ok := s.Facet()
	start := w.out.Len()
	switch {
	case s.Kind == Media:
		w.marks = append(w.marks, mark{s.lo, start, true})
	case s.Kind == Link && ok:
		w.marks = append(w.marks, mark{s.lo, start, true})
		w.out.WriteString(cmp.Or(s.Display, link.Display(target)))
	default:
		w.plain(s.lo, s.hi, s.lo)
	}
	w.at = s.hi
	if ok && w.out.Len() > start {
		w.facets = append(w.facets, unroll.Facet{Start: start, End: w.out.Len(), Kind: kind, URL: target})
	}
}

func (w *writer) style(s span) {
	kind, _, _ := s.Facet()
	f := unroll.Facet{Start: w.place(s.lo, false), End: w.place(s.hi, true), Kind: kind}
	if f.Start < f.End {
		w.facets = append(w.facets, f)
	}
}

// place gives the byte of the clean text where raw byte i went. Inside of
// what was replaced as a whole that is its start, or its end for an end.
func (w *writer) place(i int, isEnd bool) int {
	n := sort.Search(len(w.marks), func(k int) bool { return w.marks[k].raw > i })
	if n == 0 {
		return 0
	}
	m, next := w.marks[n-1], w.out.Len()
	if n < len(w.marks) {
		next = w.marks[n].out
	}
	switch {
	case !m.whole:
		return min(m.out+i-m.raw, next)
	case isEnd && i > m.raw:
		return next
	default:
		return m.out
	}
}

// finish trims the text and brings the facets into order.
func (w *writer) finish() (string, []unroll.Facet) {
	all := w.out.String()
	text := strings.TrimRightFunc(all, unicode.IsSpace)
	cut := len(text)
	text = strings.TrimLeftFunc(text, unicode.IsSpace)
	cut -= len(text)
	kept := w.facets[:0]
	for _, f := range w.facets {
		f.Start, f.End = max(f.Start-cut, 0), min(f.End-cut, len(text))
		if f.Start < f.End {
			kept = append(kept, f)
		}
	}
	return text, Nest(kept)
}

// Nest sorts facets and splits those that overlap an earlier one partly.
func Nest(facets []unroll.Facet) []unroll.Facet {
	order := func(a, b unroll.Facet) int {
		return cmp.Or(
			cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.URL, b.URL),
		)
	}
	slices.SortStableFunc(facets, order)
	todo := slices.Compact(facets)
	var out []unroll.Facet
	var open []int // ends of the facets around, outermost first
	for len(todo) > 0 {
		f := todo[0]
		todo = todo[1:]
		for len(open) > 0 && open[len(open)-1] <= f.Start {
			open = open[:len(open)-1]
		}
		if len(open) > 0 && f.End > open[len(open)-1] {
			rest := f
			f.End = open[len(open)-1]
			rest.Start = f.End
			at, _ := slices.BinarySearchFunc(todo, rest, order)
			todo = slices.Insert(slices.Clip(todo), at, rest)
		}
		out = append(out, f)
		open = append(open, f.End)
	}
	return out
}
