package journal_test

import (
	"path/filepath"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestAlteredRowGoesNowhere: rows whose bytes have changed in the file are in quarantine, and
// not in PostgreSQL; the others are, and so are rows from before there were checksums.
func TestAlteredRowGoesNowhere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	recs := storetest.Records(storetest.Day, 45)
	recs[30].Provisional = true
	for i := 20; i < 30; i++ {
		recs[i] = storetest.RelayedRecord(storetest.Day)
	}
	for i := 40; i < 45; i++ {
		recs[i] = storetest.SubmittedRecord(storetest.Day)
	}
	storetest.AppendAll(t, l, recs)
	storetest.CloseIt(t, l)
	storetest.Alter(t, path,
		// A byte of a ciphertext, by another: one in 256 is 0 already.
		"UPDATE record SET supplement = substr(supplement, 1, 255) || CASE substr(supplement, 256) WHEN x'00' THEN x'01' ELSE x'00' END WHERE seq = 3",
		"UPDATE record SET account = '88888889' WHERE seq = 5",
		"UPDATE record SET flag = 66 WHERE seq = 7", // no record at all
		"UPDATE record SET trading_day = trading_day + 1 WHERE seq = 9",
		"UPDATE record SET login_time = 'noon' WHERE seq = 11",
		"UPDATE record SET provisional = 0 WHERE seq = 31",
		"UPDATE record SET crc = crc + 1 WHERE seq = 13",
		"UPDATE record SET crc = NULL WHERE seq = 15",     // as an older binary wrote it
		"UPDATE record SET relay_mode = 2 WHERE seq = 17", // of direct mode
		"UPDATE record SET relay_app_id = 'abcdef_relay_1.6.1' WHERE seq = 21",
		"UPDATE record SET relay_app_id = NULL, relay_mode = NULL, visit_time = NULL, relay_login_time = NULL WHERE seq = 22",
		"UPDATE record SET visit_time = visit_time + 1 WHERE seq = 23",
		"UPDATE record SET relay_login_time = NULL WHERE seq = 24",
		"UPDATE record SET relay_mode = 3 WHERE seq = 25",
		"UPDATE record SET relay_mode = 'x' WHERE seq = 26",
		"UPDATE record SET relay_sealed = x'01' WHERE seq = 18", // of direct mode
		"UPDATE record SET relay_sealed = x'01' WHERE seq = 27",
		"UPDATE record SET relay_sealed = NULL WHERE seq = 41",
		"UPDATE record SET relay_sealed = relay_sealed || x'00' WHERE seq = 42",
	)
	bad := map[int]bool{3: true, 5: true, 7: true, 9: true, 11: true, 31: true, 13: true}
	for _, seq := range []int{17, 18, 21, 22, 23, 24, 25, 26, 27, 41, 42} {
		bad[seq] = true
	}
	l = storetest.OpenJournalAt(t, path, journal.Options{})
	p := storetest.OpenPostgres(t)
	f := storetest.Forward(t, l, p, forward.Options{})
	if err := f.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	var good []store.Record
	for i, r := range recs {
		if !bad[i+1] {
			good = append(good, r)
		}
	}
	storetest.WantExactly(t, p, storetest.Day, good)
	refused, err := l.Quarantine(t.Context())
	if err != nil || len(refused) != len(bad) {
		t.Fatalf("%d in quarantine, want %d, %v", len(refused), len(bad), err)
	}
	for _, r := range refused {
		if !r.Altered {
			t.Errorf("%v: %s", r.Record.ID, r.Error)
		}
	}
	if n, err := l.Release(t.Context()); n != 0 || err != nil {
		t.Errorf("%d altered records were released, %v", n, err)
	}
}

// BenchmarkChecksum is what a record of two RSA ciphertexts costs the writer more.
func BenchmarkChecksum(b *testing.B) {
	rec := storetest.Record(storetest.Day)
	b.ReportAllocs()
	for b.Loop() {
		rec.Checksum()
	}
}
