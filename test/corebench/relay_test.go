package corebench

import (
	"context"
	"crypto/rand"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/testmain"
)

const (
	relayAppID    = "bench_relay_1.0"
	relayOperator = "8000"

	// customersVariable is how many customers TestRelayStorm has behind one operator connection.
	customersVariable = "TRADEFRONT_TEST_CUSTOMERS"

	// stormPatience bounds each of its parts: 50,000 submissions at the default rate of 2,000 a second take 25 s.
	stormPatience = 10 * time.Minute
)

// TestRelayStorm: an operator relay's connection breaks with many customers behind it. The relay connects again and reports
// them all again, each once, while direct customers log in. It prints what a submission costs the front beside a direct
// login, and how long direct logins took before and meanwhile. Without the variable it has few customers and judges no time.
func TestRelayStorm(t *testing.T) {
	testmain.NotRaced(t)
	customers, logins, measures := 2000, 200, false
	if n, err := strconv.Atoi(os.Getenv(customersVariable)); err == nil {
		customers, logins, measures = n, 2000, true
	}
	s := newStage(t, customers)
	quiet := s.directly(t, 300)
	begin := cpuTime(t, s.daemon)
	s.directly(t, logins)
	direct := (cpuTime(t, s.daemon) - begin) / time.Duration(logins)

	r, line := s.dialRelay(t)
	begin = cpuTime(t, s.daemon)
	records := submitAll(t, r, customers)
	submission := (cpuTime(t, s.daemon) - begin) / time.Duration(customers)
	if len(records) != customers || r.Stats().Live != customers {
		t.Fatalf("%d records of %d customers, %d live", len(records), customers, r.Stats().Live)
	}

	line.cut()
	broken := time.Now()
	meanwhile := newHistogram()
	for r.Stats().Recorded < uint64(2*customers) && time.Since(broken) < stormPatience && !t.Failed() {
		s.logInDirectly(t, meanwhile)
	}
	storm := time.Since(broken)
	stats := r.Stats()
	if stats.Recorded != uint64(2*customers) || stats.Live != customers || stats.Unmatched != 0 || stats.Exits != 0 || stats.Logins != 2 {
		t.Errorf("%d customers, all reported again: %+v", customers, stats)
	}
	t.Logf("%d customers reported again in %v, %d submissions sent again, %d refused", customers, storm.Round(time.Millisecond), stats.SentAgain, stats.Refused)
	t.Logf("direct login: p50 %.1f ms, p99 %.1f ms before (%d logins); p50 %.1f ms, p99 %.1f ms meanwhile (%d logins)",
		micros(quiet, 50)/1000, micros(quiet, 99)/1000, quiet.TotalCount(), micros(meanwhile, 50)/1000, micros(meanwhile, 99)/1000, meanwhile.TotalCount())
	ratio := float64(submission) / float64(direct)
	t.Logf("the front's processor time: %v a direct login, %v a submission, ratio %.2f", direct, submission, ratio)
	if measures && ratio > 1 {
		t.Errorf("a submission costs %.2f of a direct login", ratio)
	}
}

// directly logs one terminal after the other in, each on a connection of its own.
func (s *stage) directly(t *testing.T, logins int) *hdrhistogram.Histogram {
	t.Helper()
	h := newHistogram()
	for range logins {
		s.logInDirectly(t, h)
	}
	return h
}

func (s *stage) logInDirectly(t *testing.T, h *hdrhistogram.Histogram) {
	t.Helper()
	begin := time.Now()
	p := s.terminal(t, user(0))
	_ = h.RecordValue(tenths(time.Since(begin)))
	_ = p.Close()
}

// relayLine is the connections of a relay; cut breaks the last.
type relayLine struct {
	mu   sync.Mutex
	last net.Conn
}

func (l *relayLine) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err == nil {
		l.mu.Lock()
		l.last = c
		l.mu.Unlock()
	}
	return c, err
}

func (l *relayLine) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.last.Close()
}

// dialRelay logs the operator of the relay in that the stage admitted, with the default rates.
func (s *stage) dialRelay(t *testing.T) (*client.Relay, *relayLine) {
	t.Helper()
	line := &relayLine{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := client.DialRelay(ctx, client.RelayOptions{
		Addresses: []string{s.relays},
		Identity:  client.Identity{BrokerID: "9999", AppID: relayAppID},
		AuthCode:  s.relayCode,
		Login: client.LoginRequest{
			BrokerID: "9999", UserID: relayOperator, Password: password, HeartbeatSeconds: 30, KeyVersion: "1.0", AbnormalFlag: '0',
		},
		BeforeLogin: func(_ context.Context, l *client.LoginRequest) error {
			l.Ciphertext = ciphertext()
			return nil
		},
		Dial: []client.Option{client.WithDialFunc(line.dial)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r, line
}

// ciphertext is what a front takes for one: it cannot open it.
func ciphertext() []byte {
	c := make([]byte, 256)
	_, _ = rand.Read(c) // never fails
	return c
}

// submitAll reports that many customers and returns the RecordIDs.
func submitAll(t *testing.T, r *client.Relay, customers int) map[string]bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stormPatience)
	defer cancel()
	records := make(map[string]bool, customers)
	var mu sync.Mutex
	var next atomic.Int64
	var all sync.WaitGroup
	for range 512 {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < customers; i = int(next.Add(1)) - 1 {
				receipt, err := r.Submit(ctx, client.Submission{
					UserID: user(i),
					Terminal: client.RelayedTerminal{
						AppID: appID, PublicAddr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}), 50001),
						LoginTime: time.Now(), Type: '2',
					},
					KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: ciphertext(),
				})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				records[receipt.RecordID] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return records
}
