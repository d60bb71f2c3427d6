package fakenet

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"unrollbot/unroll"
)

// chainStart is the ID of the first post of a [Chain]; the others follow by one.
const chainStart = 1_000_001

// Chain is a thread of n posts by one author, "ada", each a reply to the one
// before. IDs are 1000001, 1000002 and so on.
func Chain(n int) World {
	w := World{Authors: []Author{{ID: "ada", Name: "Ada"}}, Posts: make([]Post, 0, n)}
	for i := range n {
		p := Post{Post: unroll.Post{
			ID:       strconv.Itoa(chainStart + i),
			AuthorID: "ada",
			Text:     fmt.Sprintf("This is post number %d of the chain.", i+1),
			Lang:     "en",
		}}
		if i > 0 {
			p.ParentID = strconv.Itoa(chainStart + i - 1)
		}
		w.Posts = append(w.Posts, p)
	}
	return w
}

// Random is a World of n posts by a few authors that answer each other in
// every way, also in ways that no network should allow: posts that reply to
// themselves, to what they are above of, to nothing that exists; the same ID
// twice; IDs that are no numbers; hidden posts anywhere. About half of it is
// a plain thread by "ada".
func Random(r *rand.Rand, n int) World {
	names := []string{"ada", "bob", "cyd", "dee"}
	w := World{Posts: make([]Post, 0, n)}
	for _, name := range names {
		w.Authors = append(w.Authors, Author{ID: name})
	}
	for i := range n {
		p := Post{Post: unroll.Post{ID: randomID(r, i), AuthorID: names[0], Text: fmt.Sprintf("post %d", i)}}
		if r.IntN(3) == 0 {
			p.AuthorID = names[r.IntN(len(names))]
		}
		if i > 0 {
			p.ParentID = w.Posts[max(0, i-1-r.IntN(3))].ID
		}
		switch r.IntN(20) {
		case 0:
			p.ParentID = p.ID
		case 1:
			p.ParentID = randomID(r, r.IntN(n)) // maybe a later one, maybe nobody's
		case 2:
			p.ParentID = ""
		case 3:
			if i > 0 {
				p.ID = w.Posts[r.IntN(i)].ID
			}
		case 4:
			reasons := []unroll.GapReason{unroll.GapDeleted, unroll.GapPrivate, unroll.GapBlocked, unroll.GapSuspended}
			p.Gap = &unroll.Gap{Reason: reasons[r.IntN(len(reasons))]}
		}
		w.Posts = append(w.Posts, p)
	}
	return w
}

func randomID(r *rand.Rand, i int) string {
	if r.IntN(10) == 0 {
		return fmt.Sprintf("p-%d.x", i)
	}
	return strconv.Itoa(chainStart + i)
}
