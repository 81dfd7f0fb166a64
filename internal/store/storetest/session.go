package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/test/pgtest"
)

// Session is a connection beside the store's.
func Session(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// RunSQL runs statements, or fails the test.
func RunSQL(t testing.TB, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// With adds a parameter to a URL of pgtest.
func With(url, parameter string) string { return url + "&" + parameter }

// Setting sets a setting of the whole cluster.
func Setting(t *testing.T, admin *pgx.Conn, name, value string) {
	t.Helper()
	RunSQL(t, admin, fmt.Sprintf("ALTER SYSTEM SET %s = '%s'", name, value), "SELECT pg_reload_conf()")
}

// WithoutStandby is a cluster that waits for a synchronous standby which does not exist, and a store of
// it: each COMMIT hangs.
func WithoutStandby(t *testing.T, patience time.Duration) (*pgtest.Cluster, *postgres.Store) {
	t.Helper()
	c := pgtest.Start(t)
	p := OpenPostgresAt(t, With(c.URL(), "application_name=front"), postgres.Options{BatchPatience: patience})
	if err := p.EnsurePartitions(t.Context(), []calendar.TradingDay{Day}); err != nil {
		t.Fatal(err)
	}
	Setting(t, Session(t, c.URL()), "synchronous_standby_names", "no_such_standby")
	Eventually(t, func() error { return CommitHangs(t, c) })
	return c, p
}

// CommitHangs returns nil when the setting is in force: the server takes it over some
// time after it was told to.
func CommitHangs(t *testing.T, c *pgtest.Cluster) error {
	conn := Session(t, c.URL())
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := conn.Exec(ctx, "UPDATE directory SET generation = generation"); err == nil {
		return errors.New("a COMMIT does not wait for the standby")
	}
	return nil
}

// WantInDoubt fails unless err says that the batch is in doubt.
func WantInDoubt(t *testing.T, err error) {
	t.Helper()
	var doubt *store.InDoubtError
	if !errors.As(err, &doubt) {
		t.Fatalf("error %v, want an InDoubtError", err)
	}
}
