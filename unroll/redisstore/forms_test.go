package redisstore

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// TestContractOnCluster runs on three nodes, each with a third of the slots.
func TestContractOnCluster(t *testing.T) {
	const nodes, slots = 3, 16384
	var clients []*redis.Client
	var addresses []string
	for i := range nodes {
		s := newServer(t, "--save", "", "--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
		c := s.client()
		defer c.Close()
		if err := c.ClusterAddSlotsRange(t.Context(), i*slots/nodes, (i+1)*slots/nodes-1).Err(); err != nil {
			t.Fatal(err)
		}
		clients, addresses = append(clients, c), append(addresses, s.address)
	}
	for _, other := range addresses[1:] {
		host, port := hostPort(t, other)
		if err := clients[0].ClusterMeet(t.Context(), host, port).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range clients {
		eventually(t, "the cluster is ready", func() bool {
			info := c.ClusterInfo(t.Context()).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprint("cluster_known_nodes:", nodes))
		})
	}
	contract(t, "redis+cluster://"+strings.Join(addresses, ","))
	for i, c := range clients { // else this was a cluster of one
		if stats := c.Info(t.Context(), "commandstats").Val(); !strings.Contains(stats, "cmdstat_set:") {
			t.Errorf("node %d was never written to", i)
		}
	}
}

func hostPort(t *testing.T, address string) (host, port string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

// sentinel watches over a master named main.
func sentinel(t *testing.T, master *server) *server {
	t.Helper()
	host, port := hostPort(t, master.address)
	conf := filepath.Join(t.TempDir(), "sentinel.conf") // it writes into it
	if err := os.WriteFile(conf, fmt.Appendf(nil, `
sentinel monitor main %s %s 1
sentinel down-after-milliseconds main 300
sentinel failover-timeout main 2000
`, host, port), 0o600); err != nil {
		t.Fatal(err)
	}
	return newServer(t, conf, "--sentinel")
}

func TestContractOnSentinel(t *testing.T) {
	contract(t, "redis+sentinel://main@"+sentinel(t, newServer(t, "--save", "")).address+"/5")
}

// TestSentinelFailsOver kills the master, and goes on with what its replica
// has.
func TestSentinelFailsOver(t *testing.T) {
	master := newServer(t, "--save", "")
	host, port := hostPort(t, master.address)
	replica := newServer(t, "--save", "", "--replicaof", host+" "+port)
	follower := replica.client()
	defer follower.Close()
	eventually(t, "the replica follows", func() bool {
		return strings.Contains(follower.Info(t.Context(), "replication").Val(), "master_link_status:up")
	})
	watch := sentinel(t, master)
	watcher := watch.client()
	defer watcher.Close()
	eventually(t, "the sentinel knows the replica", func() bool {
		return strings.Contains(watcher.Info(t.Context(), "sentinel").Val(), "slaves=1")
	})

	s, log := openLogged(t, "redis+sentinel://main@"+watch.address+"/5")
	if err := s.SetValue(t.Context(), "k", []byte("kept"), time.Hour); err != nil {
		t.Fatal(err)
	}
	direct := redis.NewClient(&redis.Options{Addr: replica.address, DB: 5})
	defer direct.Close()
	eventually(t, "the replica has it", func() bool {
		return direct.Exists(t.Context(), s.keys.value("k")).Val() == 1
	})
	master.kill()
	began := time.Now()
	eventually(t, "the replica has taken over", func() bool {
		return s.SetValue(t.Context(), "new", []byte("v"), time.Hour) == nil
	})
	t.Logf("taken over after %s", time.Since(began).Round(time.Millisecond))
	if v, ok, err := s.Value(t.Context(), "k"); !ok || err != nil || string(v) != "kept" {
		t.Errorf("what was kept: %q, %v, %v", v, ok, err)
	}
	if log.count(gone) != log.count(back) {
		t.Errorf("going is logged %d times, coming back %d times", log.count(gone), log.count(back))
	}
}

// leastACL is the least that the store's user must be allowed, as
// docs/operating.md says it.
const leastACL = "+@read +@write +@scripting +@connection +@transaction +time -@dangerous"

// TestContractOfALimitedUser runs with a password, and as a user who may do
// what the documentation says and nothing else.
func TestContractOfALimitedUser(t *testing.T) {
	docs, err := os.ReadFile("../../docs/operating.md")
	if err != nil || !strings.Contains(string(docs), leastACL) {
		t.Errorf("docs/operating.md does not name %q: %v", leastACL, err)
	}
	server := newServer(t, "--save", "")
	c := server.client()
	defer c.Close()
	user := []any{"ACL", "SETUSER", "unroll", "on", ">p@ss:hunter2", "~test-*"}
	for rule := range strings.FieldsSeq(leastACL) {
		user = append(user, rule)
	}
	if err := c.Do(t.Context(), user...).Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), "ACL", "SETUSER", "default", "off").Err(); err != nil {
		t.Fatal(err)
	}
	contract(t, "redis://unroll:p%40ss%3Ahunter2@"+server.address)

	for name, address := range map[string]string{
		"a wrong password": "redis://unroll:hunter2-wrong@" + server.address,
		"no password":      "redis://" + server.address,
		"a wrong user":     "redis://hunter2:hunter2@" + server.address,
	} {
		s, log := openLogged(t, address)
		err := s.Ping(t.Context())
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || log.count("hunter2") > 0 {
			t.Errorf("%s: a secret is told: %v", name, err)
		}
	}
}

// TestContractOverTLS runs with a certificate that the system's list of
// authorities, and nothing else, vouches for.
func TestContractOverTLS(t *testing.T) {
	if address := os.Getenv("UNROLL_TEST_TLS"); address != "" {
		contract(t, address)
		return
	}
	cert, key := certificate(t, t.TempDir())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port := hostPort(t, l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	newServer(t, "--save", "", "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no")
	address := "rediss://127.0.0.1:" + port

	s, _ := openLogged(t, address)
	if err := s.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
	again := exec.Command(os.Args[0], "-test.run=^TestContractOverTLS$") // the list is read once in a process
	again.Env = append(os.Environ(), "UNROLL_TEST_TLS="+address, "SSL_CERT_FILE="+cert)
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// certificate makes one for this machine, which vouches for itself.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redis of a test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "EC PRIVATE KEY", secret)
}

// TestSocket reaches Redis by its socket.
func TestSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "redis.sock")
	newServer(t, "--save", "", "--unixsocket", path)
	if err := open(t, "unix://"+path+"?db=3", slog.New(slog.DiscardHandler)).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
