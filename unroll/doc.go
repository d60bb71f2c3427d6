// Package unroll is the core of unrollbot: it turns a link to any post of a
// thread into the whole thread, and says how sure it is to hold all of it.
//
// The words used throughout:
//
//   - A post is one tweet, skeet or status.
//   - A conversation is a post with all the replies around it.
//   - A thread is the part of a conversation in which one author replies to
//     themselves; its first post is the root.
//   - A [Ref] is a parsed link: it names a post before anything was fetched.
//   - A [Source] reads conversations from one service.
//   - A [Verdict] says whether a thread is complete, partial or unknown, and
//     lists the evidence.
//
// [Service.Unroll] is the way through: opt-outs, the store, one fetch for
// equal requests, the network's sources in order, [Assemble], the store again.
//
// The package imports no other package of this module, no chat platform and
// no database: those depend on it.
package unroll
