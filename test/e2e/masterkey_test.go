package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/await"
)

// second is another front of the same firm: its own folder, the same database and keys.
func (s *site) second() *site {
	s.t.Helper()
	other := &site{t: s.t, dir: s.t.TempDir(), private: s.private, sealed: s.sealed, apps: s.apps, users: s.users}
	other.config = filepath.Join(other.dir, "tradefront.yaml")
	for _, name := range []string{"tradefront.yaml", "calendar.yaml", "public.pem", "master.key"} {
		other.write(name, s.read(name))
	}
	return other.replaceConfig("id: 1", "id: 2")
}

// authenticatePace makes some 500 authentications a second at each front, through every step of a change that takes a second or more.
const authenticatePace = 2 * time.Millisecond

// TestMasterKeyChangeUnderLoad: two fronts on one PostgreSQL, terminals that authenticate each authenticatePace, every step of the
// change, one front killed in the middle: none is refused.
func TestMasterKeyChangeUnderLoad(t *testing.T) {
	t.Parallel()
	a := newSite(t, firmDatabase(t), "auth:\n  refresh: 100ms\n")
	b := a.second()
	first, second := a.serve(), b.serve()
	load := make(chan int, 2)
	ctx, stop := context.WithCancel(t.Context())
	for _, d := range []*daemon{first, second} {
		go func() { load <- d.authenticate(ctx, t) }()
	}

	a.cli("", "masterkey", "rotate", "--begin")
	first.hangup("the master key was read again")
	b.write("master.key", a.read("master.key"))
	second.hangup("the master key was read again")
	taken := "AppIDs and accounts are up to date"
	seen := strings.Count(second.log.String(), taken)
	a.cli("", "masterkey", "rotate")
	await.True(t, "the second front to take the new codes", func() bool { return strings.Count(second.log.String(), taken) > seen })

	stop() // a killed front refuses its terminals for another reason
	n := <-load + <-load
	second.kill()
	second = b.serve() // opens the new codes from the file with both
	ctx, stop = context.WithCancel(t.Context())
	defer stop()
	for _, d := range []*daemon{first, second} {
		go func() { load <- d.authenticate(ctx, t) }()
	}
	for _, s := range []*site{a, b} {
		s.cli("", "masterkey", "rotate", "--finish")
	}
	first.hangup("the master key was read again")
	second.hangup("the master key was read again")
	stop()
	n += <-load + <-load
	t.Logf("%d authentications, none refused", n)
	if n == 0 {
		t.Error("no terminal authenticated")
	}
	for _, d := range []*daemon{first, second} {
		if strings.Contains(d.log.String(), "reading AppIDs") {
			t.Error("a front met codes that did not open")
		}
		d.stop()
	}
}

// authenticate is terminals that come one after the other until ctx ends: how many.
func (d *daemon) authenticate(ctx context.Context, t *testing.T) (n int) {
	app := d.s.apps[0]
	for pace := time.NewTicker(authenticatePace); ctx.Err() == nil; <-pace.C {
		c, err := client.Dial(t.Context(), d.address)
		if err != nil {
			t.Errorf("connect: %v", err)
			return n
		}
		_, err = c.Authenticate(t.Context(), client.Identity{BrokerID: "9999", AppID: string(app.AppID)}, app.AuthCode)
		_ = c.Close()
		if err != nil {
			t.Errorf("authentication %d: %v", n, err)
			return n
		}
		n++
	}
	return n
}
