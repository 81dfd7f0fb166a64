package e2e

import (
	"context"
	"regexp"
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

// wantFull wants that an account has all its sessions. On a busy machine PostgreSQL may answer too late: then the front's own count has let
// it in, which its metric says, and it tries again.
func (d *daemon) wantFull(t *testing.T, user string) {
	t.Helper()
	for range 20 {
		d.awaitPage(t, "/readyz", together)
		before := d.countedAlone(t)
		c, got := d.visit(t, user)
		switch {
		case got == 60:
			return
		case got != 0, d.countedAlone(t) == before:
			t.Fatalf("%s is answered %d, want 60", user, got)
		}
		_ = c.Close()
	}
	t.Fatal("PostgreSQL never answers in time")
}

var aloneMetric = regexp.MustCompile(`(?m)^tradefront_logins_counted_alone_total (\d+)`)

func (d *daemon) countedAlone(t *testing.T) string {
	t.Helper()
	_, page := d.get(t, "/metrics")
	m := aloneMetric.FindStringSubmatch(page)
	if m == nil {
		t.Fatal("the front has no metric of logins that were counted alone")
	}
	return m[1]
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
	a.wantIn(t, account)
	b.wantFull(t, account)
	b.wantIn(t, other)
	a.wantFull(t, other)

	a.kill()
	session := b.awaitIn(t, account, "the sessions of a front that was killed to end at the others")

	u := b.upgradable(t)
	u.upgrade()
	u.awaitPage(t, "/readyz", together)
	a = s.serve()
	a.wantFull(t, account) // the session was handed over
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := session.Logout(ctx); err != nil {
		t.Fatal(err)
	}
	a.awaitIn(t, account, "a session that was logged out to end at the others")

	cluster.Stop(pgtest.Immediate)
	u.wantIn(t, account)
	a.wantIn(t, other)
	for _, d := range []*daemon{a, u.daemon} {
		d.awaitPage(t, "/readyz", alone)
	}
	cluster.Start()
	for _, d := range []*daemon{a, u.daemon} {
		d.awaitPage(t, "/readyz", together)
	}
	s.addAccount("66666666", "1")
	a.awaitPage(t, "/readyz", `"reason":"3 accounts`)
	third := a.wantIn(t, "66666666")
	u.awaitPage(t, "/readyz", `"reason":"3 accounts`)
	u.wantFull(t, "66666666")
	_ = third.Close()
	a.stop()
	u.awaitIn(t, "66666666", "the sessions of a front that has stopped to end at the others")
	if log := u.log.String(); strings.Count(log, alone) == 0 || !strings.Contains(log, "sessions of an account are counted over all fronts again") {
		t.Errorf("the log does not say when sessions were counted alone: %s", log)
	}
	u.end()
}
