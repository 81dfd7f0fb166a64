package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/pgtest"
)

// visit logs in and returns the code of the answer, with the session if there is one.
func (d *daemon) visit(t *testing.T, user string) (*client.Conn, int) {
	t.Helper()
	c, err := d.enter(t, d.s.apps[0].AuthCode)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = login(t, c, password, func(r *client.LoginRequest) { r.UserID = user }); err != nil {
		_ = c.Close()
	}
	return c, code(t, err)
}

func (d *daemon) wantIn(t *testing.T, user string) *client.Conn {
	t.Helper()
	c, got := d.visit(t, user)
	if got != 0 {
		t.Fatalf("%s is answered %d, want a session", user, got)
	}
	return c
}

// wantCounted wants a session that PostgreSQL has granted, so that the other fronts know it. On a busy machine PostgreSQL may answer too late:
// then the front's own count grants it, which its metric says; the session is ended, and it tries again.
func (d *daemon) wantCounted(t *testing.T, user string) *client.Conn {
	t.Helper()
	for range 20 {
		d.awaitPage(t, "/readyz", together)
		before, sessions := d.countedAlone(t), d.sessions(t)
		c := d.wantIn(t, user)
		if d.countedAlone(t) == before {
			return c
		}
		d.endOf(t, c, sessions)
	}
	t.Fatal("PostgreSQL never answers in time")
	return nil
}

// endOf logs out, and waits until the front counts so many sessions.
func (d *daemon) endOf(t *testing.T, c *client.Conn, left float64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := c.Logout(ctx); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	await.Every(t, 20*time.Millisecond, "a session that was logged out to end", func() bool { return d.sessions(t) == left })
}

// awaitIn logs in, again as long as the account has all its sessions.
func (d *daemon) awaitIn(t *testing.T, user, what string) (c *client.Conn) {
	t.Helper()
	await.Every(t, 50*time.Millisecond, what, func() bool {
		var got int
		if c, got = d.visit(t, user); got != 0 && got != 60 {
			t.Fatalf("%s is answered %d, want 0 or 60", user, got)
		}
		return got == 0
	})
	return c
}

// together is what /readyz says while sessions are counted over all fronts.
const together = `"reason":"sessions of an account are counted over all fronts"`

// wantFull wants that PostgreSQL refuses another session of an account, of which this front has none. On a busy machine PostgreSQL may answer too
// late: then the front's own count has let it in, which its metric says. That session has to end before it tries again: else the front would
// refuse by its own count.
func (d *daemon) wantFull(t *testing.T, user string) {
	t.Helper()
	for range 20 {
		d.awaitPage(t, "/readyz", together)
		before, sessions := d.countedAlone(t), d.sessions(t)
		c, got := d.visit(t, user)
		switch {
		case got == 60:
			return
		case got != 0, d.countedAlone(t) == before:
			t.Fatalf("%s is answered %d, want 60", user, got)
		}
		d.endOf(t, c, sessions)
	}
	t.Fatal("PostgreSQL never answers in time")
}

// countedAlone is how many logins the front's own count has granted, once the front says so.
func (d *daemon) countedAlone(t *testing.T) float64 {
	t.Helper()
	const name = "tradefront_logins_counted_alone_total"
	d.awaitPage(t, "/metrics", "\n"+name+" ")
	return d.metric(t, name)
}

// sessions is how many are logged in at this front.
func (d *daemon) sessions(t *testing.T) float64 {
	t.Helper()
	return d.metric(t, "tradefront_sessions")
}

func (d *daemon) awaitLog(t *testing.T, text string) {
	t.Helper()
	await.True(t, "the log to say: "+text, func() bool { return strings.Contains(d.log.String(), text) })
}

// TestSessionsOverAllFronts: core.sessions_per_user bounds an account at two fronts together: while they run, when one is killed, through a live
// upgrade, and after PostgreSQL has crashed. While PostgreSQL is away each front counts its own.
func TestSessionsOverAllFronts(t *testing.T) {
	t.Parallel()
	const other = "77777777"
	const alone = "sessions of an account are counted at this front alone"
	cluster := pgtest.Start(t)
	s := newSite(t, cluster.URL(), "").replaceConfig("core:\n", "core:\n  sessions_per_user: 1\n")
	s.addAccount(other, "1")
	second := s.secondFront()
	second.users = s.users
	a, b := s.serve(), second.serve()
	a.wantCounted(t, account)
	b.wantFull(t, account)
	b.wantCounted(t, other)
	a.wantFull(t, other)

	a.kill()
	session := b.awaitIn(t, account, "the sessions of a front that was killed to end at the others")

	u := b.upgradable(t)
	u.upgrade()
	u.awaitPage(t, "/readyz", together)
	a = s.serve()
	a.wantFull(t, account) // the session was handed over
	u.endOf(t, session, 1) // that of the other account is left
	a.awaitIn(t, account, "a session that was logged out to end at the others")

	cluster.Stop(pgtest.Immediate)
	u.wantIn(t, account)
	a.wantIn(t, other)
	for _, d := range []*daemon{a, u.daemon} {
		d.awaitPage(t, "/readyz", alone)
	}
	u.awaitLog(t, alone) // it looks once a second, and PostgreSQL may be back in less
	cluster.Start()
	for _, d := range []*daemon{a, u.daemon} {
		d.awaitPage(t, "/readyz", together)
	}
	s.addAccount("66666666", "1")
	a.awaitPage(t, "/readyz", `"reason":"3 accounts`)
	third := a.wantCounted(t, "66666666")
	u.awaitPage(t, "/readyz", `"reason":"3 accounts`)
	u.wantFull(t, "66666666")
	_ = third.Close()
	a.stop()
	u.awaitIn(t, "66666666", "the sessions of a front that has stopped to end at the others")
	u.awaitLog(t, "sessions of an account are counted over all fronts again")
	u.end()
}
