package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What processes use is read from /proc, which does not disturb them. On
// systems without it, it counts as 0.

// clockTick is the unit of CPU time there (proc(5), sysconf(3): 100 a second
// on every Linux that Go runs on).
const clockTick = 10 * time.Millisecond

// cpu is what a process has used.
func (r *replica) cpu() time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ") // its name may hold anything but this
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11]) // 0 where it is no number
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * clockTick
}

// memory is what a process holds, in bytes.
func (r *replica) memory() int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", r.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), " ")
	pages, _, _ := strings.Cut(rest, " ")
	n, _ := strconv.Atoi(pages) // 0 where it is no number
	return n * os.Getpagesize()
}

// ownCPU is what this process has used, the fakes included.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// watch notes, each second, how much memory processes hold, until ctx ends.
func watch(ctx context.Context, rs []*replica) (samples []int) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			samples = append(samples, sum(rs, (*replica).memory))
		case <-ctx.Done():
			return samples
		}
	}
}

func sum[T int | time.Duration](rs []*replica, of func(*replica) T) (total T) {
	for _, r := range rs {
		total += of(r)
	}
	return total
}
