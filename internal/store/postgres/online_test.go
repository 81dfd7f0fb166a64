package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/online"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// place is a front's, with no sessions yet.
func place(t *testing.T, p *postgres.Store, all ...store.Online) *postgres.Online {
	t.Helper()
	o := p.Online()
	t.Cleanup(o.Close)
	begin(t, o, all...)
	return o
}

func begin(t *testing.T, o *postgres.Online, all ...store.Online) {
	t.Helper()
	if err := o.Begin(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

func of(account string, held, asked int32) store.Online {
	return store.Online{Account: regulation.Account(account), Held: held, Asked: asked}
}

// wantGranted fails unless so many of those asked for are granted, of each account.
func wantGranted(t *testing.T, o *postgres.Online, bound int32, want []int32, some ...store.Online) {
	t.Helper()
	granted, err := o.Change(t.Context(), bound, some)
	if err != nil || !slices.Equal(granted, want) {
		t.Fatalf("granted %v, error %v, want %v of %v", granted, err, want, some)
	}
}

// rowsOfHolders are the rows of each key, without the one that says that they are there.
func rowsOfHolders(t *testing.T, admin *pgx.Conn) map[int64]int {
	t.Helper()
	rows, err := admin.Query(t.Context(), "SELECT holder, count(*) - 1 FROM online_session GROUP BY holder")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[int64]int)
	var holder int64
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&holder, &n}, func() error { found[holder] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	return found
}

// TestOnlineBoundsAllFronts: what one front holds another is not granted, until it ends.
func TestOnlineBoundsAllFronts(t *testing.T) {
	t.Parallel()
	database := storetest.Migrated(t)
	p := storetest.OpenPostgresAt(t, database, postgres.Options{})
	a, b := place(t, p), place(t, p, of("c", 2, 0))
	wantGranted(t, a, 1, []int32{1, 1}, of("a", 0, 1), of("b", 0, 1))
	wantGranted(t, b, 1, []int32{0, 1}, of("a", 0, 1), of("d", 0, 1))
	wantGranted(t, a, 3, []int32{1, 2}, of("c", 0, 1), of("b", 1, 4)) // as many as the bound leaves
	wantGranted(t, b, 1, []int32{0}, of("d", 3, 1))                   // its own are over the bound: they were resumed
	wantGranted(t, a, 1, []int32{0, 0}, of("a", 0, 0), of("x", 0, 0)) // ended
	wantGranted(t, b, 1, []int32{1}, of("a", 0, 1))
	wantGranted(t, a, 1, []int32{0}, of("a", 0, 1))
	wantGranted(t, a, 1, []int32{}) // a probe
	if rows := rowsOfHolders(t, storetest.Session(t, database)); rows[a.Key()] != 2 || rows[b.Key()] != 3 || len(rows) != 2 {
		t.Errorf("rows %v, want 2 of %d and 3 of %d", rows, a.Key(), b.Key())
	}
}

// TestOnlineOfDeadFront: sessions of a front whose connection has ended do not count, and its rows are deleted by the next that begins.
func TestOnlineOfDeadFront(t *testing.T) {
	t.Parallel()
	database := storetest.Migrated(t)
	p := storetest.OpenPostgresAt(t, database, postgres.Options{})
	a, b := place(t, p), place(t, p)
	wantGranted(t, a, 1, []int32{1}, of("a", 0, 1))
	wantGranted(t, b, 1, []int32{0}, of("a", 0, 1))
	admin := storetest.Session(t, database)
	const held = " FROM pg_locks WHERE locktype = 'advisory' AND (classid::bigint << 32 | objid::bigint) = $1"
	var ended bool
	if err := admin.QueryRow(t.Context(), "SELECT pg_terminate_backend(pid)"+held, a.Key()).Scan(&ended); err != nil || !ended {
		t.Fatal(ended, err)
	}
	storetest.Eventually(t, func() error { // the lock goes with the backend
		var locks int
		err := admin.QueryRow(t.Context(), "SELECT count(*)"+held, a.Key()).Scan(&locks)
		if err == nil && locks > 0 {
			err = errors.New("the backend is there")
		}
		return err
	})
	wantGranted(t, b, 1, []int32{1}, of("a", 0, 1))
	was := a.Key()
	if _, err := a.Change(t.Context(), 1, nil); err == nil {
		t.Fatal("a connection that was ended answers")
	}
	if rows := rowsOfHolders(t, admin); rows[was] != 1 {
		t.Errorf("rows %v: the dead front's are to be deleted by the next that begins, else this test proves nothing", rows)
	}
	begin(t, b, of("a", 1, 0))
	if rows := rowsOfHolders(t, admin); len(rows) != 1 || rows[b.Key()] != 1 {
		t.Errorf("rows %v, want one of %d", rows, b.Key())
	}
	begin(t, a)
	wantGranted(t, a, 1, []int32{0}, of("a", 0, 1))
}

// TestOnlineOfHungFront: a front asks nothing more while its connection lives, as one that is stopped: its sessions count until the server ends
// the connection. When it goes on, it finds that and begins anew.
func TestOnlineOfHungFront(t *testing.T) {
	t.Parallel()
	database := storetest.Migrated(t)
	endsWhatIsIdle(t, database)
	p := storetest.OpenPostgresAt(t, database, postgres.Options{})
	b, a := place(t, p), p.Online()
	t.Cleanup(a.Close)
	a.EndsWhenIdle(time.Second)
	begin(t, a, of("a", 1, 0))
	was := a.Key()
	storetest.Eventually(t, func() error {
		granted, err := b.Change(t.Context(), 1, []store.Online{of("a", 0, 1)})
		if err == nil && !slices.Equal(granted, []int32{1}) {
			err = errors.New("the session of a front that hangs counts")
		}
		return err
	})
	if rows := rowsOfHolders(t, storetest.Session(t, database)); rows[was] != 1 {
		t.Errorf("rows %v: that of the front that hangs is to be there, else this test proves nothing", rows)
	}
	if _, err := a.Change(t.Context(), 1, nil); err == nil {
		t.Fatal("the connection of a front that hung answers")
	}
	begin(t, a, of("a", 1, 0)) // its session is there, over the bound
	wantGranted(t, b, 2, []int32{0}, of("a", 1, 1))
}

// endsWhatIsIdle skips the test where PostgreSQL is too old to end a connection that asks nothing.
func endsWhatIsIdle(t *testing.T, database string) {
	t.Helper()
	var has bool
	if err := storetest.Session(t, database).QueryRow(t.Context(),
		"SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'idle_session_timeout')").Scan(&has); err != nil {
		t.Fatal(err)
	}
	if !has {
		t.Skip("PostgreSQL 13 has no idle_session_timeout")
	}
}

// TestOnlineSucceeds: a process that took the place of another counts in its place, also while the server still has the other's connection,
// and that one writes no more.
func TestOnlineSucceeds(t *testing.T) {
	t.Parallel()
	p := storetest.OpenPostgresAt(t, storetest.Migrated(t), postgres.Options{})
	old, other := place(t, p), place(t, p)
	wantGranted(t, old, 2, []int32{1}, of("a", 0, 1))
	fresh := p.Online()
	t.Cleanup(fresh.Close)
	fresh.Succeeds(old.Key())
	begin(t, fresh, of("a", 1, 0))
	wantGranted(t, other, 2, []int32{1}, of("a", 0, 1)) // 1 and 1, and not 2 and 1
	if _, err := old.Change(t.Context(), 2, []store.Online{of("a", 5, 0)}); err == nil || !strings.Contains(err.Error(), "was emptied") {
		t.Errorf("the old connection may still write: %v", err)
	}
	wantGranted(t, other, 3, []int32{1}, of("a", 1, 1))
}

// TestOnlineSucceedsAfterFailedBegin: the process before could not begin anew, and the server still has its connection from before that. The one
// that takes its place replaces the sessions of that too.
func TestOnlineSucceedsAfterFailedBegin(t *testing.T) {
	t.Parallel()
	database := storetest.Migrated(t)
	p := storetest.OpenPostgresAt(t, database, postgres.Options{})
	old, other := place(t, p, of("a", 1, 0)), place(t, p)
	admin := storetest.Session(t, database)
	const function = "ALTER FUNCTION online_%s(bigint, bigint[], text[], integer[]) RENAME TO online_%s"
	storetest.RunSQL(t, admin, fmt.Sprintf(function, "begin", "missing"))
	first := old.Key()
	if err := old.Begin(t.Context(), []store.Online{of("a", 1, 0)}); err == nil {
		t.Fatal("it begins without its function")
	}
	storetest.RunSQL(t, admin, fmt.Sprintf(function, "missing", "begin"))
	storetest.RunSQL(t, admin, fmt.Sprintf("SELECT pg_advisory_lock(%d)", first)) // as the connection that the server has not missed
	if rows := rowsOfHolders(t, admin); rows[first] != 1 {
		t.Errorf("rows %v: that of the first connection is to be there, else this test proves nothing", rows)
	}
	fresh := p.Online()
	t.Cleanup(fresh.Close)
	fresh.Succeeds(old.Keys()...)
	begin(t, fresh, of("a", 1, 0))
	wantGranted(t, other, 2, []int32{1}, of("a", 0, 1)) // 1 and 1, and not 2 and 1
	if keys := fresh.Keys(); !slices.Equal(keys, []int64{fresh.Key()}) {
		t.Errorf("keys %v, want %d alone", keys, fresh.Key())
	}
}

// TestOnlineLateChange: the server still makes a change of a connection that the front has given up, when the front has begun anew: it writes
// nothing, else the sessions would count twice.
func TestOnlineLateChange(t *testing.T) {
	t.Parallel()
	database := storetest.Migrated(t)
	p := storetest.OpenPostgresAt(t, database, postgres.Options{})
	old := place(t, p)
	admin := storetest.Session(t, database)
	storetest.RunSQL(t, admin, "SELECT pg_advisory_lock(hashtextextended('a', 0))") // as another front that asks for the account
	late := make(chan error, 1)
	go func() {
		_, err := old.Change(t.Context(), 5, []store.Online{of("a", 0, 1)})
		late <- err
	}()
	storetest.Eventually(t, func() error {
		var waiting int
		err := admin.QueryRow(t.Context(), "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND "+
			"database = (SELECT oid FROM pg_database WHERE datname = current_database())").Scan(&waiting)
		if err == nil && waiting != 1 {
			err = fmt.Errorf("%d changes wait", waiting)
		}
		return err
	})
	fresh := p.Online()
	t.Cleanup(fresh.Close)
	fresh.Succeeds(old.Key())
	begin(t, fresh, of("a", 1, 0))
	storetest.RunSQL(t, admin, "SELECT pg_advisory_unlock(hashtextextended('a', 0))")
	if err := <-late; err == nil || !strings.Contains(err.Error(), "was emptied") {
		t.Errorf("the late change: %v", err)
	}
	if rows := rowsOfHolders(t, admin); len(rows) != 1 || rows[fresh.Key()] != 1 {
		t.Errorf("rows %v, want one of %d", rows, fresh.Key())
	}
}

// TestOnlineEmptied: a table that was emptied, as by a crash of PostgreSQL, is noticed by a probe, and written anew.
func TestOnlineEmptied(t *testing.T) {
	t.Parallel()
	database := storetest.Migrated(t)
	p := storetest.OpenPostgresAt(t, database, postgres.Options{})
	a, b := place(t, p), place(t, p)
	wantGranted(t, a, 1, []int32{1}, of("a", 0, 1))
	storetest.RunSQL(t, storetest.Session(t, database), "TRUNCATE online_session")
	for _, o := range []*postgres.Online{a, b} {
		if _, err := o.Change(t.Context(), 1, nil); err == nil || !strings.Contains(err.Error(), "was emptied") {
			t.Fatalf("%v, want that the table was emptied", err)
		}
		if _, err := o.Change(t.Context(), 1, nil); err == nil {
			t.Fatal("it goes on without beginning anew")
		}
	}
	begin(t, a, of("a", 1, 0))
	begin(t, b)
	wantGranted(t, b, 1, []int32{0}, of("a", 0, 1))
}

// TestOnlineIsUnlogged: a crash of PostgreSQL leaves no rows whose keys might be held by others.
func TestOnlineIsUnlogged(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t)
	p := storetest.OpenPostgresAt(t, c.URL(), postgres.Options{})
	a := place(t, p)
	wantGranted(t, a, 1, []int32{1}, of("a", 0, 1))
	storetest.RunSQL(t, storetest.Session(t, c.URL()), "CHECKPOINT") // else the rows of a table that is logged could be lost too
	c.Stop(pgtest.Immediate)
	c.Start()
	if _, err := a.Change(t.Context(), 1, nil); err == nil {
		t.Fatal("the connection outlived the server")
	}
	if rows := rowsOfHolders(t, storetest.Session(t, c.URL())); len(rows) != 0 {
		t.Errorf("rows %v after a crash", rows)
	}
}

// TestOnlineNeverExceedsTheBound: three fronts ask for the same accounts at once, in orders of their own, and give back what they got. At no
// moment have they more than the bound, in the end exactly as many as it allows, and none waits for another for ever.
func TestOnlineNeverExceedsTheBound(t *testing.T) {
	t.Parallel()
	const fronts, accounts, rounds, bound = 3, 8, 150, 2
	p := storetest.OpenPostgresAt(t, storetest.Migrated(t), postgres.Options{})
	var inAll [accounts]atomic.Int32
	var full atomic.Int32 // rounds in which something was not granted
	var held [fronts][accounts]int32
	places := make([]*postgres.Online, fronts)
	for f := range places {
		places[f] = place(t, p)
	}
	change := func(f, round int, giveBack bool) error {
		some := make([]store.Online, accounts)
		which := make([]int, accounts)
		for i := range some {
			n := i
			if f%2 == 1 {
				n = accounts - 1 - i
			}
			which[i] = n
			if giveBack && held[f][n] > 0 && (round+n)%3 > 0 {
				held[f][n]--
				inAll[n].Add(-1) // before PostgreSQL may grant it to another
			}
			some[i] = of(fmt.Sprint("account", n), held[f][n], 1)
			if giveBack {
				some[i].Asked = 0
			}
		}
		granted, err := places[f].Change(t.Context(), bound, some)
		for i, n := range granted {
			held[f][which[i]] += n
			if now := inAll[which[i]].Add(n); now > bound {
				return fmt.Errorf("account %d has %d sessions", which[i], now)
			}
			if !giveBack && n == 0 {
				full.Add(1)
			}
		}
		return err
	}
	var all sync.WaitGroup
	for f := range places {
		all.Go(func() {
			for round := range rounds {
				for _, giveBack := range []bool{false, true} {
					if err := change(f, round, giveBack); err != nil {
						t.Errorf("front %d, round %d: %v", f, round, err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	for range bound {
		for f := range places {
			if err := change(f, 0, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	for n := range inAll {
		if now := inAll[n].Load(); now != bound {
			t.Errorf("account %d has %d sessions in the end, want %d", n, now, bound)
		}
	}
	if full.Load() == 0 {
		t.Error("the fronts never met: this test proves nothing")
	}
}

// TestOnlineSettings: the connection has what ends it soon where the front's machine is lost, and no commit of it waits for a disk.
func TestOnlineSettings(t *testing.T) {
	t.Parallel()
	database := storetest.Migrated(t)
	o := place(t, storetest.OpenPostgresAt(t, database, postgres.Options{}))
	for name, want := range map[string]string{
		"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3", "tcp_user_timeout": "11000",
		"statement_timeout": "10s", "synchronous_commit": "off", "default_transaction_isolation": "read committed",
	} {
		if got, err := o.Show(t.Context(), name); err != nil || got != want {
			t.Errorf("%s is %q, error %v, want %q", name, got, err, want)
		}
	}
	endsWhatIsIdle(t, database)
	if got, err := o.Show(t.Context(), "idle_session_timeout"); err != nil || got != "11s" {
		t.Errorf("idle_session_timeout is %q, error %v, want 11s", got, err)
	}
}

// BenchmarkOnline is what a login costs that is counted over all fronts: the round trip. And what a front's beginning costs.
func BenchmarkOnline(b *testing.B) {
	p := storetest.OpenPostgresAt(b, storetest.Migrated(b), postgres.Options{})
	o := p.Online()
	defer o.Close()
	if err := o.Begin(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	b.Run("begin=100000", func(b *testing.B) {
		all := make([]store.Online, 100_000)
		for i := range all {
			all[i] = of(fmt.Sprint("account", i), 1, 0)
		}
		for b.Loop() {
			if err := o.Begin(b.Context(), all); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, batch := range []int{1, 64} {
		b.Run(fmt.Sprint("batch=", batch), func(b *testing.B) {
			n := 0
			for b.Loop() {
				some := make([]store.Online, batch)
				for i := range some {
					some[i] = of(fmt.Sprint("account", (n/2*batch+i)%20000), int32(0), int32(1-n%2)) // a login, then its end
				}
				if _, err := o.Change(b.Context(), 1, some); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
}

// counting is a front that counts sessions with others, together from its start.
func counting(t *testing.T, p *postgres.Store) *online.Counter {
	t.Helper()
	c := online.New(p.Online(), 1)
	c.Start()
	t.Cleanup(c.Close)
	countsTogether(t, c)
	return c
}

func countsTogether(t *testing.T, c *online.Counter) {
	t.Helper()
	storetest.Eventually(t, c.LastError)
}

func wantTaken(t *testing.T, c *online.Counter, account regulation.Account) {
	t.Helper()
	if !c.Take(t.Context(), account) {
		t.Fatalf("account %s is refused", account)
	}
}

// wantRefused fails if PostgreSQL grants a session. On a busy machine it may answer too late: then the front's own count has granted it, and it
// is asked again.
func wantRefused(t *testing.T, c *online.Counter, account regulation.Account) {
	t.Helper()
	for range 20 {
		countsTogether(t, c)
		alone := c.Alone()
		if !c.Take(t.Context(), account) {
			return
		}
		if c.Alone() == alone {
			t.Fatalf("account %s is granted over the bound", account)
		}
		c.Release(account)
	}
	t.Fatal("PostgreSQL never answers in time")
}

// TestOnlineThroughFaults: while PostgreSQL hangs a login is taken by the front's own count; when it answers again, and when a standby has
// taken its place, where the table is empty, each front's sessions are known to the others again.
func TestOnlineThroughFaults(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t)
	standby := primary.Standby("standby1")
	p := storetest.OpenPostgresAt(t, pairURL(primary, standby), postgres.Options{})
	a, b := counting(t, p), counting(t, p)
	wantTaken(t, a, "x")
	wantRefused(t, b, "x")

	primary.Freeze()
	for _, c := range []*online.Counter{a, b} {
		alone := c.Alone()
		wantTaken(t, c, "y")
		if c.Alone() == alone {
			t.Error("a login is granted by a PostgreSQL that hangs")
		}
		storetest.Eventually(t, func() error { // a moment after the login that waited
			if c.LastError() == nil {
				return errors.New("it is not known yet that PostgreSQL hangs")
			}
			return nil
		})
	}
	b.Release("y")
	primary.Thaw()
	wantRefused(t, b, "x")
	wantRefused(t, b, "y")

	a.Release("y")
	primary.Stop(pgtest.Immediate)
	standby.Promote()
	admin := storetest.Session(t, standby.URL())
	storetest.Eventually(t, func() error {
		if rows := rowsOfHolders(t, admin); len(rows) != 2 {
			return fmt.Errorf("%d fronts are there", len(rows))
		}
		return nil
	})
	wantRefused(t, b, "x")
	wantTaken(t, b, "y")
}
