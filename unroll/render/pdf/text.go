package pdf

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// text is a string for people (7.9.2.2): UTF-16 unless it is plain ASCII.
func text(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return "<FEFF" + utf16Hex(s) + ">"
		}
	}
	return literal(s)
}

// literal is a string of bytes that are plain ASCII.
func literal(s string) string {
	return "(" + strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(s) + ")"
}

func utf16Hex(s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", unit)
	}
	return b.String()
}

// number writes a coordinate: three decimals are finer than any printer.
func number(x float64) string {
	s := strconv.FormatFloat(x, 'f', 3, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

func numbers(all ...float64) string {
	parts := make([]string, len(all))
	for i, x := range all {
		parts[i] = number(x)
	}
	return strings.Join(parts, " ")
}

// metadata is what the file says of itself in XMP. It claims no standard:
// nobody has checked each file against one.
func (w *Writer) metadata() []byte {
	var b bytes.Buffer
	esc := func(s string) string {
		var e bytes.Buffer
		_ = xml.EscapeText(&e, []byte(s)) // a buffer takes everything
		return e.String()
	}
	b.WriteString("<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">` +
		`<dc:format>application/pdf</dc:format>`)
	fmt.Fprintf(&b, `<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>`, esc(w.info.Title))
	fmt.Fprintf(&b, `<dc:creator><rdf:Seq><rdf:li>%s</rdf:li></rdf:Seq></dc:creator>`, esc(w.info.Author))
	fmt.Fprintf(&b, `<dc:language><rdf:Bag><rdf:li>%s</rdf:li></rdf:Bag></dc:language>`, esc(w.info.Language))
	if w.info.Source != "" {
		fmt.Fprintf(&b, `<dc:source>%s</dc:source>`, esc(w.info.Source))
	}
	fmt.Fprintf(&b, `<xmp:CreateDate>%s</xmp:CreateDate>`, w.info.Created.UTC().Format(time.RFC3339))
	b.WriteString("</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>")
	return b.Bytes()
}
