package unroll

import (
	"context"
	"errors"
	"time"
)

// QueueLease is how long a job of a [Queue] is left to who works on it after
// the last sign of life.
const QueueLease = 10 * time.Second

// ErrQueueFull is a Queue's refusal of another job.
var ErrQueueFull = errors.New("unroll: the queue is full")

// Queue keeps jobs for processes that may die over them. Each job stands in a
// line, in the order of its coming. Time is the store's.
type Queue interface {
	// Put writes a job down. The caller works on it from now on. It returns
	// [ErrQueueFull] when too many jobs stand in the line.
	Put(ctx context.Context, line string, data []byte) (id string, err error)
	// Take gives at most n jobs that nobody works on, the oldest first: whose
	// worker gave no sign of life for [QueueLease], or which were put back.
	// The caller works on them from now on.
	Take(ctx context.Context, line string, n int) ([]Job, error)
	// Keep is a sign of life for jobs that the caller works on.
	Keep(ctx context.Context, line string, ids ...string) error
	// PutBack leaves a job to others, after a wait of QueueLease at most. tries
	// is how often it counts as begun.
	PutBack(ctx context.Context, line, id string, tries int, wait time.Duration) error
	// Done drops jobs.
	Done(ctx context.Context, line string, ids ...string) error
	// Bury drops a job that cannot be done and keeps a note of it for operators.
	Bury(ctx context.Context, line, id string, note []byte) error
	// Buried gives the latest n notes, the newest first.
	Buried(ctx context.Context, line string, n int) ([][]byte, error)
	// Backlog tells what stands in a line.
	Backlog(ctx context.Context, line string) (Backlog, error)
}

// Job is what a Queue gives out.
type Job struct {
	ID    string
	Data  []byte
	Tries int // how often it was begun, this time included
}

// Backlog is what stands in a line of a Queue.
type Backlog struct {
	Jobs   int           // worked on or not
	Oldest time.Duration // age of the oldest of them
	Buried int           // notes of jobs that could not be done
}
