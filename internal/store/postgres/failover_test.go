package postgres_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// pairURL leads to both servers, the standby first: a store must find the one that writes.
func pairURL(primary, standby *pgtest.Cluster) string {
	return fmt.Sprintf("postgres://postgres@%s,%s/postgres?sslmode=disable&application_name=front", standby.Address(), primary.Address())
}

// TestFailover: the primary dies without warning while records flow, its synchronous standby
// is promoted. What was committed before is there, the rest follows, none twice.
func TestFailover(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t)
	standby := primary.Standby("standby1")
	primary.Synchronous("standby1")
	l, p := storetest.OpenJournal(t), storetest.OpenPostgresAt(t, pairURL(primary, standby), postgres.Options{})
	f := storetest.Forward(t, l, p, forward.Options{BatchRows: 50, BatchDelay: time.Millisecond})
	m := storetest.OpenMirror(t, p, l)
	storetest.AddApp(t, p, "a")
	storetest.Refreshed(t, m)
	recs := storetest.Records(storetest.Day, 1500)
	storetest.AppendAll(t, l, recs[:500])
	storetest.Drain(t, f)
	storetest.WantEmpty(t, l)

	appended := make(chan error, 1)
	go func() { // logins go on through the failover
		for i := range recs[500:] {
			if _, err := l.Append(t.Context(), &recs[500+i]); err != nil {
				appended <- err
				return
			}
		}
		appended <- nil
	}()
	primary.Stop(pgtest.Immediate)
	storetest.Unhealthy(t, f)
	standby.Promote()
	if err := <-appended; err != nil {
		t.Fatal(err)
	}
	storetest.Drain(t, f)
	storetest.WantExactly(t, storetest.Connect(t, standby.URL(), postgres.Options{}), storetest.Day, recs)
	storetest.WantEmpty(t, l)
	storetest.AddApp(t, p, "b") // commands find the new primary, and so does the mirror
	storetest.Eventually(t, func() error { return m.Refresh(t.Context()) })
	storetest.WantMirrored(t, m, p)
}

// TestSwitchover: the old primary stays up and is made read-only, as before a planned
// change. No connection to it is kept, and nothing that it takes counts.
func TestSwitchover(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t)
	standby := primary.Standby("standby1")
	primary.Synchronous("standby1")
	l, p := storetest.OpenJournal(t), storetest.OpenPostgresAt(t, pairURL(primary, standby), postgres.Options{})
	seen := storetest.NewObserved()
	f := storetest.Forward(t, l, p, forward.Options{Observer: seen})
	recs := storetest.Records(storetest.Day, 300)
	storetest.AppendAll(t, l, recs[:100])
	storetest.Drain(t, f)
	admin := storetest.Session(t, primary.URL())
	before := backends(t, admin)
	if len(before) == 0 {
		t.Fatal("no connection to the old primary: the test is about those")
	}

	primary.SQL("ALTER SYSTEM SET default_transaction_read_only = on")
	primary.SQL("SELECT pg_reload_conf()")
	storetest.Unhealthy(t, f)
	storetest.AppendAll(t, l, recs[100:200])
	standby.Promote()
	storetest.AppendAll(t, l, recs[200:])
	storetest.Drain(t, f)
	storetest.WantExactly(t, storetest.Connect(t, standby.URL(), postgres.Options{}), storetest.Day, recs)
	storetest.Eventually(t, func() error {
		if left := backends(t, admin); len(left) > 0 {
			return fmt.Errorf("connections %v to the old primary are kept", left)
		}
		return nil
	})
}

// TestCommitsStayDurable: an operator turns synchronous_commit off on a server whose connections
// are open. They keep what they were opened with, and new ones are refused.
func TestCommitsStayDurable(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t)
	p := storetest.OpenPostgresAt(t, c.URL(), postgres.Options{Conns: 1})
	if err := p.Put(t.Context(), storetest.Records(storetest.Day, 1)); err != nil {
		t.Fatal(err)
	}
	storetest.Setting(t, storetest.Session(t, c.URL()), "synchronous_commit", "off")
	storetest.Eventually(t, func() error { // in force for new connections
		var mode string
		err := storetest.Session(t, c.URL()).QueryRow(t.Context(), "SHOW synchronous_commit").Scan(&mode)
		if err == nil && mode != "off" {
			err = errors.New("not in force yet")
		}
		return err
	})
	mode, err := storetest.Show(t, p, "synchronous_commit")
	if err != nil || mode != "on" {
		t.Errorf("an open connection commits with synchronous_commit %q, error %v, want on", mode, err)
	}
}
