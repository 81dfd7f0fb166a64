package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
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
	primary := pgtest.Start(t)
	standby := primary.Standby("standby1")
	primary.Synchronous("standby1")
	l, p := openLocal(t), openPostgresAt(t, pairURL(primary, standby), store.PostgresOptions{})
	f := startForwarder(t, l, p, store.ForwarderOptions{BatchRows: 50, BatchDelay: time.Millisecond})
	m := openMirror(t, p, l)
	addApp(t, p, "a")
	refreshed(t, m)
	recs := storetest.Records(storetest.Day, 1500)
	appendAll(t, l, recs[:500])
	drain(t, f)
	wantEmpty(t, l)

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
	unhealthy(t, f)
	standby.Promote()
	if err := <-appended; err != nil {
		t.Fatal(err)
	}
	drain(t, f)
	wantExactly(t, connect(t, standby.URL(), store.PostgresOptions{}), storetest.Day, recs)
	wantEmpty(t, l)
	addApp(t, p, "b") // commands find the new primary, and so does the mirror
	eventually(t, func() error { return m.Refresh(t.Context()) })
	wantMirrored(t, m, p)
}

// TestSwitchover: the old primary stays up and is made read-only, as before a planned
// change. No connection to it is kept, and nothing that it takes counts.
func TestSwitchover(t *testing.T) {
	primary := pgtest.Start(t)
	standby := primary.Standby("standby1")
	primary.Synchronous("standby1")
	l, p := openLocal(t), openPostgresAt(t, pairURL(primary, standby), store.PostgresOptions{})
	seen := newLedger()
	f := startForwarder(t, l, p, store.ForwarderOptions{Observer: seen})
	recs := storetest.Records(storetest.Day, 300)
	appendAll(t, l, recs[:100])
	drain(t, f)
	admin := session(t, primary.URL())
	before := backends(t, admin)
	if len(before) == 0 {
		t.Fatal("no connection to the old primary: the test is about those")
	}

	primary.SQL("ALTER SYSTEM SET default_transaction_read_only = on")
	primary.SQL("SELECT pg_reload_conf()")
	unhealthy(t, f)
	appendAll(t, l, recs[100:200])
	standby.Promote()
	appendAll(t, l, recs[200:])
	drain(t, f)
	wantExactly(t, connect(t, standby.URL(), store.PostgresOptions{}), storetest.Day, recs)
	eventually(t, func() error {
		if left := backends(t, admin); len(left) > 0 {
			return fmt.Errorf("connections %v to the old primary are kept", left)
		}
		return nil
	})
}

// TestCommitsStayDurable: somebody turns synchronous_commit off on a server whose connections
// are open. They keep what they were opened with, and new ones are refused.
func TestCommitsStayDurable(t *testing.T) {
	c := pgtest.Start(t)
	p := openPostgresAt(t, c.URL(), store.PostgresOptions{Conns: 1})
	if err := p.Put(t.Context(), storetest.Records(storetest.Day, 1)); err != nil {
		t.Fatal(err)
	}
	setting(t, session(t, c.URL()), "synchronous_commit", "off")
	eventually(t, func() error { // in force for whoever connects
		var mode string
		err := session(t, c.URL()).QueryRow(t.Context(), "SHOW synchronous_commit").Scan(&mode)
		if err == nil && mode != "off" {
			err = errors.New("not in force yet")
		}
		return err
	})
	mode, err := show(t, p, "synchronous_commit")
	if err != nil || mode != "on" {
		t.Errorf("an open connection commits with synchronous_commit %q, error %v, want on", mode, err)
	}
}
