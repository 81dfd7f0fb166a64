package main

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestLoadtestPrepareAndRemove: a population is made whole, found by its file, and removed without touching what an operator
// made, in either database.
func TestLoadtestPrepareAndRemove(t *testing.T) {
	for name, url := range map[string]func() string{"embedded": func() string { return "" }, "postgres": func() string { return pgtest.Database(t) }} {
		t.Run(name, func(t *testing.T) {
			newSite(t)
			d := storeOfSite(t, url())
			prepare := "loadtest prepare -c tradefront.yaml --accounts 450 --apps 12 --sm4 2 --relays 2 --investor-relays 1 --out p.json"
			play(t, []step{
				{prepare, "", 0, "made 450 accounts (LT0000001 to LT0000450), 12 AppIDs and 3 relays in …p.json has their password and authcodes;…", ""},
				{prepare, "", 1, "", "…--out p.json is there already…"},
				{strings.Replace(prepare, "p.json", "q.json", 1), "", 1, "", "…the store has accounts already: 452…--beside-real-accounts"},
				{strings.Replace(prepare, "p.json", "q.json --beside-real-accounts", 1), "", 1, "", "…begins with LT, is there; nothing was changed…"},
			})
			if _, err := os.Stat("q.json"); err == nil {
				t.Error("a refused population left its file")
			}
			p, err := population.Read("p.json")
			if err != nil {
				t.Fatal(err)
			}
			wantPopulation(t, d, p)
			play(t, []step{
				{"account add -c tradefront.yaml --account LT0000451 --password-file -", "of a customer\n", 0, "…", ""},
				{"app add -c tradefront.yaml --app-id real_app_1.0", "", 0, "…", ""},
			})
			// An account of the population that an operator made anew is the operator's.
			if _, err := d.Remove(t.Context(), directory.Removal{Accounts: func(yield func(regulation.Account) bool) { yield("LT0000007") }}, nil); err != nil {
				t.Fatal(err)
			}
			play(t, []step{
				{"account add -c tradefront.yaml --account LT0000007 --password-file -", "of a customer\n", 0, "…", ""},
				{"loadtest remove -c tradefront.yaml p.json", "", 0, "removed 451 accounts and 15 AppIDs;…\n1 names of the file were not there, or…", ""},
				{"loadtest remove -c tradefront.yaml p.json", "", 0, "removed 0 accounts and 0 AppIDs;…\n467 names…", ""},
				{"account list -c tradefront.yaml", "", 0, "ACCOUNT…\nLT0000007…\nLT0000451…", ""},
				{"relay list -c tradefront.yaml", "", 0, "…", ""},
			})
			if apps, err := d.Apps(t.Context()); err != nil || len(apps) != 1 || apps[0].AppID != "real_app_1.0" {
				t.Errorf("AppIDs %v, %v, want the operator's alone", apps, err)
			}
			if relays, grants, err := d.Relays(t.Context()); err != nil || len(relays)+len(grants) != 0 {
				t.Errorf("%d relays and %d grants are left, %v", len(relays), len(grants), err)
			}
			wantAudited(t)
		})
	}
}

// storeOfSite is the directory of the site in this folder, in PostgreSQL if there is a URL.
func storeOfSite(t *testing.T, url string) *directory.Directory {
	t.Helper()
	if url == "" {
		return directory.New(storetest.OpenJournalAt(t, "tradefront.db", journal.Options{}).Tables())
	}
	write(t, "tradefront.yaml", siteConfig+"store:\n  driver: postgres\n  url: \""+url+"\"\n")
	return directory.New(storetest.OpenPostgresAt(t, url, postgres.Options{}).Tables())
}

func wantPopulation(t *testing.T, d *directory.Directory, p *population.Population) {
	t.Helper()
	accounts, err := d.Accounts(t.Context())
	if err != nil || len(accounts) != 452 {
		t.Fatalf("%d accounts, %v, want 450 and 2 operators", len(accounts), err)
	}
	operators := 0
	for _, a := range accounts {
		if _, is := p.Index(a.Account); !is && a.UserType == regulation.UserOperator {
			operators++
		}
		if a.PasswordHash != accounts[0].PasswordHash || !a.Created.Equal(p.Made) {
			t.Fatalf("%+v", a)
		}
	}
	if operators != 2 {
		t.Errorf("%d operators, want 2", operators)
	}
	wantAcceptedAs(t, d, p.Account(449), p.Password, regulation.UserCustomer)
	relays, grants, err := d.Relays(t.Context())
	if err != nil || len(relays) != 3 || len(grants) != 2 || grants[0].Value != "LT" {
		t.Errorf("relays %v, grants %v, %v", relays, grants, err)
	}
}

// wantAcceptedAs: the local core takes the password.
func wantAcceptedAs(t *testing.T, d *directory.Directory, account regulation.Account, password string, kind regulation.UserType) {
	t.Helper()
	verifier, err := local.New(d, local.Options{
		Params: local.Params{MemoryKiB: 1024, Iterations: 1}, HashQueue: 1, LockFailures: 1, LockSourceFailures: 1, LockDecay: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	user, err := verifier.Verify(t.Context(), &core.Attempt{
		Account: account, Password: []byte(password), Source: netip.MustParseAddrPort("127.0.0.1:1"),
	})
	if err != nil || user.UserType != kind {
		t.Errorf("%+v, %v", user, err)
	}
}

func wantAudited(t *testing.T) {
	t.Helper()
	log := read(t, "audit.jsonl")
	for _, want := range []string{
		`"event":"loadtest_prepared","reason":"ok"`, `"text":"450 accounts, 12 AppIDs, 3 relays; LT"`,
		`"text":"451 accounts, 15 AppIDs, 0 relays; LT"`,
	} {
		if strings.Count(log, want) != 1 {
			t.Errorf("the audit log lacks %s:\n%s", want, log)
		}
	}
}
