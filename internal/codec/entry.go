package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"unrollbot/unroll"
)

// Entry is an [unroll.Entry] with the refs that lead to it.
type Entry struct {
	unroll.Entry
	Root unroll.Ref
	// ByPost is set when the refs of all the thread's posts lead to it.
	ByPost bool
	// Others are the further refs that do.
	Others []unroll.Ref
}

// NewEntry puts an entry together. Aliases may hold root.
func NewEntry(root unroll.Ref, aliases []unroll.Ref, e unroll.Entry) *Entry {
	out := &Entry{Entry: e, Root: root, Others: aliases}
	if e.Thread != nil {
		if others, all := withoutPosts(aliases, e.Thread); all {
			out.ByPost, out.Others = true, others
		}
	}
	return out
}

// Refs yields the root and every alias, some perhaps twice.
func (e *Entry) Refs(yield func(unroll.Ref) bool) {
	if !yield(e.Root) {
		return
	}
	for _, r := range e.Others {
		if !yield(r) {
			return
		}
	}
	if e.ByPost {
		for p := range e.Thread.All {
			if !yield(e.Thread.RefOf(p)) {
				return
			}
		}
	}
}

// Names tells whether ref leads to e.
func (e *Entry) Names(ref unroll.Ref) bool {
	for r := range e.Refs {
		if r == ref {
			return true
		}
	}
	return false
}

// storedEntry is the JSON of an Entry.
type storedEntry struct {
	Root       unroll.Ref      `json:"root,omitzero"` // left out when it is the thread's own
	ByPost     bool            `json:"by_post,omitempty"`
	Others     []unroll.Ref    `json:"aliases,omitempty"`
	FreshUntil time.Time       `json:"fresh_until"`
	Failure    *unroll.Failure `json:"failure,omitempty"`
	Thread     *leanThread     `json:"thread,omitempty"`
}

// Encode makes the frame of e.
func (c *Codec) Encode(e *Entry) ([]byte, error) {
	s := storedEntry{Root: e.Root, ByPost: e.ByPost, Others: e.Others, FreshUntil: e.FreshUntil, Failure: e.Failure}
	schema := unroll.SchemaVersion
	if t := e.Thread; t != nil {
		schema = t.Schema
		s.Thread = lean(t)
		if t.Ref == e.Root {
			s.Root = unroll.Ref{}
		}
	}
	if schema < 0 || schema > math.MaxUint8 {
		return nil, fmt.Errorf("codec: schema version %d does not fit a byte", schema)
	}
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return nil, fmt.Errorf("codec: %w", err)
	}
	if raw.Len() > maxJSON {
		return nil, fmt.Errorf("codec: thread of %d bytes is too large to keep; the limit is %d", raw.Len(), maxJSON)
	}
	out := make([]byte, 0, 64+raw.Len()/2)
	out = append(out, version, byte(KindEntry), byte(schema))
	return seal(c.enc.EncodeAll(raw.Bytes(), out)), nil
}

// Pointer makes the frame by which an alias leads to root.
func Pointer(root unroll.Ref) []byte { return Frame(KindPointer, []byte(root.Path())) }

// Find looks for the entry that ref leads to: kept under ref itself, or under
// the root that a pointer there names. get gives the frame kept under a ref's
// path, or nil. Find returns nil when there is none, or none to be used; its
// only errors are get's.
func (c *Codec) Find(ref unroll.Ref, get func(path string) ([]byte, error)) (*Entry, error) {
	b, err := get(ref.Path())
	if err != nil {
		return nil, err
	}
	kind, payload := c.open(b)
	if kind == KindPointer {
		if b, err = get(string(payload)); err != nil {
			return nil, err
		}
		kind, payload = c.open(b)
	}
	if kind != KindEntry {
		return nil, nil // also when another thread took the root over: its pointer stands there
	}
	e, err := c.decode(payload)
	if err != nil {
		c.report(err)
		return nil, nil
	}
	// A pointer outlives the entry that it was made for when a newer one
	// does not know the post any longer.
	if !e.Names(ref) {
		return nil, nil
	}
	return e, nil
}

// Entry reads the frame of an entry, whatever ref it lies under. It is nil for
// any other frame, and for one that cannot be used.
func (c *Codec) Entry(frame []byte) *Entry {
	kind, payload := c.open(frame)
	if kind != KindEntry {
		return nil
	}
	e, err := c.decode(payload)
	if err != nil {
		c.report(err)
		return nil
	}
	return e
}

// By tells whether e is a thread of that author's.
func (e *Entry) By(n unroll.Network, authorID string) bool {
	return e.Thread != nil && e.Root.Network == n && e.Thread.Author.ID == authorID
}

// decode reads the payload of a [KindEntry] frame.
func (c *Codec) decode(payload []byte) (*Entry, error) {
	if len(payload) == 0 {
		return nil, fmt.Errorf("%w: empty entry", errDamaged)
	}
	if payload[0] != unroll.SchemaVersion {
		return nil, fmt.Errorf("%w: schema %d", errVersion, payload[0])
	}
	buf := c.raw.Get().(*[]byte) // the strings that come of it are copies
	defer c.raw.Put(buf)
	raw, err := c.dec.DecodeAll(payload[1:], (*buf)[:0])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if cap(raw) <= maxKept {
		*buf = raw
	}
	// Room for all posts at once, within reason: a post begins with its id, as
	// an author does.
	room := min(bytes.Count(raw, []byte(`{"id":`)), roomMax)
	thread := leanThread{Posts: make([]leanPost, 0, room)}
	s := storedEntry{Thread: &thread}
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	e := &Entry{
		Entry: unroll.Entry{FreshUntil: s.FreshUntil, Failure: s.Failure},
		Root:  s.Root, ByPost: s.ByPost, Others: s.Others,
	}
	if s.Thread != nil && thread.Schema != 0 {
		e.Thread = thread.full()
		if e.Root.IsZero() {
			e.Root = e.Thread.Ref
		}
	} else {
		e.ByPost = false
	}
	return e, nil
}

// withoutPosts takes the refs of t's posts out of aliases, and tells whether
// all of them were there.
func withoutPosts(aliases []unroll.Ref, t *unroll.Thread) (others []unroll.Ref, all bool) {
	posts := make(map[unroll.Ref]bool, len(t.Posts)) // whether it is among the aliases
	for p := range t.All {
		posts[t.RefOf(p)] = false
	}
	seen := 0
	for _, a := range aliases {
		known, ok := posts[a]
		switch {
		case !ok:
			others = append(others, a)
		case !known:
			posts[a] = true
			seen++
		}
	}
	return others, seen == len(posts)
}
