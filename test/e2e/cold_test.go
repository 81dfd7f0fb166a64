package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/loadtest/population"
)

// TestColdMorning: accounts that logged in before a restart log in after it by their verifiers, in either store; one whose password
// was changed meanwhile does not by the one before.
func TestColdMorning(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(*testing.T) string{"embedded": func(*testing.T) string { return "" }, "postgres": func(t *testing.T) string { return firmDatabase(t) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const accounts = 20
			s := newSite(t, url(t), "")
			p := s.population(accounts)
			d := s.serve()
			for i := range accounts {
				if err := firstLogin(t, d, p, i); err != nil {
					t.Fatal(err)
				}
			}
			wantChecks(t, d, 0, accounts)
			d.stop()

			s.cli("another\n", "account", "password", "--account", string(p.Account(0)), "--password-file", "-")
			d = s.serve()
			for i := 1; i < accounts; i++ {
				if err := firstLogin(t, d, p, i); err != nil {
					t.Error(err)
				}
			}
			wantChecks(t, d, accounts-1, 0)
			if got := code(t, firstLogin(t, d, p, 0)); got != 3 {
				t.Errorf("the password before is answered %d, want 3", got)
			}
			wantChecks(t, d, accounts-1, 1)
			d.stop()
		})
	}
}

// population makes a population in the site's store.
func (s *site) population(accounts int) *population.Population {
	s.t.Helper()
	file := filepath.Join(s.dir, "population.json")
	s.cli("", "loadtest", "prepare", "--accounts", strconv.Itoa(accounts), "--apps", "1", "--beside-real-accounts", "--out", file)
	p, err := population.Read(file)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func firstLogin(t testing.TB, d *daemon, p *population.Population, i int) error {
	t.Helper()
	app := p.AppOf(i)
	c, err := client.Dial(t.Context(), d.address)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Authenticate(t.Context(), client.Identity{BrokerID: p.BrokerID, AppID: string(app.AppID)}, app.AuthCode.Reveal()); err != nil {
		return err
	}
	_, err = login(t, c, p.Password, func(r *client.LoginRequest) { r.UserID = string(p.Account(i)) })
	return err
}

func wantChecks(t *testing.T, d *daemon, quick, slow int) {
	t.Helper()
	_, page := d.get(t, "/metrics")
	for way, want := range map[string]int{"quick": quick, "slow": slow} {
		if line := "tradefront_password_checks_total{way=\"" + way + "\"} " + strconv.Itoa(want) + "\n"; !strings.Contains(page, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
}

// coldVariable says how many accounts BenchmarkColdMorning has: make cold-morning sets it.
const coldVariable = "TRADEFRONT_TEST_ACCOUNTS"

// coldAccounts is how many that is: as many as are asked for, else a thousand, and few where it is only to be seen that the benchmark runs.
func coldAccounts(asked string, short bool) (int, error) {
	switch n, err := strconv.Atoi(asked); {
	case short:
		return 10, nil
	case asked == "":
		return 1000, nil
	case err != nil || n < 1:
		return 0, fmt.Errorf("%s=%q: want how many accounts log in", coldVariable, asked)
	default:
		return n, nil
	}
}

// TestColdMorningHasTheAccountsThatAreAskedFor: a typing error must not be a measurement of another size.
func TestColdMorningHasTheAccountsThatAreAskedFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		asked string
		short bool
		want  int // 0: refused
	}{{"", false, 1000}, {"20000", false, 20_000}, {"20k", false, 0}, {"0", false, 0}, {"20000", true, 10}} {
		if got, err := coldAccounts(test.asked, test.short); got != test.want || (err != nil) != (test.want == 0) {
			t.Errorf("%q, short %v: %d, %v", test.asked, test.short, got, err)
		}
	}
}

// BenchmarkColdMorning is the first login of each of many accounts after a start, 64 at once, with the default cost of argon2: before
// they have a verifier on this front, and in the life after.
func BenchmarkColdMorning(b *testing.B) {
	accounts, err := coldAccounts(os.Getenv(coldVariable), testing.Short())
	if err != nil {
		b.Fatal(err)
	}
	s := newSite(b, "", "log_level: error\n")
	config, err := os.ReadFile(s.config)
	if err != nil {
		b.Fatal(err)
	}
	s.write("tradefront.yaml", bytes.ReplaceAll(config, []byte("memory_kib: 1024, iterations: 1"), []byte("memory_kib: 19456, iterations: 2")))
	p := s.population(accounts)
	all := func(b *testing.B, d *daemon, n int) {
		cpu, began := cpuTime(b, d.cmd.Process.Pid), time.Now()
		var next atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for i := int(next.Add(1) - 1); i < n; i = int(next.Add(1) - 1) {
					if err := firstLogin(b, d, p, i); err != nil {
						b.Error(err)
					}
				}
			})
		}
		wg.Wait()
		b.ReportMetric(float64(n)/time.Since(began).Seconds(), "logins/s")
		b.ReportMetric((cpuTime(b, d.cmd.Process.Pid)-cpu).Seconds()*1000/float64(n), "daemon-cpu-ms/login")
	}
	d := s.serve()
	b.Run("argon2", func(b *testing.B) { all(b, d, accounts) })
	d.stop()
	d = s.serve()
	b.Run("verifier", func(b *testing.B) { all(b, d, accounts) })
	d.stop()
}
