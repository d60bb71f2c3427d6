package redisstore

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// target is what an address comes down to.
type target struct {
	Addrs          []string
	User, Password string
	DB             int
	Master         string
	Cluster, TLS   bool
	ServerName     string
}

func TestParseURL(t *testing.T) {
	for name, c := range map[string]struct {
		url  string
		want target
	}{
		"plain":            {"redis://localhost:6379", target{Addrs: []string{"localhost:6379"}}},
		"default port":     {"redis://cache", target{Addrs: []string{"cache:6379"}}},
		"upper case":       {"REDIS://cache", target{Addrs: []string{"cache:6379"}}},
		"slash":            {"redis://cache/", target{Addrs: []string{"cache:6379"}}},
		"database":         {"redis://cache:1/7", target{Addrs: []string{"cache:1"}, DB: 7}},
		"user":             {"redis://me:p%40ss@cache/1", target{Addrs: []string{"cache:6379"}, User: "me", Password: "p@ss", DB: 1}},
		"password alone":   {"redis://:pw@cache", target{Addrs: []string{"cache:6379"}, Password: "pw"}},
		"at in a password": {"redis://:p@w@cache", target{Addrs: []string{"cache:6379"}, Password: "p@w"}},
		"ipv6":             {"redis://[::1]:7000/2", target{Addrs: []string{"[::1]:7000"}, DB: 2}},
		"ipv6 alone":       {"redis://[::1]", target{Addrs: []string{"[::1]:6379"}}},
		"tls":              {"rediss://cache:6380", target{Addrs: []string{"cache:6380"}, TLS: true, ServerName: "cache"}},
		"socket":           {"unix://:pw@/run/redis.sock?db=3", target{Addrs: []string{"/run/redis.sock"}, Password: "pw", DB: 3}},
		"cluster": {
			"redis+cluster://u:p@h1:7001,h2,[::1]:7003",
			target{Addrs: []string{"h1:7001", "h2:6379", "[::1]:7003"}, User: "u", Password: "p", Cluster: true},
		},
		"cluster of one seed": {"redis-cluster://h1/", target{Addrs: []string{"h1:6379"}, Cluster: true}},
		"cluster with tls":    {"rediss+cluster://h1,h2", target{Addrs: []string{"h1:6379", "h2:6379"}, Cluster: true, TLS: true}},
		"sentinel": {
			"redis+sentinel://main@h1,h2:1/4",
			target{Addrs: []string{"h1:26379", "h2:1"}, Master: "main", DB: 4},
		},
		"sentinel with a password": {
			"redis-sentinel://u:p@main@h1",
			target{Addrs: []string{"h1:26379"}, User: "u", Password: "p", Master: "main"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := parseURL(c.url)
			if err != nil {
				t.Fatal(err)
			}
			got := target{
				Addrs: o.Addrs, User: o.Username, Password: o.Password, DB: o.DB,
				Master: o.MasterName, Cluster: o.IsClusterMode, TLS: o.TLSConfig != nil,
			}
			if o.TLSConfig != nil {
				got.ServerName = o.TLSConfig.ServerName
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

func TestParseURLOptions(t *testing.T) {
	o, err := parseURL("redis+sentinel://main@h1?pool_size=7&read_timeout=3s&sentinel_username=su&sentinel_password=sp%26")
	if err != nil {
		t.Fatal(err)
	}
	bound(o)
	if o.PoolSize != 7 || o.ReadTimeout != 3*time.Second || o.SentinelUsername != "su" || o.SentinelPassword != "sp&" {
		t.Errorf("options are lost: %+v", o)
	}
	if o.DialTimeout != time.Second || o.WriteTimeout != time.Second {
		t.Errorf("time-outs are not bounded: dial %s, write %s", o.DialTimeout, o.WriteTimeout)
	}
}

// urlErrors are all the errors there are; none holds a part of the address.
var urlErrors = []error{errScheme, errHosts, errMaster, errOptions, errCluster}

func TestParseURLRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		url  string
		want error
	}{
		"empty":                       {"", errScheme},
		"no scheme":                   {"localhost:6379", errScheme},
		"other scheme":                {"http://localhost", errScheme},
		"other form":                  {"redis+ring://localhost", errScheme},
		"socket cluster":              {"unix+cluster:///run/redis.sock", errScheme},
		"no socket":                   {"unix://", errOptions},
		"no host":                     {"redis://", errHosts},
		"no host but a database":      {"redis:///1", errHosts},
		"two hosts":                   {"redis://h1,h2", errHosts},
		"empty host":                  {"redis+cluster://h1,,h2", errHosts},
		"port":                        {"redis://h1:port", errHosts},
		"database":                    {"redis://h1/one", errOptions},
		"two databases":               {"redis://h1/1/2", errOptions},
		"option":                      {"redis://h1?speed=11", errOptions},
		"no master":                   {"redis+sentinel://h1,h2", errMaster},
		"cluster database":            {"redis+cluster://h1,h2/2", errCluster},
		"slash in the password":       {"redis://:hid/den@h1/0", errHosts},
		"question in the password":    {"redis://:hid?den@h1/0", errHosts},
		"hash in the password":        {"redis://u:1#den@h1/0", errOptions},
		"number before a slash":       {"redis://u:12/den@h1", errOptions},
		"percent in the password":     {"redis://:hid%zzden@h1", errHosts},
		"space in the password":       {"redis://:hid den@h1:x", errHosts},
		"control byte in the address": {"redis://:hid\x7fden@h1", errHosts},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseURL(c.url); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("redis+sentinel://u:p@main@h1:1,[::1]/4?pool_size=1")
	f.Add("unix://:pw@/run/redis.sock?db=3")
	f.Fuzz(func(t *testing.T, address string) {
		o, err := parseURL(address)
		switch {
		case err == nil && len(o.Addrs) == 0:
			t.Error("no error and no address")
		case err != nil && !slices.Contains(urlErrors, err):
			t.Errorf("an error that may show a secret: %v", err)
		}
	})
}
