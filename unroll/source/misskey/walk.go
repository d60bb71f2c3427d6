package misskey

import (
	"context"
	"errors"

	"unrollbot/unroll"
	"unrollbot/unroll/source/fedi"
)

// pageSize is the most notes that a server lists at a time, by the parameter's
// schema. It was not tried on a live server.
const pageSize = 100

// reading collects a conversation from one server.
type reading struct {
	s     *Source
	host  string
	left  int // calls
	asked id

	notes map[id]*note // a note with nothing but its ids is a gap
	order []id

	listed map[id]bool // notes whose replies were asked for
	full   map[id]bool // notes whose replies were listed to their end
	met    map[id]bool // users whose profile was looked at
	cuts   []unroll.Cut
}

func newReading(s *Source, host string) *reading {
	return &reading{
		s: s, host: host, left: s.calls,
		notes: map[id]*note{}, listed: map[id]bool{}, full: map[id]bool{}, met: map[id]bool{},
	}
}

// show asks for one note.
func (r *reading) show(ctx context.Context, at id) (*note, error) {
	n := new(note)
	if err := r.ask(ctx, "notes/show", map[string]any{"noteId": at}, n); err != nil {
		return nil, err
	}
	if n.ID == "" {
		return nil, r.fail(unroll.KindUpstream, "notes/show", errors.New("not a note"))
	}
	return n, nil
}

// original gives the note that n reposts, or n itself.
func (r *reading) original(ctx context.Context, n *note) (*note, error) {
	if !n.isRepost() {
		return n, nil
	}
	if of := inner(n.Renote); of != nil {
		return of, nil
	}
	return r.show(ctx, n.RenoteID)
}

// hold keeps a note, the first of its id.
func (r *reading) hold(n *note) {
	if n.ID == "" || n.User.key(r.host) == "" || r.notes[n.ID] != nil {
		return
	}
	r.notes[n.ID] = n
	r.order = append(r.order, n.ID)
}

func (r *reading) cut(after id, reason unroll.CutReason) {
	r.cuts = append(r.cuts, unroll.Cut{After: string(after), Reason: reason})
}

// author is whose note it is, "" if nobody knows.
func (r *reading) author(at id) string {
	if n := r.notes[at]; n != nil {
		return n.User.key(r.host)
	}
	return ""
}

// top is the highest note that is held on the way up from the asked one.
func (r *reading) top() *note {
	n := r.notes[r.asked]
	for visited := map[id]bool{}; r.notes[n.ReplyID] != nil && !visited[n.ID]; n = r.notes[n.ReplyID] {
		visited[n.ID] = true
	}
	return n
}

// up asks for the notes above the asked one. They come nearest first.
func (r *reading) up(ctx context.Context) {
	for offset := 0; ; {
		top := r.top()
		if top.ReplyID == "" || r.notes[top.ReplyID] != nil { // or a circle
			return
		}
		var page []*note
		err := r.ask(ctx, "notes/conversation", map[string]any{"noteId": r.asked, "limit": pageSize, "offset": offset}, &page)
		if err != nil {
			r.cut(top.ID, why(err))
			return
		}
		for _, above := range page {
			r.hold(above)
		}
		offset += len(page)
		if len(page) >= pageSize {
			continue
		}
		if missing := r.top().ReplyID; missing != "" && r.notes[missing] == nil {
			// The way up ends at a note that is no more, or is not for us.
			r.notes[missing] = &note{ID: missing}
			r.order = append(r.order, missing)
		}
		return
	}
}

// why is the reason for a cut where a call failed.
func why(err error) unroll.CutReason {
	if errors.Is(err, errNoCalls) {
		return unroll.CutBudget
	}
	return unroll.CutFailed
}

// down lists the replies to the author's own notes, as far as they have some.
func (r *reading) down(ctx context.Context) {
	for next := r.next(); next != ""; next = r.next() {
		r.listed[next] = true
		complete, err := r.children(ctx, next)
		if err != nil {
			r.cut(next, why(err))
			return
		}
		r.full[next] = complete
	}
}

// children lists the replies to a note, and holds those by its author. It
// tells whether that were all.
func (r *reading) children(ctx context.Context, of id) (bool, error) {
	last := id("")
	for {
		params := map[string]any{"noteId": of, "limit": pageSize}
		if last != "" {
			params["untilId"] = last
		}
		var page []*note
		if err := r.ask(ctx, "notes/children", params, &page); err != nil {
			return false, err
		}
		for _, n := range page {
			// Quotes are listed as well, and by Firefish replies to replies.
			if n.ReplyID != "" && r.author(n.ReplyID) == n.User.key(r.host) {
				r.hold(n)
			}
		}
		if len(page) < pageSize {
			return true, nil
		}
		oldest := page[len(page)-1].ID
		if oldest == "" || oldest == last {
			return false, nil // it goes round in circles
		}
		last = oldest
	}
}

// next picks the note whose replies are to be listed next: above the asked
// one those that decide whose thread it is, then the thread's own in order.
func (r *reading) next() id {
	own := r.selfReplies()
	climb := r.climb(own)
	for _, at := range climb {
		if len(own[at]) == 0 && r.isOpen(at) {
			return at
		}
	}
	members := []id{climb[len(climb)-1]}
	taken := map[id]bool{members[0]: true}
	for i := 0; i < len(members); i++ {
		if r.isOpen(members[i]) {
			return members[i]
		}
		for _, reply := range own[members[i]] {
			if !taken[reply] {
				taken[reply] = true
				members = append(members, reply)
			}
		}
	}
	return ""
}

// isOpen tells whether a note may have replies that were not listed.
func (r *reading) isOpen(at id) bool {
	n := r.notes[at]
	return !r.listed[at] && n.isPublic() && (n.Replies == nil || *n.Replies > 0)
}

// selfReplies maps notes to their authors' replies to themselves.
func (r *reading) selfReplies() map[id][]id {
	own := make(map[id][]id, len(r.notes))
	for _, at := range r.order {
		n := r.notes[at]
		if author := r.author(at); author != "" && n.ReplyID != at && r.author(n.ReplyID) == author {
			own[n.ReplyID] = append(own[n.ReplyID], at)
		}
	}
	return own
}

// climb gives the notes from the asked one up to the first of the thread that
// it stands for. It follows [unroll.Assemble]: a lone answer to somebody else
// stands for what it answers.
func (r *reading) climb(own map[id][]id) []id {
	path := []id{r.asked}
	for visited := map[id]bool{r.asked: true}; ; {
		at := path[len(path)-1]
		up := r.notes[at].ReplyID
		if r.author(up) == "" || visited[up] || r.author(up) != r.author(at) && len(own[at]) > 0 {
			return path
		}
		visited[up] = true
		path = append(path, up)
	}
}

// respect fails when the thread's author asks bots to leave their notes
// alone, and when nobody can tell. A server that shows no profiles to
// strangers takes that for no wish.
func (r *reading) respect(ctx context.Context) error {
	climb := r.climb(r.selfReplies())
	u := &r.notes[climb[len(climb)-1]].User
	if r.met[u.ID] {
		return nil
	}
	r.left = max(r.left, 1) // this is asked in any case
	var p profile
	err := r.ask(ctx, "users/show", map[string]any{"userId": u.ID}, &p)
	switch unroll.KindOf(err) {
	case "":
		if p.ID == "" {
			return r.fail(unroll.KindUpstream, "users/show", errors.New("not a user"))
		}
	case unroll.KindNotFound, unroll.KindLoginRequired, unroll.KindPrivate:
	default:
		return err
	}
	if fedi.AsksForRest(string(p.Description)) {
		return r.fail(unroll.KindOptedOut, "users/show", nil)
	}
	r.met[u.ID] = true
	return nil
}

// conversation gives what was collected.
func (r *reading) conversation() unroll.Conversation {
	c := unroll.Conversation{
		Asked:     string(r.asked),
		Ref:       unroll.Ref{Network: unroll.Mastodon, Host: r.host, ID: string(r.asked)},
		Authors:   map[string]unroll.Author{},
		Source:    Name,
		FetchedAt: r.s.now(),
		Cuts:      r.cuts,
		Replies:   map[string]int{},
		Seen:      map[string]bool{},
	}
	root := r.root()
	people := map[string]bool{}
	for _, at := range r.order {
		if author := r.author(at); author != "" {
			people[author] = true
			c.Authors[author] = r.notes[at].User.author(r.host)
		}
	}
	for _, at := range r.order {
		n := r.notes[at]
		p := unroll.Post{ID: string(at), ParentID: string(n.ReplyID), AuthorID: r.author(at), RootID: root}
		switch {
		case p.AuthorID == "":
			p.Gap = &unroll.Gap{Reason: unroll.GapUnknown}
		case !n.isPublic():
			p.Gap = &unroll.Gap{Reason: unroll.GapPrivate}
		default:
			n.fill(&p, r.host, people)
			p.ParentAuthorID = r.author(n.ReplyID)
		}
		c.Posts = append(c.Posts, p)
		if p.Gap != nil || n.User.isRemote(r.host) {
			continue // of a copy the server does not know all replies
		}
		if n.Replies != nil {
			c.Replies[p.ID] = max(*n.Replies, 0)
		}
		if r.full[at] {
			c.Seen[p.ID] = true
		}
	}
	return c
}

// root is the first note of the conversation, "" if it is not known: all that
// is held hangs on the way up from the asked note.
func (r *reading) root() string {
	if top := r.top(); top.ReplyID == "" && r.author(top.ID) != "" {
		return string(top.ID)
	}
	return ""
}
