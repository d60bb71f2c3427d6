package unroll

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"
)

// wild builds a conversation with everything that can go wrong: cycles,
// self-parents, doubles, gaps, missing parents, clocks that lie.
func wild(r *rand.Rand, n int) Conversation {
	c := Conversation{Ref: Ref{Network: X}, Authors: map[string]Author{}, Seen: map[string]bool{}, Replies: map[string]int{}, ChainOnly: r.IntN(4) == 0}
	id := func() string { return strconv.Itoa(r.IntN(n + 2)) }
	author := func() string { return []string{"a", "a", "a", "b", "c"}[r.IntN(5)] }
	for i := range n {
		p := Post{ID: strconv.Itoa(i), AuthorID: author(), Text: fmt.Sprintf("%d/%d", i, n), At: time.Unix(r.Int64N(1e9), 0)}
		if i > 0 && r.IntN(10) > 0 {
			p.ParentID = strconv.Itoa(max(0, i-1-r.IntN(3)))
		}
		if r.IntN(8) == 0 {
			p.ParentID = id()
		}
		if r.IntN(3) == 0 {
			p.ParentAuthorID = author()
		}
		if r.IntN(2) == 0 {
			p.RootID = "0"
		}
		if r.IntN(6) == 0 {
			p = Post{ID: p.ID, ParentID: p.ParentID, Gap: &Gap{Reason: GapDeleted}}
		}
		if r.IntN(20) == 0 {
			p.ID = id()
		}
		c.Seen[p.ID] = r.IntN(2) == 0
		c.Posts = append(c.Posts, p)
	}
	r.Shuffle(len(c.Posts), func(i, j int) { c.Posts[i], c.Posts[j] = c.Posts[j], c.Posts[i] })
	c.Asked = id()
	c.Ref.ID = c.Asked
	return c
}

// checkThread fails when a thread breaks what Assemble promises of any
// conversation.
func checkThread(t *testing.T, c *Conversation, thread *Thread) {
	t.Helper()
	authors := map[string]string{}
	readable := map[string]bool{}
	for _, p := range c.Posts {
		if p.Gap == nil && !readable[p.ID] {
			authors[p.ID], readable[p.ID] = p.AuthorID, true
		}
	}
	position := map[string]int{}
	n := 0
	for p := range thread.All {
		if _, twice := position[p.ID]; twice {
			t.Fatalf("post %s stands in the thread twice", p.ID)
		}
		position[p.ID] = n
		n++
		if p.Gap == nil && authors[p.ID] != thread.Author.ID {
			t.Fatalf("post %s is %s's, the thread %s's", p.ID, authors[p.ID], thread.Author.ID)
		}
	}
	inOrder := func(posts []Post, after string) {
		for i := range posts {
			p := &posts[i]
			if i > 0 && after != p.ParentID && p.Gap == nil {
				t.Fatalf("post %s replies to %s and stands after %s", p.ID, p.ParentID, after)
			}
			after = p.ID
		}
	}
	inOrder(thread.Posts, "")
	for _, b := range thread.Branches {
		if at, held := position[b.After]; !held || at >= position[b.Posts[0].ID] {
			t.Fatalf("branch of %s hangs after %s, which does not stand before it", b.Posts[0].ID, b.After)
		}
		inOrder(b.Posts, b.After)
	}
	if thread.Verdict.State == Complete {
		for p := range thread.All {
			if p.Gap != nil || p.Cut {
				t.Fatalf("complete, though %s is missing or cut", p.ID)
			}
		}
	}
	// What is left out of the thread, no reply link ties to it.
	for _, p := range c.Posts {
		if _, in := position[p.ID]; in || p.AuthorID != thread.Author.ID || p.Gap != nil || p.ParentID == p.ID {
			continue
		}
		if _, tied := position[p.ParentID]; tied && authors[p.ID] == p.AuthorID && first(c, p.ID).ParentID == p.ParentID {
			t.Fatalf("post %s replies to %s of the thread and is left out", p.ID, p.ParentID)
		}
	}
}

// first gives the post that counts among doubles.
func first(c *Conversation, id string) Post {
	i := slices.IndexFunc(c.Posts, func(p Post) bool { return p.ID == id && p.Gap == nil })
	return c.Posts[i]
}

func TestAssembleHoldsItsPromisesForAnyConversation(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		c := wild(r, 1+r.IntN(40))
		thread, err := Assemble(c)
		if err != nil {
			continue
		}
		checkThread(t, &c, &thread)
		through := thread.Through(strconv.Itoa(r.IntN(40)))
		checkThread(t, &c, &through)
		if through.Len() != thread.Len() {
			t.Fatalf("Through changed the number of posts from %d to %d", thread.Len(), through.Len())
		}
	}
}

func FuzzAssemble(f *testing.F) {
	f.Add(uint64(1), uint64(2), 12)
	f.Fuzz(func(t *testing.T, a, b uint64, n int) {
		c := wild(rand.New(rand.NewPCG(a, b)), 1+(n&0xff))
		thread, err := Assemble(c)
		if err == nil {
			checkThread(t, &c, &thread)
		}
	})
}

func TestAssembleIsLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	// Shapes that make a careless walk quadratic or deep: nothing to time
	// here, a quadratic walk simply would not end.
	const n = 200_000
	long := Conversation{Asked: "0", Ref: Ref{Network: X, ID: "0"}}
	wide := Conversation{Asked: "0", Ref: Ref{Network: X, ID: "0"}}
	gaps := Conversation{Asked: "0", Ref: Ref{Network: X, ID: "0"}}
	for i := range n {
		id := strconv.Itoa(i)
		p := Post{ID: id, AuthorID: "a"}
		if i > 0 {
			p.ParentID = strconv.Itoa(i - 1)
		}
		long.Posts = append(long.Posts, p)
		if i > 0 {
			p.ParentID = "0"
		}
		wide.Posts = append(wide.Posts, p)
		if i > 0 {
			p = Post{ID: id, ParentID: strconv.Itoa(i - 1), Gap: &Gap{Reason: GapDeleted}}
			gaps.Posts = append(gaps.Posts, Post{ID: "b" + id, AuthorID: "b", ParentID: id}, Post{ID: "a" + id, AuthorID: "a", ParentID: id, ParentAuthorID: "c"})
		}
		gaps.Posts = append(gaps.Posts, p)
	}
	for name, c := range map[string]Conversation{"long": long, "wide": wide, "gaps": gaps} {
		if _, err := Assemble(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
