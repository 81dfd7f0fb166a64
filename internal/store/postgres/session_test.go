package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// settingsOf gives a database settings of its own, as an administrator does for a role.
func settingsOf(t *testing.T, database string, settings ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, s := range settings {
		if _, err := conn.Exec(t.Context(), fmt.Sprintf("ALTER DATABASE %q SET %s", conn.Config().Database, s)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSettingsThatAreReliedOn: with any settings of the database or the role, each connection has what
// statements and their answers rely on, and Inspect names what differs.
func TestSettingsThatAreReliedOn(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	settings := map[string][2]string{
		"client_encoding":                     {"GBK", "UTF8"},
		"statement_timeout":                   {"1000", "0"},
		"lock_timeout":                        {"1000", "0"},
		"idle_in_transaction_session_timeout": {"1000", "0"},
		"default_transaction_isolation":       {"serializable", "read committed"},
		"default_transaction_deferrable":      {"on", "off"},
		"standard_conforming_strings":         {"off", "on"},
		"client_min_messages":                 {"error", "notice"},
	}
	for name, values := range settings {
		settingsOf(t, database, name+" = '"+values[0]+"'")
	}
	p := storetest.OpenPostgresAt(t, database, postgres.Options{})
	for name, values := range settings {
		if is, err := storetest.Show(t, p, name); err != nil || is != values[1] {
			t.Errorf("%s = %s, want %s; %v", name, is, values[1], err)
		}
	}
	findings, err := p.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range settings {
		i := slices.IndexFunc(findings, func(f postgres.Finding) bool { return f.Setting == name })
		if i < 0 || !strings.HasPrefix(findings[i].Is, values[0]) || findings[i].Used != values[1] || findings[i].Because == "" {
			t.Errorf("%s is not named: %v", name, findings)
		}
	}
	if len(findings) != len(settings) {
		t.Errorf("%d findings, want %d: %v", len(findings), len(settings), findings)
	}

	apps := directory.New(p.Tables())
	if err := apps.AddApp(t.Context(), auth.App{AppID: "客户端_期货_1.0", Type: auth.AppDirect, Sealed: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	if all, err := apps.Apps(t.Context()); err != nil || len(all) != 1 || all[0].AppID != "客户端_期货_1.0" {
		t.Errorf("a Chinese AppID came back as %v, %v", all, err)
	}
	rec := storetest.Record(20260105)
	rec.AppID = "客户端_期货_1.0"
	if err := p.CopyIn(t.Context(), []store.Record{rec}); err != nil {
		t.Fatal(err)
	}
	storetest.WantExactly(t, p, 20260105, []store.Record{rec})
}

func TestInspectFindsNothingInAPlainDatabase(t *testing.T) {
	t.Parallel()
	p := storetest.Connect(t, pgtest.Database(t), postgres.Options{})
	if findings, err := p.Inspect(t.Context()); err != nil || len(findings) > 0 {
		t.Errorf("%v, %v", findings, err)
	}
}

// TestSettingOfTheURLStays: a setting that the operator's URL has is kept.
func TestSettingOfTheURLStays(t *testing.T) {
	t.Parallel()
	p := storetest.Connect(t, storetest.With(pgtest.Database(t), "statement_timeout=12345"), postgres.Options{})
	if is, err := storetest.Show(t, p, "statement_timeout"); err != nil || is != "12345ms" {
		t.Errorf("statement_timeout = %s, %v", is, err)
	}
	if findings, err := p.Inspect(t.Context()); err != nil || len(findings) > 0 {
		t.Errorf("%v, %v", findings, err)
	}
}

// TestSettingOfTheURLDoesNotHideAWarning: a URL's setting under which statements would mean something else, or a commit that no
// standby confirmed would look as one that was, is not kept, and is named.
func TestSettingOfTheURLDoesNotHideAWarning(t *testing.T) {
	t.Parallel()
	settings := map[string][2]string{
		"client_min_messages":           {"error", "notice"},
		"default_transaction_isolation": {"serializable", "read committed"},
		"standard_conforming_strings":   {"off", "on"},
	}
	url := pgtest.Database(t)
	for name, values := range settings {
		url = storetest.With(url, name+"="+values[0])
	}
	p := storetest.Connect(t, url, postgres.Options{})
	for name, values := range settings {
		if is, err := storetest.Show(t, p, name); err != nil || is != values[1] {
			t.Errorf("%s = %s, want %s; %v", name, is, values[1], err)
		}
	}
	if findings, err := p.Inspect(t.Context()); err != nil || len(findings) != len(settings) {
		t.Errorf("%v, %v", findings, err)
	}
}

// TestEncodingOfTheDatabase: one that cannot hold every character is refused by its name, and
// one that checks nothing works and is named.
func TestEncodingOfTheDatabase(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"EUC_CN", "LATIN1", "EUC_TW"} {
		p := storetest.Connect(t, pgtest.Database(t, "ENCODING '"+encoding+"' TEMPLATE template0"), postgres.Options{})
		_, err := p.Migrate(t.Context())
		if err == nil || !strings.Contains(err.Error(), "the database's encoding is "+encoding) || !strings.Contains(err.Error(), "ENCODING 'UTF8'") {
			t.Errorf("%s: %v", encoding, err)
		}
	}
	p := storetest.OpenPostgresAt(t, pgtest.Database(t, "ENCODING 'SQL_ASCII' TEMPLATE template0"), postgres.Options{})
	findings, err := p.Inspect(t.Context())
	if err != nil || len(findings) != 1 || findings[0].Setting != "server_encoding" || findings[0].Is != "SQL_ASCII" {
		t.Errorf("SQL_ASCII: %v, %v", findings, err)
	}
	if err := directory.New(p.Tables()).AddApp(t.Context(), auth.App{AppID: "客户端_期货_1.0", Type: auth.AppDirect, Sealed: []byte("x")}); err != nil {
		t.Error(err)
	}
}
