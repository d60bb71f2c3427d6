// Package redisstore keeps everything in Redis, so that any number of
// processes share one cache, one set of limits and one set of locks.
//
// # Addresses
//
//	redis://[user:password@]host[:6379][/db]                        one server
//	redis+cluster://[user:password@]host[:6379],host,...            a cluster
//	redis+sentinel://[user:password@]master@host[:26379],.../[db]   the server that Sentinel names
//	unix://[user:password@]/path/to/socket[?db=n]                   one server, by its socket
//
// rediss in place of redis means TLS; redis-cluster and redis-sentinel are
// taken as well. Special characters in a password must be percent-encoded.
// Options may follow a question mark, as in go-redis: pool_size,
// dial_timeout, read_timeout, write_timeout; for Sentinels with a password of
// their own, sentinel_username and sentinel_password. Nothing of an address
// but hosts and ports reaches a log or an error.
//
// # When Redis is gone
//
// Calls end within about two seconds. After a few that failed, and a second
// without any answer, all fail at once, and one a second asks Redis again. [Store.Allow] goes on counting in
// this process meanwhile; every other call returns the error, which a caller
// can take for "nothing is stored". Going and coming back is logged once.
//
// # Layout
//
// All keys are made in keys.go. An entry lies under its root's path, so that
// a thread whose root is asked for costs one GET; the path of any other post
// holds a pointer to the root, a second GET. Every key stands alone, or shares
// a hash tag with those that are changed along with it, so a cluster may
// spread them. Every key expires.
//
// Under memory pressure, let Redis use the policy volatile-ttl: what it drops
// first is what would expire first: marks and limits, cached threads; then the
// queue, opt-outs last.
package redisstore
