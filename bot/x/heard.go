package x

import (
	"maps"
	"slices"
	"time"

	"unrollbot/bot/mention"
)

// maxHeard bounds the mentions that the stream told of and no list has yet.
// What is beyond it is found by the lists.
const maxHeard = 800

// heard is a mention that the stream told of.
type heard struct {
	*mention.Mention
	at time.Time
}

// known tells whether a mention was heard before. It keeps one that was not,
// until a list has it too.
func (a *Adapter) known(m *mention.Mention, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.heard[m.ID]
	if !ok && len(a.heard) < maxHeard {
		a.heard[m.ID] = heard{m, now}
	}
	return ok
}

// listDue tells whether it is time to ask X for its list.
func (a *Adapter) listDue(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return now.Sub(a.lastList) >= a.cfg.Interval
}

// listSoon lets the next poll ask X.
func (a *Adapter) listSoon() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lastList = time.Time{}
}

// listed remembers what a list held.
func (a *Adapter) listed(list []*mention.Mention, now time.Time) {
	slices.SortFunc(list, byAge)
	list = slices.CompactFunc(list, func(x, y *mention.Mention) bool { return x.ID == y.ID })
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last, a.lastList = list, now
	for _, m := range list {
		delete(a.heard, m.ID)
	}
	if len(list) > 0 && compareIDs(list[len(list)-1].ID, a.newest) > 0 { // the newest may be deleted
		a.newest = list[len(list)-1].ID
	}
}

// batch gives the mentions after cursor that were listed last or heard since,
// oldest first. One that was only heard does not move the cursor past what a
// list may still bring.
func (a *Adapter) batch(cursor string, now time.Time) []*mention.Mention {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.heard, func(_ string, h heard) bool { return now.Sub(h.at) > a.cfg.MaxAge })
	var out []*mention.Mention
	for _, m := range a.last {
		if compareIDs(m.ID, cursor) > 0 {
			out = append(out, m)
		}
	}
	for _, h := range a.heard {
		m := *h.Mention
		m.Cursor = ""
		out = append(out, &m)
	}
	slices.SortFunc(out, byAge)
	for _, m := range out {
		if m.Cursor == "" {
			m.Cursor = cursor
		}
		cursor = m.Cursor
	}
	return out
}

func byAge(x, y *mention.Mention) int { return compareIDs(x.ID, y.ID) }
