package directory_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestBans: in both databases, and in the mirror after its next look; each change is written down with it, one that changes nothing is not.
func TestBans(t *testing.T) {
	t.Parallel()
	p := storetest.OpenPostgres(t)
	l := storetest.OpenJournal(t)
	m := storetest.OpenMirror(t, p, l)
	for _, db := range []*sqlrows.Tables{p.Tables(), storetest.OpenJournal(t).Tables()} {
		d := directory.New(db)
		want := func(networks string) {
			t.Helper()
			all, err := d.Bans(t.Context())
			if got := fmt.Sprint(networksOf(all)); err != nil || got != networks {
				t.Errorf("%s, %v, want %s", got, err, networks)
			}
			if db.DB != p.Tables().DB {
				return
			}
			before := storetest.MirrorGeneration(t, m)
			storetest.Refreshed(t, m)
			if all, err = m.Bans(t.Context()); err != nil || fmt.Sprint(networksOf(all)) != networks {
				t.Errorf("mirror: %v, %v, want %s", all, err, networks)
			}
			if storetest.MirrorGeneration(t, m) == before {
				t.Error("the mirror's generation did not move, and the front would not look")
			}
		}
		now := time.Now().Truncate(time.Microsecond)
		ban := func(network string, lasts time.Duration) directory.Ban {
			return directory.Ban{Network: netip.MustParsePrefix(network), Ends: now.Add(lasts), Created: now, By: "ops@host", Why: "scans"}
		}
		first := ban("192.0.2.7/32", time.Hour)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(d.As(action(t, "ban")).SetBan(t.Context(), first))
		if all, err := d.Bans(t.Context()); err != nil || len(all) != 1 || !all[0].Ends.Equal(first.Ends) || all[0].By != "ops@host" || all[0].Why != "scans" {
			t.Errorf("%+v, %v", all, err)
		}
		want("[192.0.2.7/32]")
		must(d.As(action(t, "ban")).SetBan(t.Context(), ban("192.0.2.7/32", 2*time.Hour))) // longer
		must(d.As(action(t, "ban")).SetBan(t.Context(), ban("2001:db8::/48", time.Hour)))
		must(d.As(action(t, "ban")).SetBan(t.Context(), ban("198.51.100.0/24", -time.Second))) // it ended before
		want("[192.0.2.7/32 2001:db8::/48]")
		must(d.As(action(t, "unban")).LiftBan(t.Context(), netip.MustParsePrefix("192.0.2.7/32")))
		for _, none := range []string{"192.0.2.7/32", "198.51.100.0/24", "203.0.113.0/24"} {
			if err := d.As(action(t, "unban")).LiftBan(t.Context(), netip.MustParsePrefix(none)); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v", none, err)
			}
		}
		want("[2001:db8::/48]")
		var said, before []string
		if err := sqlrows.EachAction(t.Context(), db, time.Time{}, func(a *store.Action) error {
			said, before = append(said, a.Command), append(before, a.Changes[0].Old)
			return nil
		}); err != nil || fmt.Sprint(said) != "[ban ban ban ban unban]" {
			t.Errorf("%v, %v", said, err)
		}
		if before[0] != "" || !strings.HasPrefix(before[1], "until 20") || before[2] != "" {
			t.Errorf("what was in force before each ban: %q", before)
		}
	}
}

func networksOf(all []directory.Ban) (networks []netip.Prefix) {
	for i := range all {
		networks = append(networks, all[i].Network)
	}
	return networks
}
