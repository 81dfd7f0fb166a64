package storetest_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"database/sql"
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/keypair"
)

const (
	markerAddress = "203.0.113.77"
	markerPort    = "54321"
)

// markerBytes are address and port as a binary form would have them.
var markerBytes = []byte{203, 0, 113, 77, 54321 >> 8, 54321 & 0xFF}

// markedRecord is the record of a submission from the marker's address, which is in its
// supplement, and sealed beside it.
func markedRecord(t *testing.T) store.Record {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := auth.CreateMasterKey(path); err != nil {
		t.Fatal(err)
	}
	master, err := auth.LoadMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	key := keypair.RSA(0).RSA
	text := "0@client_test_1.0@" + markerAddress + "@" + markerPort + "@2026-01-05 09:00:00@@@@@88888888@1"
	rec := storetest.SubmittedRecord(storetest.Day)
	rec.RelaySealed = master.SealAddress(rec.ID, netip.MustParseAddrPort(markerAddress+":"+markerPort))
	if rec.Supplement, err = rsa.EncryptPKCS1v15(rand.Reader, &key.PublicKey, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return rec
}

// addressColumn matches the names that a column with an address or a port would have.
var addressColumn = regexp.MustCompile(`(^|_)(ip|ips|port|ports|addr|address|addresses|peer|remote|host|source)(_|$)`)

// operator_action has the host on which an operator ran a command, and front the admin listener of a front: machines of the firm, and no
// customer's address.
const (
	notOperators     = " AND t.name <> 'operator_action'"
	notOperatorsHere = " AND table_name <> 'operator_action' AND NOT (table_name = 'front' AND column_name = 'admin_address')"
)

func wantNoAddressColumn(t *testing.T, columns []string) {
	t.Helper()
	if len(columns) < 20 {
		t.Fatalf("only %d columns: nothing was tested", len(columns))
	}
	for _, c := range columns {
		if addressColumn.MatchString(c) {
			t.Errorf("column %s", c)
		}
	}
}

// TestNoAddressInLocalStore (B.1) looks at the names, and then at every byte of the files.
func TestNoAddressInLocalStore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l, err := journal.Open(t.Context(), path, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rec := markedRecord(t)
	storetest.AppendAll(t, l, []store.Record{rec})
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query("SELECT c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'" + notOperators)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var columns []string
	for rows.Next() {
		var c string
		if err := rows.Scan(&c); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	wantNoAddressColumn(t, columns)
	storetest.CloseIt(t, db)
	storetest.CloseIt(t, l)

	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Contains(content, rec.Supplement) && bytes.Contains(content, rec.RelaySealed)
		if bytes.Contains(content, []byte(markerAddress)) || bytes.Contains(content, []byte(markerPort)) || bytes.Contains(content, markerBytes) {
			t.Errorf("the address is in %s", filepath.Base(name))
		}
	}
	if !found {
		t.Error("the record is in none of the files: nothing was tested")
	}
}

// TestNoAddressInPostgres (B.1) looks at the names, and then at all rows as text.
func TestNoAddressInPostgres(t *testing.T) {
	t.Parallel()
	url := storetest.Migrated(t)
	p := storetest.OpenPostgresAt(t, url, postgres.Options{})
	rec := markedRecord(t)
	if err := p.Put(t.Context(), []store.Record{rec}); err != nil {
		t.Fatal(err)
	}
	conn := storetest.Session(t, url)
	rows, _ := conn.Query(t.Context(), "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'public'"+notOperatorsHere)
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	wantNoAddressColumn(t, columns)

	rows, _ = conn.Query(t.Context(), "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'")
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var dump strings.Builder
	for _, table := range tables {
		if _, err := conn.PgConn().CopyTo(t.Context(), &dump, "COPY (SELECT t.* FROM "+table+" t) TO STDOUT"); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(dump.String(), hex.EncodeToString(rec.RelaySealed)) {
		t.Fatal("the record is not in the dump: nothing was tested")
	}
	if strings.Contains(dump.String(), markerAddress) || strings.Contains(dump.String(), markerPort) ||
		strings.Contains(dump.String(), hex.EncodeToString(markerBytes)) {
		t.Error("the address is in a table")
	}
}
