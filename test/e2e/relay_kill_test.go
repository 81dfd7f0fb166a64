package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/testmain"
)

// TestRelayOfAKilledFront: a front is killed twice, and another process takes the third one over, while an operator relay reports its
// terminals. The relay comes back, sends again what was not answered, and the report has one line of each terminal that was let
// in, and none twice.
func TestRelayOfAKilledFront(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, postgresURL string) {
		s := newRelaySite(t, postgresURL, "")
		d := s.serve()
		var address atomic.Pointer[string] // of the front that runs
		is := d.relays()
		address.Store(&is)
		r, err := client.DialRelay(t.Context(), client.RelayOptions{
			Addresses: []string{"the front"}, AuthCode: s.operatorCode,
			Identity: client.Identity{BrokerID: "9999", AppID: operatorRelay},
			Login:    client.LoginRequest{BrokerID: "9999", UserID: relayOperator, Password: password, KeyVersion: "1.0", AbnormalFlag: '0'},
			BeforeLogin: func(_ context.Context, login *client.LoginRequest) (err error) {
				login.Ciphertext, err = s.sealed.Encrypt(nil, []byte(terminalText))
				return err
			},
			Resubmit: client.ResubmitUnanswered, DownGrace: time.Minute,
			Dial: []client.Option{client.WithDialFunc(func(ctx context.Context, network, _ string) (net.Conn, error) {
				var dialer net.Dialer
				return dialer.DialContext(ctx, network, *address.Load())
			})},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()

		terminals := testmain.Fewer(300, 200)
		var next, done atomic.Int64
		var mu sync.Mutex
		in := map[string]client.Receipt{} // by what is of the terminal in its line
		doubt := map[string]bool{}
		var workers sync.WaitGroup
		for range 100 {
			workers.Go(func() {
				for n := int(next.Add(1)); n <= terminals; n = int(next.Add(1)) {
					from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(n >> 8)}), uint16(10000+n))
					at := time.Now()
					ciphertext, err := s.sealed.Encrypt(nil, []byte(terminalText))
					if err != nil {
						t.Error(err)
						return
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					receipt, err := r.Submit(ctx, client.Submission{
						UserID: account, KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: ciphertext,
						Terminal: client.RelayedTerminal{AppID: appID, PublicAddr: from, LoginTime: at, Type: '2'},
					})
					cancel()
					name := fmt.Sprintf("0@%s@%s@%d@%s", appID, from.Addr(), from.Port(), at.In(regulation.Zone).Format(time.DateTime))
					mu.Lock()
					switch {
					case err == nil:
						in[name] = receipt
					case errors.Is(err, client.ErrInDoubt):
						doubt[name] = true
					default:
						t.Errorf("%s: %v", name, err)
					}
					mu.Unlock()
					done.Add(1)
				}
			})
		}
		quarters := func(n int) {
			await.True(t, fmt.Sprintf("%d quarters of the terminals are in", n), func() bool { return int(done.Load()) >= n*terminals/4 })
		}
		for n := range 2 {
			quarters(n + 1)
			d.kill()
			d = s.serve()
			is := d.relays()
			address.Store(&is)
		}
		quarters(3)
		before := r.Stats().Logins
		u := d.upgradable(t)
		u.upgrade()
		await.True(t, "the relay to have come back to the new process", func() bool { return r.Stats().Logins > before })
		workers.Wait()
		stats := r.Stats()
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		u.end()

		days := map[string]bool{}
		for _, receipt := range in {
			days[receipt.TradingDay] = true
		}
		lines := map[string]int{}
		total := 0
		for day := range days {
			for _, line := range s.export(day) {
				if !strings.HasSuffix(line.supplement, "@"+account+"@2") {
					continue // the operator's own
				}
				total++
				lines[strings.Join(strings.Split(line.supplement, "@")[:5], "@")]++
			}
			report := filepath.Join(s.dir, "0001clientinfo"+day+".txt")
			s.verifyOpened(report)
			if rec := s.reconcile(0, "--day", day, "--report", report, "--audit", filepath.Join(s.dir, "audit.jsonl")); !rec.Complete {
				t.Errorf("%+v", rec)
			}
		}
		var lost, doubled, untrue int
		for name := range in {
			switch n := lines[name]; {
			case n == 0:
				lost++
			case n > 1:
				doubled++
			}
		}
		for name := range lines {
			if _, was := in[name]; !was && !doubt[name] {
				untrue++
			}
		}
		t.Logf("%d let in, %d in doubt, %d lines; %d lost, %d doubled, %d untrue; %+v", len(in), len(doubt), total, lost, doubled, untrue, stats)
		if lost+doubled+untrue > 0 || len(in) < terminals*9/10 {
			t.Errorf("%d lost, %d doubled, %d untrue, %d let in, %d logins", lost, doubled, untrue, len(in), stats.Logins)
		}
	})
}
