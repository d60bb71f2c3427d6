package render_test

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// paper is a PDF file read back, as far as our own need it.
type paper struct {
	objects map[int]string // streams inflated
	pages   []string       // the text of each, line by line, from left to right
}

var (
	objectAt    = regexp.MustCompile(`^(\d+) 0 obj\n<<(.*?) /Length (\d+)>>\nstream\n`)
	lengthsOf   = regexp.MustCompile(`/N (\d+) /First (\d+)`)
	shownText   = regexp.MustCompile(`/F(\d+) [\d.]+ Tf|<([0-9A-F]{4})>|(ET)|/ActualText <FEFF([0-9A-F]*)>`)
	meaningLine = regexp.MustCompile(`<([0-9A-F]{4})> <([0-9A-F]+)>`)
)

// readPaper reads a file by its own table of objects: all must be where it
// says.
func readPaper(t *testing.T, file []byte) paper {
	t.Helper()
	tail := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(file)
	if tail == nil {
		t.Fatal("no end of file")
	}
	at, _ := strconv.Atoi(string(tail[1]))
	dict, table := stream(t, file, at)
	p := paper{objects: make(map[int]string)}
	inside := make(map[int][][2]int) // numbers and indices by stream
	for number := 0; len(table) >= 8; number, table = number+1, table[8:] {
		offset := int(table[1])<<32 | int(table[2])<<24 | int(table[3])<<16 | int(table[4])<<8 | int(table[5])
		switch table[0] {
		case 1:
			head, content := stream(t, file, offset)
			p.objects[number] = head + "\n" + string(content)
		case 2:
			inside[offset] = append(inside[offset], [2]int{number, int(table[6])<<8 | int(table[7])})
		}
	}
	for number, all := range inside {
		head, content, _ := strings.Cut(p.objects[number], "\n")
		m := lengthsOf.FindStringSubmatch(head)
		if m == nil {
			t.Fatalf("object %d is no stream of objects: %s", number, head)
		}
		first, _ := strconv.Atoi(m[2])
		index := strings.Fields(content[:first])
		for _, one := range all {
			if index[2*one[1]] != fmt.Sprint(one[0]) {
				t.Fatalf("object %d is not at place %d of stream %d", one[0], one[1], number)
			}
			start, _ := strconv.Atoi(index[2*one[1]+1])
			rest := content[first+start:]
			p.objects[one[0]], _, _ = strings.Cut(rest, "\n")
		}
	}
	if !strings.Contains(dict, "/Root") {
		t.Fatalf("no root: %s", dict)
	}
	p.read(t)
	return p
}

func stream(t *testing.T, file []byte, at int) (dict string, content []byte) {
	t.Helper()
	m := objectAt.FindSubmatchIndex(file[at:])
	if m == nil {
		t.Fatalf("no stream at %d: %.40q", at, file[at:])
	}
	dict = string(file[at+m[4] : at+m[5]])
	length, _ := strconv.Atoi(string(file[at+m[6] : at+m[7]]))
	content = file[at+m[1] : at+m[1]+length]
	if strings.Contains(dict, "/FlateDecode") {
		z, err := zlib.NewReader(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if content, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return dict, content
}

// read reads the text of all pages.
func (p *paper) read(t *testing.T) {
	t.Helper()
	meanings := make(map[string]map[string]string) // of codes, by font
	for _, object := range p.objects {
		m := regexp.MustCompile(`/BaseFont /\w{6}\+\w*?(\d+)-Identity-H .* /ToUnicode (\d+) 0 R`).FindStringSubmatch(object)
		if m == nil {
			continue
		}
		number, _ := strconv.Atoi(m[2])
		meanings[m[1]] = make(map[string]string)
		_, lines, _ := strings.Cut(p.objects[number], "endcodespacerange")
		for _, line := range meaningLine.FindAllStringSubmatch(lines, -1) {
			meanings[m[1]][line[1]] = utf16Text(t, line[2])
		}
	}
	for _, tree := range p.objects {
		kids, ok := strings.CutPrefix(tree, "<</Type /Pages /Count ")
		if !ok {
			continue
		}
		for _, kid := range regexp.MustCompile(`(\d+) 0 R`).FindAllStringSubmatch(kids, -1) {
			number, _ := strconv.Atoi(kid[1])
			content, _ := strconv.Atoi(regexp.MustCompile(`/Contents (\d+)`).FindStringSubmatch(p.objects[number])[1])
			var b strings.Builder
			font := ""
			for _, m := range shownText.FindAllStringSubmatch(p.objects[content], -1) {
				switch {
				case m[1] != "":
					font = m[1]
				case m[2] != "":
					b.WriteString(meanings[font][m[2]])
				case m[3] != "":
					b.WriteString("|")
				case m[4] != "":
					b.WriteString(utf16Text(t, m[4]))
				}
			}
			p.pages = append(p.pages, b.String())
		}
	}
}

func utf16Text(t *testing.T, digits string) string {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	var units []uint16
	for ; len(b) > 1; b = b[2:] {
		units = append(units, uint16(b[0])<<8|uint16(b[1]))
	}
	return string(utf16.Decode(units))
}

// letters is a text without what depends on where lines break.
func letters(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '|' || c == ' ' || c == '\n' || c == '\u2068' || c == '\u2069' {
			return -1
		}
		return c
	}, s)
}

func (p *paper) text() string { return letters(strings.Join(p.pages, "")) }

// has tells whether some object holds all the parts.
func (p *paper) has(parts ...string) bool {
next:
	for _, object := range p.objects {
		for _, part := range parts {
			if !strings.Contains(object, part) {
				continue next
			}
		}
		return true
	}
	return false
}
