package robustness

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/certificates"
	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/testmain"
)

// balancerPatience bounds the start of an HAProxy.
const balancerPatience = 20 * time.Second

// balancer is an HAProxy with the configuration that firms are given, one process after the other.
type balancer struct {
	t       *testing.T
	address string
	env     []string
	log     string
	cmd     *exec.Cmd // the master; its workers are in its process group
}

// newBalancer leads what connects to address to these two listeners with client_address: proxy; health are the fronts'
// addresses that say whether they are ready.
func newBalancer(t *testing.T, address string, to, health [2]string) *balancer {
	t.Helper()
	dir := testmain.ShortDir(t)
	pair := certificates.New(t).Issue(t, "front.test", time.Now().Add(24*time.Hour))
	certificate := filepath.Join(dir, "haproxy.pem")
	if err := os.WriteFile(certificate, slices.Concat(pair.Cert, pair.Key), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &balancer{t: t, address: address, log: filepath.Join(dir, "log"), env: append(os.Environ(),
		"TRADEFRONT_BIND="+address, "TRADEFRONT_BIND_TLS=unix@"+filepath.Join(dir, "tls"), "TRADEFRONT_CERT="+certificate,
		"TRADEFRONT_A="+to[0], "TRADEFRONT_B="+to[1], "TRADEFRONT_A_TLS="+to[0], "TRADEFRONT_B_TLS="+to[1],
		"TRADEFRONT_A_HEALTH="+health[0], "TRADEFRONT_B_HEALTH="+health[1],
		"TRADEFRONT_SOCKET="+filepath.Join(dir, "stats"), "TRADEFRONT_MAXCONN=2000", "TRADEFRONT_USER=")}
	t.Cleanup(b.kill)
	return b
}

func (b *balancer) start() {
	b.t.Helper()
	log, err := os.OpenFile(b.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		b.t.Fatal(err)
	}
	defer log.Close() // the process has its own copy
	program, err := exec.LookPath("haproxy")
	if err != nil {
		program = "/usr/sbin/haproxy" // where Debian has it, which is not in every PATH
	}
	b.cmd = exec.Command(program, "-W", "-db", "-f", "../../configs/haproxy.cfg")
	b.cmd.Env, b.cmd.Stdout, b.cmd.Stderr = b.env, log, log
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := child.Start(b.cmd); err != nil {
		b.t.Fatalf("haproxy: %v; ./test/ensure-tools.sh installs it", err)
	}
	for deadline := time.Now().Add(balancerPatience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", b.address)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(b.log)
			b.t.Fatalf("HAProxy does not take connections: %v\n%s", err, text)
		}
	}
}

// kill is kill -9 of the master and its workers: all connections end.
func (b *balancer) kill() {
	if b.cmd == nil {
		return
	}
	_ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL)
	_ = b.cmd.Wait()
	b.cmd = nil
}

// reload has the master begin with new workers; the old ones keep the connections that they have.
func (b *balancer) reload() {
	b.t.Helper()
	if err := b.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		b.t.Fatal(err)
	}
}

func (b *balancer) String() string { return fmt.Sprintf("HAProxy at %s", b.address) }
