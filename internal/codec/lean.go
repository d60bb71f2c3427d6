package codec

import (
	"strconv"
	"strings"
	"time"

	"unrollbot/unroll"
)

// same marks fields of a post that are left out, or shortened, because they
// follow from the post before it, or from the thread.
type same uint8

const (
	sameParent       same = 1 << iota // it replies to the post before it
	sameParentAuthor                  // ... which is the thread's author's
	sameRoot                          // the conversation starts where the post before it says
	sameURL                           // its URL is that of the post before it with the ID replaced
	sameLang                          // as in the post before it
	stepID                            // ID is the step from the ID before it, see idStep
)

// leanPost is a [unroll.Post] without what can be worked out. Fields of Post
// that are not named here are stored as they are.
type leanPost struct {
	unroll.Post
	Same same `json:"s,omitempty"`
	// Later is how many seconds after the post before it this one was
	// written; 0 when At stands for itself.
	Later int64 `json:"d,omitempty"`
}

type leanBranch struct {
	unroll.Branch
	Posts []leanPost `json:"posts"`
}

type leanThread struct {
	unroll.Thread
	Posts    []leanPost   `json:"posts"`
	Branches []leanBranch `json:"branches,omitempty"`
}

// lean makes t's stored form. It does not change t, and shares its memory.
func lean(t *unroll.Thread) *leanThread {
	out := &leanThread{Thread: *t, Posts: leanPosts(t.Posts, &t.Author)}
	for _, b := range t.Branches {
		out.Branches = append(out.Branches, leanBranch{Branch: b, Posts: leanPosts(b.Posts, &t.Author)})
	}
	return out
}

// full is the inverse of lean.
func (l *leanThread) full() *unroll.Thread {
	t := &l.Thread
	t.Posts = fullPosts(l.Posts, &t.Author)
	t.Branches = nil
	for _, b := range l.Branches {
		b.Branch.Posts = fullPosts(b.Posts, &t.Author)
		t.Branches = append(t.Branches, b.Branch)
	}
	return t
}

func leanPosts(posts []unroll.Post, author *unroll.Author) []leanPost {
	if posts == nil {
		return nil
	}
	out := make([]leanPost, len(posts))
	var prev *unroll.Post
	for i := range posts {
		out[i].Post = posts[i]
		if prev != nil {
			out[i].shorten(prev, author)
		}
		prev = &posts[i]
	}
	return out
}

func fullPosts(lean []leanPost, author *unroll.Author) []unroll.Post {
	if lean == nil {
		return nil
	}
	out := make([]unroll.Post, len(lean))
	var prev *unroll.Post
	for i := range lean {
		if prev != nil {
			lean[i].complete(prev, author)
		}
		out[i] = lean[i].Post
		prev = &out[i]
	}
	return out
}

// shorten leaves out what follows from the post before.
func (l *leanPost) shorten(prev *unroll.Post, author *unroll.Author) {
	leave := func(s same, field *string, derived string) {
		if *field == derived {
			l.Same |= s
			*field = ""
		}
	}
	leave(sameParent, &l.ParentID, prev.ID)
	leave(sameParentAuthor, &l.ParentAuthorID, author.ID)
	leave(sameRoot, &l.RootID, prev.RootID)
	leave(sameURL, &l.URL, urlAfter(prev, l.ID))
	leave(sameLang, &l.Lang, prev.Lang)
	if d := l.At.Sub(prev.At); d%time.Second == 0 && prev.At.Add(d).Equal(l.At) && utc(prev.At) && utc(l.At) {
		if l.Later = int64(d / time.Second); l.Later != 0 {
			l.At = time.Time{}
		}
	}
	if step, ok := idStep(prev.ID, l.ID); ok {
		l.Same |= stepID
		l.ID = step
	}
}

// complete is the inverse of shorten.
func (l *leanPost) complete(prev *unroll.Post, author *unroll.Author) {
	if l.Same&stepID != 0 {
		l.ID = idAfter(prev.ID, l.ID)
	}
	fill := func(s same, field *string, derived string) {
		if l.Same&s != 0 {
			*field = derived
		}
	}
	fill(sameParent, &l.ParentID, prev.ID)
	fill(sameParentAuthor, &l.ParentAuthorID, author.ID)
	fill(sameRoot, &l.RootID, prev.RootID)
	if l.Same&sameURL != 0 {
		l.URL = urlAfter(prev, l.ID)
	}
	fill(sameLang, &l.Lang, prev.Lang)
	if l.Later != 0 {
		l.At = prev.At.Add(time.Duration(l.Later) * time.Second)
	}
}

// idStep is the difference of two numeric IDs in base 36: the IDs of X and
// Mastodon hold a time, and the step is half as many digits.
func idStep(prev, id string) (step string, ok bool) {
	a, okA := number(prev)
	b, okB := number(id)
	if !okA || !okB || b <= a {
		return "", false
	}
	return strconv.FormatUint(b-a, 36), true
}

// idAfter is the inverse of idStep. On damaged input its result means nothing.
func idAfter(prev, step string) string {
	a, _ := number(prev)
	d, _ := strconv.ParseUint(step, 36, 64)
	return strconv.FormatUint(a+d, 10)
}

// number reads an ID that is a decimal number in its shortest form.
func number(id string) (uint64, bool) {
	n, err := strconv.ParseUint(id, 10, 64) // takes digits only
	return n, err == nil && (id[0] != '0' || id == "0")
}

// urlAfter is prev's URL with the last part of its ID replaced by that of id:
// the URL of another post of the same author, on every network we know.
func urlAfter(prev *unroll.Post, id string) string {
	head, ok := strings.CutSuffix(prev.URL, record(prev.ID))
	if !ok {
		return ""
	}
	return head + record(id)
}

// record is an ID without the DID that Bluesky's begin with.
func record(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// utc tells whether a time is in UTC, as what is computed from another is.
func utc(t time.Time) bool { return t.Location() == time.UTC }
