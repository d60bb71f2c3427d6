// Package boltstore keeps everything in one local file, for a single process:
// the store that needs no server.
//
// The file is a bbolt database. Only one process can have it open. Every
// change is on disk when its call returns; calls that come while the disk is
// busy share the next write. What has expired is never returned, and swept
// out once an hour; the room is used again, but the file does not shrink.
//
// Locks and limits live in memory: there is nobody to share them with, and a
// restart may start them afresh.
//
// A damaged file gives an error that says so and names it. Nothing is ever
// deleted or repaired without being asked.
package boltstore
