// Package bottest holds stand-ins for the chat platforms, on loopback, for the
// project's own tests. They keep the platforms' rules and note who breaks them.
package bottest
