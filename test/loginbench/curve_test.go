//go:build linux

package loginbench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/site"
)

const (
	curvesVariable = "TRADEFRONT_TEST_CURVES" // rounds; without it TestCurves is skipped
	curveVisits    = 4000                     // of each point in a round
	curveAccounts  = 256                      // of a population that log in: the first login of each costs an argon2, before anything is measured
)

// fewAccounts, fewApps and no row are what the others of a curve are compared with.
const (
	fewAccounts, manyAccounts = 1000, 1_000_000
	fewApps, manyApps         = 10, 10_000
	manyRows                  = 10_000_000 // of one trading day
)

// heldSessions are those of the curve of connections. A front and the terminals' process take what 20,000 open files allow; more terminals
// need more fronts, each of which has a curve of its own.
var heldSessions = []int{1000, 10_000, 18_000}

// point is one of a curve.
type point struct {
	name string
	at   *contender
	held int    // idle sessions beside the visits
	to   string // the point that it is compared with
}

// TestCurves measures how a login's cost grows with what a front has already: `make curves`. Points take turns within a round, and a
// ratio is that of a round.
func TestCurves(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv(curvesVariable))
	if err != nil {
		t.Skip("make curves sets " + curvesVariable)
	}
	few := newPopulated(t, "1,000 accounts, 10 AppIDs", fewAccounts, fewApps, nil)
	empty, full := pgtest.StartIn(t, ""), pgtest.StartIn(t, "")
	noRows := newPopulated(t, "PostgreSQL, no rows", fewAccounts, fewApps, empty)
	rows := newPopulated(t, "PostgreSQL, 10,000,000 rows of the day", fewAccounts, fewApps, full)
	points := []point{
		{name: few.name, at: few},
		{name: "1,000,000 accounts", at: newPopulated(t, "1,000,000 accounts", manyAccounts, fewApps, nil), to: few.name},
		{name: "10,000 AppIDs", at: newPopulated(t, "10,000 AppIDs", fewAccounts, manyApps, nil), to: few.name},
		{name: noRows.name, at: noRows},
		{name: rows.name, at: rows, to: noRows.name},
	}
	for _, n := range heldSessions {
		points = append(points, point{name: fmt.Sprintf("%d idle sessions", n), at: few, held: n, to: few.name})
	}
	s, held := &stage{terminals: startTerminals(t)}, startTerminals(t)
	for _, p := range points[:5] {
		s.visits(t, p.at, concurrent, 4*curveAccounts)
	}
	fillDay(t, full)
	all := &table{}
	for r := range rounds {
		round := map[string]measured{}
		for i := range points {
			p := &points[(r+i)%len(points)]
			stay(t, held, p)
			round[p.name] = s.turn(t, p.at, curveVisits, 300)
			if _, err := held.ordered(&order{}); err != nil { // they leave
				t.Fatal(err)
			}
		}
		all.rounds = append(all.rounds, round)
		t.Logf("round %d of %d", r+1, rounds)
	}
	t.Log("\n" + curves(all, points))
}

// stay has a point's idle sessions log in.
func stay(t *testing.T, held *worker, p *point) {
	t.Helper()
	if p.held == 0 {
		return
	}
	if _, err := held.ordered(&order{Address: p.at.address, Firm: p.at.firm, Terminals: concurrent, Visits: p.held, Stay: true}); err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
}

// newPopulated is a front with as many accounts and AppIDs; terminals take turns with some of both, spread over all.
func newPopulated(t *testing.T, name string, accounts, apps int, database *pgtest.Cluster) *contender {
	t.Helper()
	o := site.Options{Binary: program, Store: "log_level: error\nlimits: {connections_per_source: 0}\n"}
	if database != nil {
		o.URL = database.URL()
	}
	s := site.New(t, o)
	path := filepath.Join(s.Dir, "people.json")
	s.CLI("", "loadtest", "prepare", "--accounts", strconv.Itoa(accounts), "--apps", strconv.Itoa(apps), "--out", path)
	people, err := population.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	f := firm{BrokerID: people.BrokerID, KeyVersion: "1.0", Password: people.Password}
	for i := range curveAccounts {
		f.Accounts = append(f.Accounts, string(people.Account(i*accounts/curveAccounts)))
		app := &people.Apps[i*apps/curveAccounts]
		f.Software = append(f.Software, software{string(app.AppID), app.AuthCode.Reveal()})
	}
	return startFront(t, name, program, s, f, database)
}

// fillDay brings rows to the trading day that the front's logins have, by the statement of the forwarder.
func fillDay(t *testing.T, c *pgtest.Cluster) {
	t.Helper()
	db := storetest.OpenPostgresAt(t, c.URL(), postgres.Options{})
	number, err := strconv.Atoi(strings.TrimSpace(c.SQL("SELECT max(trading_day) FROM record")))
	if err != nil {
		t.Fatal(err)
	}
	day := calendar.TradingDay(number)
	for range manyRows / forward.DefaultBatchRows {
		if err := db.CopyIn(t.Context(), storetest.Records(day, forward.DefaultBatchRows)); err != nil {
			t.Fatal(err)
		}
	}
	c.SQL("ANALYZE record")
}

func curves(all *table, points []point) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "the front has\tvisits/s\tserver CPU µs\tdatabase CPU µs\tlogin step p50 ms\tp99 ms\talone p50 ms\tCPU as a share\tp50 alone as a share")
	for i := range points {
		p := &points[i]
		m := func(of func(measured) float64) float64 { return all.median(p.name, of) }
		fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.0f\t%.1f\t%.1f\t%.2f\t", p.name, m(func(m measured) float64 { return m.Rate }), m(cpuOf),
			m(func(m measured) float64 { return m.Database }), m(func(m measured) float64 { return m.P50 }), m(func(m measured) float64 { return m.P99 }), m(aloneOf))
		if p.to == "" {
			fmt.Fprintln(w, "1\t1")
			continue
		}
		fmt.Fprintf(w, "%.2f\t%.2f\n", all.ratio(p.name, p.to, cpuOf), all.ratio(p.name, p.to, aloneOf))
	}
	_ = w.Flush() // into memory
	return b.String()
}

func cpuOf(m measured) float64   { return m.CPU }
func aloneOf(m measured) float64 { return m.P50Alone }
