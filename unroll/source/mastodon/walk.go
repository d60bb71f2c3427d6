package mastodon

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
)

// pageSize is the most posts of an account that a server lists at a time
// (docs.joinmastodon.org, "accounts API methods", November 2026).
const pageSize = 40

// maxPages bounds how far along an author's posts one looks for replies that
// a full answer left no room for.
const maxPages = 3

// up goes on to the posts above the first one held, as far as they can be had.
func (r *reading) up(ctx context.Context) {
	paged := map[id]bool{}
	for r.b.left > 0 {
		below, missing := r.missing()
		if missing == "" {
			return
		}
		var err error
		switch st := r.nodes[below].st; {
		case r.above[below] && !r.anchored[below]:
			err = r.context(ctx, below)
		case st.ParentAccount == st.Account.ID && !paged[below]:
			// The server sees nothing past a deleted post. The author's own
			// list does.
			paged[below] = true
			r.pageUp(ctx, below, missing)
		default:
			err = r.fetchAbove(ctx, below, missing)
		}
		if err != nil {
			r.cut(below, unroll.CutFailed)
			return
		}
	}
}

// missing finds where the way up from the asked post ends: the last post held
// and its parent, which is not. It gives "" when the way ends at the root, or
// at a gap.
func (r *reading) missing() (below, missing id) {
	visited := map[id]bool{}
	for at := r.asked; !visited[at]; {
		visited[at] = true
		n := r.nodes[at]
		if n.parent == "" {
			return "", ""
		}
		if r.nodes[n.parent] == nil {
			if n.st == nil {
				return "", ""
			}
			return at, n.parent
		}
		at = n.parent
	}
	return "", ""
}

// pageUp looks through the author's posts before a post for those above it.
// Where they are listed past one that is missing, that one is gone.
func (r *reading) pageUp(ctx context.Context, below, missing id) {
	st := r.nodes[below].st
	page, err := r.page(ctx, st.Account.ID, "max_id="+string(below))
	if err != nil {
		return // the missing post itself can still be asked for
	}
	byID := make(map[id]*status, len(page))
	for _, p := range page {
		byID[p.ID] = p
	}
	for byID[missing] != nil {
		st = byID[missing]
		delete(byID, missing)
		r.count(st)
		r.hold(st)
		r.above[st.ID] = true
		missing = st.ParentID
	}
	past := slices.ContainsFunc(page, func(p *status) bool { return older(p.ID, missing) })
	if missing != "" && st.ParentAccount == st.Account.ID && past {
		r.gap(missing, "", r.parentAuthor(st), unroll.GapUnknown)
	}
}

// age compares ids by when they were given: all servers count up.
func age(a, b id) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

func older(a, b id) bool { return age(a, b) < 0 }

// fetchAbove asks for the missing post itself.
func (r *reading) fetchAbove(ctx context.Context, below, missing id) error {
	st := new(status)
	_, err := r.s.get(ctx, r.b, r.host, "/api/v1/statuses/"+string(missing), "status "+r.host, st)
	switch unroll.KindOf(err) {
	case "":
		if st.ID != missing {
			r.gap(missing, "", "", unroll.GapUnknown)
			return nil
		}
		r.meet(st)
		r.count(st)
		r.hold(st)
		r.above[missing] = true
	case unroll.KindNotFound:
		r.gap(missing, "", r.parentAuthor(r.nodes[below].st), unroll.GapUnknown)
	case unroll.KindPrivate, unroll.KindLoginRequired:
		r.gap(missing, "", r.parentAuthor(r.nodes[below].st), unroll.GapPrivate)
	default:
		return err
	}
	return nil
}

// down goes on wherever the thread may have posts that were not shown yet.
func (r *reading) down(ctx context.Context) {
	pages, start, from := 0, id(""), id("")
	for {
		members, _ := r.thread()
		unsure := r.unsure()
		if _, away := r.home(); away && unsure == "" {
			return // its own server has more
		}
		if next := cmp.Or(unsure, r.nextAnchor(members)); next != "" {
			if r.b.left <= 0 {
				r.cut(next, unroll.CutBudget)
				return
			}
			if err := r.context(ctx, next); err != nil {
				r.cut(next, unroll.CutFailed)
				return
			}
			continue
		}
		first, limited := r.doubtful(members)
		if first == "" || pages > 0 && !limited || pages == maxPages || r.b.left <= 0 {
			return
		}
		pages++
		start = cmp.Or(start, first)
		next, more := r.pageDown(ctx, cmp.Or(from, start))
		if next == "" {
			return // nothing is lost that was known to be there
		}
		from = next
		if more {
			continue
		}
		// All that the author wrote since is listed, and was looked at.
		members, _ = r.thread()
		for _, at := range members {
			r.full[at] = r.full[at] || !older(at, start)
		}
	}
}

// thread gives the posts of the thread that the asked post stands for, first
// post first, and whose it is.
func (r *reading) thread() (members []id, author string) {
	own := r.selfReplies()
	climb := r.climb(own)
	head := climb[len(climb)-1]
	taken := map[id]bool{head: true}
	members = []id{head}
	for i := 0; i < len(members); i++ {
		for _, k := range own[members[i]] {
			if !taken[k] {
				taken[k] = true
				members = append(members, k)
			}
		}
	}
	return members, r.nodes[head].author
}

// selfReplies maps posts to their authors' replies to themselves.
func (r *reading) selfReplies() map[id][]id {
	own := make(map[id][]id, len(r.nodes))
	for _, at := range r.order {
		n := r.nodes[at]
		if up := r.nodes[n.parent]; up != nil && up != n && n.author != "" && up.author == n.author {
			own[n.parent] = append(own[n.parent], at)
		}
	}
	return own
}

// climb gives the posts from the asked one up to the first of the thread that
// it stands for. It follows [unroll.Assemble]: a lone answer to somebody else
// stands for what it answers.
func (r *reading) climb(own map[id][]id) []id {
	path := []id{r.asked}
	for visited := map[id]bool{r.asked: true}; ; {
		at := path[len(path)-1]
		n := r.nodes[at]
		up := r.nodes[n.parent]
		if up == nil || visited[n.parent] || up.author != n.author && (up.st == nil || len(own[at]) > 0) {
			return path
		}
		visited[n.parent] = true
		path = append(path, n.parent)
	}
}

// unsure finds a post above the asked one that passes for a lone answer, and
// whose author may have gone on below it for all that is known.
func (r *reading) unsure() id {
	own := r.selfReplies()
	for _, at := range r.climb(own) {
		if len(own[at]) == 0 && r.isOpen(at) {
			return at
		}
	}
	return ""
}

// nextAnchor picks the post whose context is to be asked for next: one with
// replies that were not seen, at the thread's ends first, for it may go on
// there, then from the top, for that shows the most. "" means none.
func (r *reading) nextAnchor(members []id) id {
	hasMore := make(map[id]bool, len(members))
	for _, at := range members {
		hasMore[r.nodes[at].parent] = true
	}
	first := id("")
	for _, at := range members {
		if !r.isOpen(at) {
			continue
		}
		if !hasMore[at] {
			return at
		}
		first = cmp.Or(first, at)
	}
	return first
}

// isOpen tells whether a post has replies that asking for its context may show.
func (r *reading) isOpen(at id) bool { return r.unseen(at) > 0 && !r.full[at] && !r.anchored[at] }

// unseen is how many replies to a post were not seen, as far as is known.
func (r *reading) unseen(at id) int {
	n := r.nodes[at]
	if n.st == nil || n.st.Replies == nil {
		return 0
	}
	return max(*n.st.Replies-r.replies[at], 0)
}

// doubtful finds the first post of which fewer replies were seen than the
// server counts. Mostly they are other people's and deleted or hidden.
// limited tells whether a full answer is why some post's were not seen.
func (r *reading) doubtful(members []id) (first id, limited bool) {
	for _, at := range members {
		if r.unseen(at) > 0 && !r.copied {
			first = cmp.Or(first, at)
			limited = limited || !r.full[at]
		}
	}
	return first, limited
}

// pageDown looks through the author's posts after a post for replies to the
// thread. It gives where to go on, "" if it failed, and whether there may be
// more: servers list 20 posts at least where there are that many.
func (r *reading) pageDown(ctx context.Context, after id) (id, bool) {
	st := r.nodes[r.asked].st
	if members, _ := r.thread(); r.nodes[members[0]].st != nil {
		st = r.nodes[members[0]].st
	}
	page, err := r.page(ctx, st.Account.ID, "min_id="+string(after))
	if err != nil {
		return "", false
	}
	newest := after
	slices.SortStableFunc(page, func(a, b *status) int { return age(a.ID, b.ID) })
	for _, p := range page {
		if older(newest, p.ID) {
			newest = p.ID
		}
		if r.nodes[p.ParentID] != nil && r.nodes[p.ParentID].author == p.Account.key(r.host) {
			r.count(p)
			r.hold(p)
		}
	}
	return newest, len(page) >= pageSize/2
}

// page lists posts of an account, without those it reposted.
func (r *reading) page(ctx context.Context, account id, where string) ([]*status, error) {
	var raw json.RawMessage
	path := "/api/v1/accounts/" + string(account) + "/statuses?exclude_reblogs=true&limit=" + strconv.Itoa(pageSize) + "&" + where
	if _, err := r.s.get(ctx, r.b, r.host, path, "posts "+r.host, &raw); err != nil {
		return nil, err
	}
	var page []*status
	statuses(raw, func(st *status) {
		if st.ID != "" && st.original() == st {
			page = append(page, st)
		}
	})
	return page, nil
}

// refreshIn reads how soon to ask again, from the header of a server that
// fetches replies from others ("Mastodon-Async-Refresh", Mastodon 4.5).
func refreshIn(a httpx.Answer) time.Duration {
	for part := range strings.SplitSeq(a.Header.Get("Mastodon-Async-Refresh"), ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if n, err := strconv.Atoi(strings.Trim(value, `"`)); key == "retry" && err == nil && n > 0 {
			return min(time.Duration(n)*time.Second, maxRefresh)
		}
	}
	return 0
}
