package redisstore

import (
	"time"

	"unrollbot/unroll"
)

// How long keys live whose callers do not say.
const (
	// optOutTTL counts from the last time that the author was asked about.
	optOutTTL = 10 * 365 * 24 * time.Hour
	// latestTTL counts from the last listing.
	latestTTL = 90 * 24 * time.Hour
)

const (
	latestMax = 500 // how many threads are listed
	// authorMax is how many threads of an author are found by their author;
	// of more, those that expire first are not.
	authorMax = 10_000
)

// keys names everything that is kept. Names given by callers come last and
// may hold anything.
type keys struct{ prefix string }

// entry holds a thread's frame under its root's path, a pointer frame under
// the paths of its other posts.
func (k keys) entry(path string) string { return k.prefix + "e:" + path }

// optOut exists when the author is opted out.
func (k keys) optOut(n unroll.Network, authorID string) string {
	return k.prefix + "o:" + string(n) + "/" + authorID
}

// author holds the paths of the roots of an author's threads in a sorted set,
// by when the threads expire, in milliseconds since 1970.
func (k keys) author(n unroll.Network, authorID string) string {
	return k.prefix + "a:" + string(n) + "/" + authorID
}

// value holds a frame: a value, or a mark with its owner.
func (k keys) value(name string) string { return k.prefix + "v:" + name }

// limit holds a theoretical arrival time in microseconds since 1970.
func (k keys) limit(name string) string { return k.prefix + "g:" + name }

// lock holds the token of its holder.
func (k keys) lock(name string) string { return k.prefix + "k:" + name }

// latest are the list of threads: paths by time in a sorted set, and what is
// listed, by path, in a hash.
func (k keys) latest() (order, items string) {
	return k.prefix + "{latest}:order", k.prefix + "{latest}:items"
}

// queue are a line of jobs, a stream, and a list of notes of those that could
// not be done.
func (k keys) queue(line string) (jobs, buried string) {
	return k.prefix + "q:{" + line + "}", k.prefix + "q:{" + line + "}:buried"
}
