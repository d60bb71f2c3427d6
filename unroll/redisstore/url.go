package redisstore

import (
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Errors of an address never show any of it: what cannot be read may hold a
// piece of the password in any place.
var (
	errScheme  = errors.New("redis URL: it must begin with redis://, rediss://, redis+cluster://, redis+sentinel:// or unix://")
	errHosts   = errors.New("redis URL: want host:port after the scheme, several separated by commas only with redis+cluster:// and redis+sentinel://; special characters in a password must be percent-encoded")
	errMaster  = errors.New("redis URL: redis+sentinel:// wants the name of the master before the hosts: redis+sentinel://master@host:26379")
	errOptions = errors.New("redis URL: what follows the host is no database number or holds an unknown option; special characters in a password must be percent-encoded")
	errCluster = errors.New("redis URL: a cluster has no database numbers; leave out the path")
)

// parseURL reads the addresses described in doc.go.
func parseURL(address string) (*redis.UniversalOptions, error) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return nil, errScheme
	}
	base, form, _ := strings.Cut(strings.Replace(strings.ToLower(scheme), "-", "+", 1), "+")
	if form != "" && form != "cluster" && form != "sentinel" {
		return nil, errScheme
	}
	switch base {
	case "redis", "rediss":
	case "unix":
		if form != "" {
			return nil, errScheme
		}
		return universal("unix://"+rest, nil)
	default:
		return nil, errScheme
	}

	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, rest := rest[:end], rest[end:]
	if strings.Contains(rest, "#") {
		return nil, errOptions
	}
	user, list := cutLast(authority, "@")
	master := ""
	if form == "sentinel" {
		if user, master = cutLast(user, "@"); master == "" {
			return nil, errMaster
		}
	}
	port := "6379"
	if form == "sentinel" {
		port = "26379"
	}
	hosts, err := splitHosts(list, port)
	if err != nil || (form == "" && len(hosts) > 1) {
		return nil, errHosts
	}

	one := base + "://"
	if user != "" {
		one += user + "@"
	}
	o, err := universal(one+hosts[0]+rest, hosts)
	if err != nil {
		return nil, err
	}
	o.MasterName = master
	o.IsClusterMode = form == "cluster"
	if o.IsClusterMode && o.DB != 0 {
		return nil, errCluster
	}
	if o.TLSConfig != nil && len(hosts) > 1 {
		o.TLSConfig.ServerName = "" // each connection's own
	}
	return o, nil
}

// universal reads a URL with one host. The hosts given replace it.
func universal(one string, hosts []string) (*redis.UniversalOptions, error) {
	u, err := url.Parse(one)
	if err != nil {
		return nil, errHosts
	}
	q := u.Query()
	var s redis.UniversalOptions
	s.SentinelUsername, s.SentinelPassword = q.Get("sentinel_username"), q.Get("sentinel_password")
	q.Del("sentinel_username")
	q.Del("sentinel_password")
	u.RawQuery = q.Encode()
	o, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, errOptions
	}
	if hosts == nil {
		hosts = []string{o.Addr}
	}
	s.Addrs = hosts
	s.DB, s.Username, s.Password, s.TLSConfig = o.DB, o.Username, o.Password, o.TLSConfig
	s.ClientName, s.Protocol = o.ClientName, o.Protocol
	s.MaxRetries, s.MinRetryBackoff, s.MaxRetryBackoff = o.MaxRetries, o.MinRetryBackoff, o.MaxRetryBackoff
	s.DialTimeout, s.ReadTimeout, s.WriteTimeout = o.DialTimeout, o.ReadTimeout, o.WriteTimeout
	s.PoolFIFO, s.PoolSize, s.PoolTimeout = o.PoolFIFO, o.PoolSize, o.PoolTimeout
	s.MinIdleConns, s.MaxIdleConns, s.MaxActiveConns = o.MinIdleConns, o.MaxIdleConns, o.MaxActiveConns
	s.ConnMaxIdleTime, s.ConnMaxLifetime = o.ConnMaxIdleTime, o.ConnMaxLifetime
	return &s, nil
}

// splitHosts reads host[:port],... and fills in the default port.
func splitHosts(list, port string) ([]string, error) {
	var hosts []string
	for h := range strings.SplitSeq(list, ",") {
		u, err := url.Parse("redis://" + h)
		if err != nil || u.Hostname() == "" || u.Host != h {
			return nil, errHosts
		}
		p := u.Port()
		if p == "" {
			p = port
		}
		hosts = append(hosts, net.JoinHostPort(u.Hostname(), p))
	}
	return hosts, nil
}

// cutLast splits s at the last sep; without one, all of s comes after it.
func cutLast(s, sep string) (before, after string) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):]
	}
	return "", s
}
