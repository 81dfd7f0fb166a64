//go:build linux

package loginbench

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/processor"
)

// The names of the servers, as the table has them.
const (
	floorName    = "floor"
	rsaName      = "floor with RSA"
	simpleName   = "simple"
	embeddedName = "tradefront, embedded"
	postgresName = "tradefront, PostgreSQL"
	otherName    = "another build, embedded"
)

// concurrent terminals of the closed loop.
const concurrent = 64

// number is a number of the environment, or one that takes a moment.
func number(variable string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// stage is what one run has: the servers, and the terminals.
type stage struct {
	servers   []*contender
	terminals *worker
}

// newStage starts the servers and has each answer some visits: accounts are verified, caches filled, threads started.
func newStage(t testing.TB, warm int) *stage {
	t.Helper()
	embedded := newFront(t, embeddedName, program, nil, "")
	f := &embedded.firm
	database := pgtest.StartIn(t, "") // on a disk, where fsync costs
	other := pgtest.StartIn(t, "")
	s := &stage{terminals: startTerminals(t)}
	s.servers = []*contender{
		newOwn(t, floorName, "floor", f, floorConfig{Firm: *f}, nil),
		newOwn(t, rsaName, "floor", f, floorConfig{Firm: *f, RSA: true}, nil),
		newOwn(t, simpleName, "simple", f, simpleConfig{*f, other.URL()}, other),
		embedded,
		newFront(t, postgresName, program, database, ""),
	}
	if other := os.Getenv(programVariable); other != "" {
		s.servers = append(s.servers, newFront(t, otherName, other, nil, ""))
	}
	for _, c := range s.servers {
		s.visits(t, c, concurrent, warm)
	}
	return s
}

func (s *stage) visits(t testing.TB, c *contender, terminals, visits int) findings {
	t.Helper()
	f, err := s.terminals.ordered(&order{Address: c.address, Firm: c.firm, Terminals: terminals, Visits: visits})
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	c.settle()
	return f
}

// measured is one turn of one server.
type measured struct {
	Rate               float64 // visits a second
	CPU, Database      float64 // µs a visit
	P50, P99, P50Alone float64 // ms
}

// turn is the load at saturation, and then a terminal alone.
func (s *stage) turn(t testing.TB, c *contender, visits, alone int) measured {
	t.Helper()
	cpu, database := processor.Time(c.pid), c.databaseTime(t)
	f := s.visits(t, c, concurrent, visits)
	each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(visits) }
	m := measured{
		Rate: float64(visits) / f.Elapsed.Seconds(), CPU: each(processor.Time(c.pid) - cpu), Database: each(c.databaseTime(t) - database),
		P50: milliseconds(f.P50), P99: milliseconds(f.P99),
	}
	m.P50Alone = milliseconds(s.visits(t, c, 1, alone).P50)
	return m
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (c *contender) databaseTime(t testing.TB) time.Duration {
	t.Helper()
	if c.database == nil {
		return 0
	}
	return processor.Family(t, c.database.Processes())
}

// calls counts the system calls a visit, by name.
func (s *stage) calls(t testing.TB, c *contender, visits int) (map[string]float64, error) {
	t.Helper()
	counter, err := countCalls(c.pid)
	if err != nil {
		return nil, err
	}
	defer counter.close()
	before, err := counter.counts()
	if err != nil {
		return nil, err
	}
	s.visits(t, c, concurrent, visits)
	after, err := counter.counts()
	if err != nil {
		return nil, err
	}
	each := map[string]float64{}
	for name, n := range after {
		each[name] = float64(n-before[name]) / float64(visits)
	}
	return each, nil
}

// stay is the heap of an idle session, in bytes: what a server gives back when all of them leave. What it keeps of their logins,
// such as the ciphertexts of the day, is not theirs.
func (s *stage) stay(t testing.TB, c *contender, sessions int) float64 {
	t.Helper()
	before := descriptors(t, c.pid)
	_, err := s.terminals.ordered(&order{Address: c.address, Firm: c.firm, Terminals: concurrent, Visits: sessions, Stay: true})
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	c.settle()
	held := c.heap()
	if _, err := s.terminals.ordered(&order{}); err != nil {
		t.Fatal(err)
	}
	await.True(t, "the server has closed the connections", func() bool { return descriptors(t, c.pid) < before+sessions/100+concurrent })
	return (held - c.heap()) / float64(sessions)
}

// descriptors is how many a process has open.
func descriptors(t testing.TB, pid int) int {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}
