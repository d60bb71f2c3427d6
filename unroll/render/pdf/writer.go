// Package pdf writes tagged PDF files (ISO 32000-1, version 1.7): text in
// embedded fonts that can be searched and read aloud, pictures with their
// descriptions, links, an outline. Pages are written as they are made; what
// stays in memory is the structure.
//
// It knows nothing of threads and makes no layout. Coordinates are in points,
// from the lower left corner of a page.
package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"io"
	"time"

	"github.com/go-text/typesetting/font"
)

// Info is what a file says of itself.
type Info struct {
	Title, Author string
	Language      string // BCP 47
	Source        string // address of what it is a copy of; may be empty
	Created       time.Time
}

// Writer writes one file. Its zero value is not usable. Errors of the
// destination end all writing; Close returns the first.
type Writer struct {
	info    Info
	out     io.Writer
	err     error
	written int64
	places  []place // of objects, by number

	packed     bytes.Buffer // objects that wait to be written together
	packedRefs []ref
	packedAt   []int

	pages   []ref
	tree    ref // of pages
	page    *Page
	fonts   map[*font.Face]*Font
	order   []*Font
	images  int
	entries []entry // of the outline
	root    *Element
	tagged  []*Element
	parents []string // of the parent tree, by key
}

// ref is the number of an object.
type ref int

func (r ref) String() string { return fmt.Sprintf("%d 0 R", int(r)) }

// place is where an object is: at a byte of the file, or in a stream of
// objects.
type place struct {
	offset int64
	stream ref
	index  int
}

// New begins a file.
func New(w io.Writer, info Info) *Writer {
	d := &Writer{info: info, out: w, places: make([]place, 1), fonts: make(map[*font.Face]*Font)}
	d.write([]byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"))
	d.tree = d.reserve()
	d.root = &Element{w: d, role: "Document", ref: d.reserve()}
	d.tagged = append(d.tagged, d.root)
	return d
}

func (w *Writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.out.Write(b)
	w.written += int64(n)
	w.err = err
}

func (w *Writer) reserve() ref {
	w.places = append(w.places, place{})
	return ref(len(w.places) - 1)
}

// packedMax is how many bytes of objects are written together.
const packedMax = 1 << 15

// object writes an object that is no stream.
func (w *Writer) object(r ref, content string) {
	w.packedRefs = append(w.packedRefs, r)
	w.packedAt = append(w.packedAt, w.packed.Len())
	w.packed.WriteString(content)
	w.packed.WriteByte('\n')
	if w.packed.Len() > packedMax {
		w.flush()
	}
}

// flush writes the waiting objects as one stream (7.5.7).
func (w *Writer) flush() {
	if len(w.packedRefs) == 0 {
		return
	}
	r := w.reserve()
	var head bytes.Buffer
	for i, one := range w.packedRefs {
		fmt.Fprintf(&head, "%d %d ", int(one), w.packedAt[i])
		w.places[one] = place{stream: r, index: i}
	}
	dict := fmt.Sprintf("/Type /ObjStm /N %d /First %d", len(w.packedRefs), head.Len())
	head.Write(w.packed.Bytes())
	w.stream(r, dict, head.Bytes())
	w.packed.Reset()
	w.packedRefs, w.packedAt = w.packedRefs[:0], w.packedAt[:0]
}

// stream writes a stream, compressed; dict is what its dictionary holds
// besides.
func (w *Writer) stream(r ref, dict string, content []byte) {
	w.rawStream(r, dict+" /Filter /FlateDecode", deflated(content))
}

func (w *Writer) rawStream(r ref, dict string, content []byte) {
	w.places[r] = place{offset: w.written}
	w.write(fmt.Appendf(nil, "%d 0 obj\n<<%s /Length %d>>\nstream\n", int(r), dict, len(content)))
	w.write(content)
	w.write([]byte("\nendstream\nendobj\n"))
}

func deflated(content []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(content) // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// Close writes what is left. The file is good if it returns nil.
func (w *Writer) Close() error {
	w.endPage()
	for _, f := range w.order {
		f.write()
	}
	catalog, info := w.reserve(), w.reserve()
	metadata := w.reserve()
	w.stream(metadata, "/Type /Metadata /Subtype /XML", w.metadata())
	var kids bytes.Buffer
	for _, p := range w.pages {
		fmt.Fprintf(&kids, "%v ", p)
	}
	w.object(w.tree, fmt.Sprintf("<</Type /Pages /Count %d /Kids [%s]>>", len(w.pages), kids.String()))
	w.object(catalog, fmt.Sprintf("<</Type /Catalog /Pages %v /Metadata %v /Lang %s /MarkInfo <</Marked true>> /ViewerPreferences <</DisplayDocTitle true>>"+
		" /StructTreeRoot %v%s>>", w.tree, metadata, text(w.info.Language), w.structure(), w.outline()))
	w.object(info, fmt.Sprintf("<</Title %s /Author %s /CreationDate %s /Producer (unrollbot)>>",
		text(w.info.Title), text(w.info.Author), text(w.info.Created.UTC().Format("D:20060102150405Z"))))
	w.flush()
	w.references(catalog, info)
	return w.err
}

// references writes the table of objects as a stream (7.5.8) and the end.
func (w *Writer) references(catalog, info ref) {
	r := w.reserve()
	start := w.written
	w.places[r] = place{offset: start}
	var b bytes.Buffer
	for i, p := range w.places {
		kind, field, index := byte(1), int(p.offset), p.index
		switch {
		case i == 0:
			kind, index = 0, 0xffff
		case p.stream != 0:
			kind, field = 2, int(p.stream)
		}
		b.WriteByte(kind)
		b.Write(bytesOf(field, 5))
		b.Write(bytesOf(index, 2))
	}
	id := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%v|%d", w.info.Title, w.info.Source, w.info.Created, start))
	w.stream(r, fmt.Sprintf("/Type /XRef /Size %d /W [1 5 2] /Root %v /Info %v /ID [<%x> <%x>]", len(w.places), catalog, info, id[:16], id[:16]), b.Bytes())
	w.write(fmt.Appendf(nil, "startxref\n%d\n%%%%EOF\n", start))
}
