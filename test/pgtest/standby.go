package pgtest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tradefront/tradefront/test/testmain"
)

// Standby makes a cluster that streams from c under that application name, and returns
// once it takes connections. It is removed at the end of the test.
func (c *Cluster) Standby(name string) *Cluster {
	c.t.Helper()
	return c.StandbyIn(testmain.Memory(), name)
}

// StandbyIn is Standby with the cluster below dir; see StartIn.
func (c *Cluster) StandbyIn(dir, name string) *Cluster {
	c.t.Helper()
	s, err := makeServer(dir, func(s *server) error { return c.follow(s, name) })
	if err != nil {
		c.t.Fatal("pgtest: ", err)
	}
	return started(c.t, s)
}

// Synchronous makes each COMMIT wait for the standby of that application name, and returns
// once it does; with "" it waits for none.
func (c *Cluster) Synchronous(name string) {
	c.t.Helper()
	c.SQL(fmt.Sprintf("ALTER SYSTEM SET synchronous_standby_names = '%s'", name))
	c.SQL("SELECT pg_reload_conf()")
	inForce := "SELECT current_setting('synchronous_standby_names') = ''"
	if name != "" {
		inForce = fmt.Sprintf("SELECT count(*) = 1 FROM pg_stat_replication WHERE application_name = '%s' AND sync_state = 'sync'", name)
	}
	c.await("the standby to be waited for", inForce)
}

// Promote makes a standby the primary and returns once it writes. It waits for no standby
// of its own until Synchronous: what its primary waited for was this server itself.
func (c *Cluster) Promote() {
	c.t.Helper()
	// Set before the promotion, so that no COMMIT of the new primary waits for itself.
	c.SQL("ALTER SYSTEM SET synchronous_standby_names = ''")
	c.SQL("SELECT pg_reload_conf()")
	c.SQL("SELECT pg_promote(false)") // one that waits can be cancelled by what is replayed meanwhile
	c.await("the end of recovery", "SELECT NOT pg_is_in_recovery()")
}

// SQL runs one statement, or several, as a superuser and not through any proxy, and returns the rows: a line each,
// the columns with | between.
func (c *Cluster) SQL(statement string) string {
	c.t.Helper()
	return c.SQLIn("postgres", statement)
}

// SQLIn is SQL in another database of the cluster.
func (c *Cluster) SQLIn(database, statement string) string {
	c.t.Helper()
	out, err := c.server.query(c.server.url(database), statement)
	if err != nil {
		c.t.Fatalf("pgtest: %s: %v", statement, err)
	}
	return out
}

// Try is SQL for a statement that may fail.
func (c *Cluster) Try(statement string) error {
	_, err := c.server.query(c.URL(), statement)
	return err
}

// query is SQL in the database of that URL. With an error it returns no rows.
func (s *server) query(url, statement string) (string, error) {
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	results, err := conn.Exec(ctx, statement).ReadAll()
	if err != nil {
		return "", err
	}
	var lines []string
	for _, result := range results {
		for _, row := range result.Rows {
			lines = append(lines, string(bytes.Join(row, []byte("|"))))
		}
	}
	return strings.Join(lines, "\n"), nil
}

// await returns when the query's result is true. On a standby what is replayed may cancel a query.
func (c *Cluster) await(what, query string) {
	c.t.Helper()
	deadline := time.Now().Add(startPatience)
	for {
		if said, err := c.server.query(c.URL(), query); err == nil && said == "t" {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("pgtest: waited %v for %s:\n%s", startPatience, what, c.server.log())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Followed reports whether the standby of that name streams from the cluster, which then commits.
func (c *Cluster) Followed(name string) bool {
	said, err := c.server.query(c.URL(), fmt.Sprintf(
		"SELECT count(*) = 1 FROM pg_stat_replication WHERE application_name = '%s' AND sync_state = 'sync' AND state = 'streaming'", name))
	return err == nil && said == "t"
}

// Log is the end of what the server has logged.
func (c *Cluster) Log() string { return c.server.log() }

// Address is the host:port of the cluster.
func (c *Cluster) Address() string { return fmt.Sprintf("127.0.0.1:%d", c.server.port) }

// Ended reports whether the server ended by itself: without room for
// its log it does.
func (c *Cluster) Ended() bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.server.cmd == nil {
		return false
	}
	select {
	case <-c.server.exited:
		return true
	default:
		return false
	}
}
