// Package fakenet runs fake social networks on loopback: X as FxTwitter and as
// its official API show it, a Bluesky AppView and a Mastodon server, each
// speaking its real dialect with its real limits, cuts and oddities, and each
// serving one [World] of posts.
//
// A World is written once in neutral words and can be read through any of
// them. Post IDs are the same on all networks: an X or Mastodon status id, a
// Bluesky record key. Author IDs are keys of the World; every server makes its
// own kind of id from them.
//
// What breaks in real life can be broken here: see [Fault].
package fakenet
