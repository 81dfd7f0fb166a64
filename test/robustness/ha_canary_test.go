package robustness

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// canary writes at every PostgreSQL directly, past Patroni, HAProxy and every cut: what any of them confirms must be in
// the one that is the primary in the end. Two primaries at once that both confirm would lose the COMMITs of one.
type canary struct {
	mu        sync.Mutex
	last      int64
	confirmed map[int64]string // by number of the row: the machine that confirmed it
	stop      context.CancelFunc
	wg        sync.WaitGroup
}

const (
	canaryPace = 300 * time.Millisecond
	// canaryPatience is how long it waits for a COMMIT; then it is in doubt, and says nothing.
	canaryPatience = 3 * time.Second
)

func startCanary(ctx context.Context, c *cluster) (*canary, error) {
	conn, err := pgx.Connect(ctx, c.leaderURL())
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "CREATE TABLE canary (n bigint PRIMARY KEY)")
	_ = conn.Close(ctx)
	if err != nil {
		return nil, err
	}
	k := &canary{confirmed: map[int64]string{}}
	ctx, k.stop = context.WithCancel(ctx)
	for _, m := range c.db {
		k.wg.Go(func() { k.write(ctx, m) })
	}
	return k, nil
}

func (k *canary) end() {
	k.stop()
	k.wg.Wait()
}

// write goes on at one machine until ctx ends.
func (k *canary) write(ctx context.Context, m *machine) {
	tick := time.NewTicker(canaryPace)
	defer tick.Stop()
	var conn *pgx.Conn
	warned := false
	for {
		select {
		case <-ctx.Done():
			closeNow(conn)
			return
		case <-tick.C:
		}
		if conn == nil {
			conn = dialCanary(ctx, m, &warned)
			continue
		}
		k.mu.Lock()
		k.last++
		n := k.last
		k.mu.Unlock()
		warned = false
		once, cancel := context.WithTimeout(ctx, canaryPatience)
		_, err := conn.Exec(once, "INSERT INTO canary VALUES ($1)", n)
		cancel()
		if err != nil || warned { // the warning: it was not waited for a standby
			closeNow(conn)
			conn = nil
			continue
		}
		k.mu.Lock()
		k.confirmed[n] = m.name
		k.mu.Unlock()
	}
}

// dialCanary is nil while the machine takes no connection.
func dialCanary(ctx context.Context, m *machine, warned *bool) *pgx.Conn {
	cfg, err := pgx.ParseConfig(urlOf(m))
	if err != nil {
		return nil
	}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { *warned = *warned || n.Severity == "WARNING" }
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil
	}
	return conn
}

func closeNow(conn *pgx.Conn) {
	if conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = conn.Close(ctx) // with the machine frozen there is no answer to it
	}
}

// lost are the confirmed rows that the primary does not have, each with the machine that confirmed it; all is how many were
// confirmed.
func (k *canary) lost(ctx context.Context, url string) (lost []string, all int, err error) {
	k.mu.Lock()
	want := make(map[int64]string, len(k.confirmed))
	for n, name := range k.confirmed {
		want[n] = name
	}
	k.mu.Unlock()
	all = len(want)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, all, err
	}
	defer closeNow(conn)
	rows, err := conn.Query(ctx, "SELECT n FROM canary")
	if err != nil {
		return nil, all, err
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, n := range there {
		delete(want, n)
	}
	for n, name := range want {
		lost = append(lost, fmt.Sprintf("row %d, confirmed by %s", n, name))
	}
	return lost, all, err
}
