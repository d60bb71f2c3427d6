package pdf

import (
	"fmt"
	"strings"
)

// Element is a part of the text as readers aloud know it (14.7): a heading, a
// paragraph, a picture.
type Element struct {
	Alt  string // description of a picture
	Lang string // BCP 47; empty means that of what is around it

	w      *Writer
	role   string
	ref    ref
	parent *Element
	kids   []string
}

// Root is the whole document.
func (w *Writer) Root() *Element { return w.root }

// Add appends a part with one of the roles of 14.8.4, such as "P", "H1",
// "BlockQuote", "Figure" or "Link".
func (e *Element) Add(role string) *Element {
	child := &Element{w: e.w, role: role, ref: e.w.reserve(), parent: e}
	e.kids = append(e.kids, child.ref.String())
	e.w.tagged = append(e.w.tagged, child)
	return child
}

// structure writes the elements and returns their root.
func (w *Writer) structure() ref {
	root := w.reserve()
	for _, e := range w.tagged {
		parent := root
		if e.parent != nil {
			parent = e.parent.ref
		}
		var b strings.Builder
		fmt.Fprintf(&b, "<</Type /StructElem /S /%s /P %v", e.role, parent)
		if e.Alt != "" {
			b.WriteString(" /Alt " + text(e.Alt))
		}
		if e.Lang != "" {
			b.WriteString(" /Lang " + text(e.Lang))
		}
		if len(e.kids) > 0 {
			b.WriteString(" /K [" + strings.Join(e.kids, " ") + "]")
		}
		b.WriteString(">>")
		w.object(e.ref, b.String())
	}
	var nums strings.Builder
	for key, value := range w.parents {
		fmt.Fprintf(&nums, "%d %s ", key, value)
	}
	w.object(root, fmt.Sprintf("<</Type /StructTreeRoot /K %v /ParentTree <</Nums [%s]>> /ParentTreeNextKey %d>>", w.root.ref, nums.String(), len(w.parents)))
	return root
}

// entry is a line of the outline.
type entry struct {
	title string
	page  ref
	y     float64
}

// Mark puts a line into the outline that leads to this height of the page.
func (p *Page) Mark(title string, y float64) {
	p.w.entries = append(p.w.entries, entry{title, p.ref, y})
}

// outline writes the outline and returns what the catalog says of it.
func (w *Writer) outline() string {
	if len(w.entries) == 0 {
		return ""
	}
	root := w.reserve()
	refs := make([]ref, len(w.entries))
	for i := range refs {
		refs[i] = w.reserve()
	}
	for i, e := range w.entries {
		around := ""
		if i > 0 {
			around += fmt.Sprintf(" /Prev %v", refs[i-1])
		}
		if i < len(refs)-1 {
			around += fmt.Sprintf(" /Next %v", refs[i+1])
		}
		w.object(refs[i], fmt.Sprintf("<</Title %s /Parent %v /Dest %s%s>>", text(e.title), root, destination(e.page, e.y), around))
	}
	w.object(root, fmt.Sprintf("<</Type /Outlines /First %v /Last %v /Count %d>>", refs[0], refs[len(refs)-1], len(refs)))
	return fmt.Sprintf(" /Outlines %v", root)
}

func destination(page ref, y float64) string {
	return fmt.Sprintf("[%v /XYZ null %s null]", page, number(y))
}
