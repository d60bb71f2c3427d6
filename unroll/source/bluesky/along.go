package bluesky

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"unrollbot/unroll"
)

// lookAlong finds what hangs below a deleted post. From the first post on the
// AppView shows nothing of it: the post before the deleted one has a reply
// count of 0 and an empty list of replies (measured 2026-11). Only the
// author's own posts, one by one, still name the root they belong to.
//
// A plain thread costs no call here. Where something says that there is more,
// the AppView's own count decides in one small call whether that is so; only
// then, or where it has no count, the author's feed is read back to the
// first post.
func (r *reading) lookAlong(ctx context.Context, top string, count bool) {
	if !r.opens(top) {
		return
	}
	sign := r.tooLarge || r.signOfMore(top)
	if !sign && !count || r.spend() != nil {
		return
	}
	var refused bool
	r.count, refused = r.src.count(ctx, r.ref.Sibling(top))
	missing := r.tooLarge || r.count > r.known(top) || r.count == 0 && sign
	if missing || refused && count {
		r.readFeed(ctx, top, missing)
		r.descend(ctx, top)
		r.short = missing && r.whole == "" && (r.count == 0 || r.known(top) < r.count)
	}
}

// opens tells whether a post is the first of its conversation. Below other
// people's posts nothing could be joined by the root alone.
func (r *reading) opens(top string) bool {
	t := &r.posts[top].post
	return t.ParentID == "" && t.RootID == top
}

// known is how many posts of the thread's line we know to exist, missing ones
// between others included.
func (r *reading) known(top string) int {
	children := r.children()
	n := len(r.longest(top, children))
	for _, gap := range r.orphans(top) {
		n += len(r.longest(gap, children))
	}
	return n
}

// goingOn is how any post says at its end that more follow.
var goingOn = regexp.MustCompile(`(?:🧵|👇|⬇️?|▶️?|➡️?|→|…|\.\.\.|\(cont(?:inued|\.)?\))\s*$`)

// signOfMore tells whether the texts, or a missing post, promise more of the
// thread than is held. A wrong guess costs one small call.
func (r *reading) signOfMore(top string) bool {
	children := r.children()
	if len(r.orphans(top)) > 0 || r.posts[top].post.Gap != nil {
		return true
	}
	line := r.longest(top, children)
	if len(line) == 1 {
		return unroll.OpensThread(r.posts[top].post.Text)
	}
	reached, total := 0, 0
	for _, id := range line {
		if n, ok := unroll.NumberIn(r.posts[id].post.Text); ok && n.Total > 0 {
			reached, total = max(reached, n.N), n.Total
		}
	}
	return reached < total || goingOn.MatchString(r.posts[line[len(line)-1]].post.Text)
}

// window is how long after the posts that are held those that are not are
// looked for in a feed too long to be read from today on.
const window = 7 * 24 * time.Hour

// patience is how many calls down a thread are made before the author's feed
// is tried: it has ten times as many posts a call as an AppView that stops
// after ten levels.
const patience = 2

// readFeed reads the author's feed, newest first, back to the first post. A
// feed too long for that is entered once more near the posts that are held,
// if jump is set, else left alone.
func (r *reading) readFeed(ctx context.Context, top string, jump bool) {
	did := r.posts[top].post.AuthorID
	begin, latest := r.span(did)
	cursor, jumped := "", false
	for page := 1; page <= r.src.cfg.FeedPages && r.whole == "" && r.spend() == nil; page++ {
		a, err := r.src.feed(ctx, did, cursor)
		if err != nil {
			r.failed = jump // else there is still the slow way down
			break
		}
		oldest := r.takeFeed(&a, did, top)
		if a.Cursor == "" || !oldest.IsZero() && oldest.Before(begin) {
			if !jumped {
				r.whole = did
			}
			break
		}
		cursor = a.Cursor
		if page > 1 || r.reachable(oldest, begin) {
			continue
		}
		if cursor = cursorAt(cursor, latest.Add(window)); !jump || cursor == "" {
			break
		}
		jumped = true
	}
	r.fillGaps(ctx, did, top)
}

// reachable guesses from the first page whether those that may be read go
// back as far as begin.
func (r *reading) reachable(oldest, begin time.Time) bool {
	now := r.src.cfg.Now()
	return now.Sub(begin) < now.Sub(oldest)*time.Duration(r.src.cfg.FeedPages)
}

// span gives the times of the first and the last post held of an author.
func (r *reading) span(did string) (first, last time.Time) {
	for _, id := range r.order {
		p := &r.posts[id].post
		if p.AuthorID != did || p.At.IsZero() {
			continue
		}
		if first.IsZero() || p.At.Before(first) {
			first = p.At
		}
		if p.At.After(last) {
			last = p.At
		}
	}
	return first, last
}

// takeFeed keeps the author's posts of the conversation, also their answers
// to others: they show that what hangs below them is no part of the thread.
// It returns the time of the page's oldest post.
func (r *reading) takeFeed(a *feedAnswer, did, root string) (oldest time.Time) {
	for _, item := range a.Feed {
		if item.Post == nil || item.Post.Author.DID != did {
			continue // a repost
		}
		p, ok := post(item.Post)
		if !ok {
			continue
		}
		if len(item.Reason) == 0 && !p.At.IsZero() && (oldest.IsZero() || p.At.Before(oldest)) {
			oldest = p.At
		}
		if p.RootID == root {
			r.view(item.Post, false)
		}
	}
	return oldest
}

// fillGaps finds the posts that others reply to and the feed did not show. If
// all of it was read they are gone; else they are asked for, with everything
// above them: upwards an AppView goes further than downwards.
func (r *reading) fillGaps(ctx context.Context, did, root string) {
	for i := 0; i < len(r.order); i++ { // it grows meanwhile
		p := r.posts[r.order[i]].post
		if p.AuthorID != did || p.ParentAuthorID != did || p.RootID != root || r.posts[p.ParentID] != nil {
			continue
		}
		why := unroll.GapDeleted
		if r.whole != did {
			if _ = r.read(ctx, p.ParentID, maxLevels, &p); r.posts[p.ParentID] != nil {
				continue
			}
			why = unroll.GapUnknown
		}
		if u, ok := parsePost(postURI(r.ref.Sibling(p.ParentID))); ok {
			r.hold(gapPost(u, &p, why), true)
		}
	}
}

// cursorAt makes a cursor that starts at a time, in the form of one that the
// AppView gave: a time, or milliseconds with a tie-breaker behind them. "" for
// any other form. Cursors are nobody's business but the server's; a form that
// we do not know, or that stops working, only means that a long feed is not
// read so far back.
func cursorAt(like string, at time.Time) string {
	if _, err := time.Parse(time.RFC3339, like); err == nil {
		return at.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	if ms, rest, ok := strings.Cut(like, "__"); ok && len(ms) == 13 {
		if _, err := strconv.ParseInt(ms, 10, 64); err == nil {
			return strconv.FormatInt(at.UnixMilli(), 10) + "__" + rest
		}
	}
	return ""
}
