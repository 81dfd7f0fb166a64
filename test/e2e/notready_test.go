package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestHAProxySendsNobodyToAFrontThatIsNotReady: of two fronts behind the HAProxy that firms are
// given, one fails a required check, each in its turn and by a real fault. All newcomers reach the
// other one, although the faulty one has the fewest connections.
func TestHAProxySendsNobodyToAFrontThatIsNotReady(t *testing.T) {
	t.Parallel()
	good := newSite(t, "", "")
	addresses := proxied{bHealth: behindBalancer(good, "127.0.0.1:0", "127.0.0.1:0")}
	healthy := good.serve()
	addresses.b, addresses.bTLS = healthy.all[0], healthy.all[1]
	for _, c := range []struct {
		check string
		store string                           // of the faulty front
		fault func(*site)                      // before it starts
		later func(*testing.T, *site, *daemon) // while it serves
	}{
		{check: "registry", fault: changeMasterKey},
		{check: "keys", fault: func(s *site) {
			s.replaceConfig("    public_key_file: \"public.pem\"\n", "    public_key_file: \"public.pem\"\n    not_before: 2099-01-01\n")
		}},
		{check: "local_store_full", store: fmt.Sprintf("  min_free: %d\n", 1<<50)},
		{check: "local_store", later: func(t *testing.T, s *site, d *daemon) {
			none := &unix.Rlimit{Max: unix.RLIM_INFINITY}
			if err := unix.Prlimit(d.cmd.Process.Pid, unix.RLIMIT_FSIZE, none, nil); err != nil { // no byte fits any more: see fillDisk
				t.Fatal(err)
			}
			if err := logInDirectly(t, s, d); code(t, err) != 8 {
				t.Errorf("a login at the full disk: %v, want 8", err)
			}
		}},
		{check: "front", later: func(t *testing.T, _ *site, d *daemon) { // it hangs: the kernel still accepts for it
			if err := d.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}},
		{check: "postgres", store: "  answer_after: postgres\n"}, // which is stopped
	} {
		t.Run(c.check, func(t *testing.T) {
			t.Parallel()
			url, stop := "", func() {}
			if c.check == "postgres" {
				cluster := pgtest.Start(t)
				url, stop = cluster.URL(), func() { cluster.Stop(pgtest.Immediate) }
			}
			s := newSite(t, url, c.store)
			at := addresses
			at.aHealth = behindBalancer(s, "127.0.0.1:0", "127.0.0.1:0")
			if c.fault != nil {
				c.fault(s)
			}
			faulty := s.serve()
			at.a, at.aTLS = faulty.all[0], faulty.all[1]
			b := s.balance(t, at)
			if stop(); c.later != nil {
				b.becomes("fronts", "a", "UP")
				c.later(t, s, faulty)
			}
			for _, backend := range []string{"fronts", "fronts_tls"} {
				b.becomes(backend, "a", "DOWN")
			}
			before := b.stat("fronts", "a", "stot")
			for i := range 20 {
				conn, err := client.Dial(t.Context(), b.plain)
				if err != nil {
					t.Fatal(err)
				}
				good.logInAs(t, conn, nil) // wants success
				if i%5 == 0 {
					tls, err := client.Dial(t.Context(), "", client.WithConn(b.dialTLS(fmt.Sprintf("127.9.9.%d", i+1))))
					good.logInAs(t, tls, err)
				}
			}
			if after := b.stat("fronts", "a", "stot"); after != before {
				t.Errorf("the front that is not ready had %s connections, now %s", before, after)
			}
		})
	}
}

// changeMasterKey puts another key in the place of the one that sealed the authcodes.
func changeMasterKey(s *site) {
	path := filepath.Join(s.dir, "master.key")
	if err := errors.Join(os.Remove(path), auth.CreateMasterKey(path)); err != nil {
		s.t.Fatal(err)
	}
}

// logInDirectly is a login past HAProxy, with its header.
func logInDirectly(t *testing.T, s *site, d *daemon) error {
	t.Helper()
	conn, err := net.Dial("tcp", d.address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("PROXY TCP4 203.0.113.7 192.0.2.1 50123 41205\r\n")); err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(t.Context(), "", client.WithConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Authenticate(t.Context(), client.Identity{BrokerID: "9999", AppID: appID}, s.apps[0].AuthCode); err != nil {
		t.Fatal(err)
	}
	_, err = login(t, c, password, nil)
	return err
}
