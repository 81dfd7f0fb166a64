package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/pgtest"
	firm "github.com/tradefront/tradefront/test/site"
)

// breakDatabase breaks PostgreSQL under a front that has the front.id of another.
func (w *watched) breakDatabase(t *testing.T) {
	s := w.siteAt(t, w.twin, firm.Options{Store: "  max_rows: 20\n", More: "limits: {refusals: 100000, penalties: {sources: 0}}\n"})
	s.replaceConfig("core:\n", "core:\n  sessions_per_user: 1000\n")
	d := s.serve()
	w.scrapes(t, w.twin)
	w.quiet(t, w.twin, "TradefrontForwardingSlow", "TradefrontRecordInQuarantine", "TradefrontDayNotForwarded", "TradefrontPostgresAway",
		"TradefrontForwardingFails", "TradefrontLocalStoreNearBound", "TradefrontShedsLogins", "TradefrontNotReady", "TradefrontSessionsCountedAlone")

	w.slowDatabase(t, d)
	url := w.cluster.URL()
	execute(t, url, "ALTER TABLE record ADD CONSTRAINT mistake CHECK (account <> '77777777')")
	d.mustLogIn(t, "77777777")
	w.fires(t, w.twin, "TradefrontRecordInQuarantine")
	execute(t, url, "ALTER TABLE record DROP CONSTRAINT mistake")
	execute(t, url, "ALTER TABLE record RENAME TO elsewhere")
	d.mustLogIn(t, account)
	w.fires(t, w.twin, "TradefrontDayNotForwarded")
	execute(t, url, "ALTER TABLE elsewhere RENAME TO record")

	w.fires(t, w.twin, "TradefrontFrontIDTwice")
	w.cluster.Stop(pgtest.Immediate)
	for range 17 {
		d.mustLogIn(t, account)
	}
	w.fires(t, w.twin, "TradefrontPostgresAway", "TradefrontForwardingFails", "TradefrontLocalStoreNearBound", "TradefrontSessionsCountedAlone")
	await.Every(t, 10*time.Millisecond, "the local store to be full", func() bool { return code(t, d.tryLogIn(t, account)) == 90 })
	c, err := d.enter(t, s.apps[0].AuthCode)
	if err != nil {
		t.Fatal(err)
	}
	for range 350 {
		if _, err := login(t, c, password, nil); code(t, err) != 90 {
			t.Fatalf("a login at a full store: %v", err)
		}
	}
	w.fires(t, w.twin, "TradefrontShedsLogins", "TradefrontNotReady")
	d.kill()
}

// slowDatabase keeps the table of records locked while a login is forwarded.
func (w *watched) slowDatabase(t *testing.T, d *daemon) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range []string{"BEGIN", "LOCK TABLE record"} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	d.mustLogIn(t, account)
	await.Every(t, 100*time.Millisecond, "a record to have waited for three seconds", func() bool {
		return w.value(t, fmt.Sprintf("tradefront_oldest_pending_seconds{instance=%q} > 3", w.twin)) != ""
	})
	if _, err := conn.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	w.fires(t, w.twin, "TradefrontForwardingSlow")
}

// tryLogIn is one login on a connection of its own.
func (d *daemon) tryLogIn(t testing.TB, user string) error {
	t.Helper()
	c, err := d.enter(t, d.s.apps[0].AuthCode)
	if err != nil {
		return err
	}
	_, err = login(t, c, password, as(user))
	return err
}

func (d *daemon) mustLogIn(t testing.TB, user string) {
	t.Helper()
	if err := d.tryLogIn(t, user); err != nil {
		t.Fatal(err)
	}
}
