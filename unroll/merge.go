package unroll

import (
	"cmp"
	"maps"
	"slices"
)

// merge gives what two readings of one network have together, by post ID.
// What a shows counts; b fills in what a lacks.
func merge(a, b Conversation) Conversation {
	out := a
	out.Posts = slices.Clone(a.Posts)
	at := make(map[string]int, len(a.Posts))
	for i := range out.Posts {
		at[out.Posts[i].ID] = i
	}
	leaf := leaves(b.Posts)
	for i := range b.Posts {
		p := &b.Posts[i]
		j, held := at[p.ID]
		switch {
		case held:
			out.Posts[j] = fuller(&out.Posts[j], p)
		case a.ChainOnly && !b.ChainOnly && p.Gap != nil && p.AuthorID == "" && leaf[p.ID]:
			// Nobody's in b; in a, which shows one author only, it would be theirs.
		default:
			at[p.ID] = len(out.Posts)
			out.Posts = append(out.Posts, *p)
		}
	}
	out.Authors = maps.Clone(b.Authors)
	if out.Authors == nil {
		out.Authors = map[string]Author{}
	}
	maps.Copy(out.Authors, a.Authors)
	out.Count = max(a.Count, b.Count)
	out.ChainOnly = a.ChainOnly || b.ChainOnly
	out.Cursory = a.Cursory || b.Cursory
	out.Replies = make(map[string]int, len(a.Replies)+len(b.Replies))
	out.Seen = make(map[string]bool, len(a.Seen)+len(b.Seen))
	for _, c := range []*Conversation{&a, &b} {
		for id, n := range c.Replies {
			out.Replies[id] = max(out.Replies[id], n)
		}
		for id, seen := range c.Seen {
			out.Seen[id] = out.Seen[id] || seen
		}
	}
	out.Cuts = append(unsettled(&a, &b), unsettled(&b, &a)...)
	slices.SortStableFunc(out.Cuts, func(x, y Cut) int { return cmp.Or(cmp.Compare(x.After, y.After), cmp.Compare(x.Reason, y.Reason)) })
	out.Cuts = slices.Compact(out.Cuts)
	if b.FetchedAt.Before(a.FetchedAt) && !b.FetchedAt.IsZero() {
		out.FetchedAt = b.FetchedAt
	}
	return out
}

// fuller gives of two readings of a post the one that shows more of it, with
// the links that either knows.
func fuller(a, b *Post) Post {
	p, other := *a, b
	if a.Gap != nil && b.Gap == nil || a.Gap == nil && b.Gap == nil && a.Cut && !b.Cut {
		p, other = *b, a
	}
	if p.Gap != nil && p.Gap.Reason == GapUnknown && other.Gap != nil {
		p.Gap = other.Gap
	}
	p.AuthorID = cmp.Or(p.AuthorID, other.AuthorID)
	switch p.ParentID {
	case "":
		p.ParentID, p.ParentAuthorID = other.ParentID, other.ParentAuthorID
	case other.ParentID:
		p.ParentAuthorID = cmp.Or(p.ParentAuthorID, other.ParentAuthorID)
	}
	p.RootID = cmp.Or(p.RootID, other.RootID)
	return p
}

// leaves tells which posts no other replies to.
func leaves(posts []Post) map[string]bool {
	leaf := make(map[string]bool, len(posts))
	for i := range posts {
		leaf[posts[i].ID] = true
	}
	for i := range posts {
		delete(leaf, posts[i].ParentID)
	}
	return leaf
}

// unsettled gives the cuts of a below which b does not show more.
func unsettled(a, b *Conversation) []Cut {
	if len(a.Cuts) == 0 {
		return nil
	}
	author := make(map[string]string, len(b.Posts))
	for i := range b.Posts {
		author[b.Posts[i].ID] = b.Posts[i].AuthorID
	}
	goesOn := map[string]bool{}
	for i := range b.Posts {
		p := &b.Posts[i]
		if p.AuthorID != "" && (author[p.ParentID] == p.AuthorID || p.ParentAuthorID == p.AuthorID) {
			goesOn[p.ParentID] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(a.Cuts), func(c Cut) bool {
		return (goesOn[c.After] || b.Seen[c.After]) && !slices.ContainsFunc(b.Cuts, func(other Cut) bool { return other.After == c.After })
	})
}
