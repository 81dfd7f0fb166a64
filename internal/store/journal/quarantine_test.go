package journal_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// quarantineAll moves all records of the local store at path into its quarantine, as they are.
func quarantineAll(t *testing.T, path string) {
	t.Helper()
	const columns = "seq, record_id, trading_day, login_time, vendor_id, key_version, terminal, supplement, " +
		"flag, app_id, account, user_type, front_id, session_id, provisional, crc"
	storetest.Alter(t, path,
		"INSERT INTO quarantine ("+columns+", error) SELECT "+columns+", 'poison' FROM record",
		"DELETE FROM record")
}

// TestDiscard: what was altered can be removed, at any altered part, beside the front's
// own connection, and is not held any more; what is sound stays and can be released.
func TestDiscard(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	front := storetest.OpenJournalAt(t, path, journal.Options{})
	recs := storetest.Records(storetest.Day, 7)
	storetest.AppendAll(t, front, recs)
	quarantineAll(t, path)
	storetest.Alter(t, path,
		"UPDATE quarantine SET account = '88888889' WHERE seq = 1",
		"UPDATE quarantine SET login_time = 'noon' WHERE seq = 2", // the RecordID must be told all the same
		"UPDATE quarantine SET record_id = x'00' WHERE seq IN (3, 4)",
		"UPDATE quarantine SET trading_day = trading_day + 1 WHERE seq = 5",
		"UPDATE quarantine SET crc = NULL WHERE seq = 6", // as an older binary wrote it: sound, as far as is known
	)
	want := []struct {
		id      uuid.UUID
		altered bool
	}{{recs[0].ID, true}, {recs[1].ID, true}, {uuid.Nil, true}, {uuid.Nil, true}, {recs[4].ID, true}, {recs[5].ID, false}, {recs[6].ID, false}}
	command := storetest.OpenJournalAt(t, path, journal.Options{})
	all, err := command.Quarantine(t.Context())
	if err != nil || len(all) != len(want) {
		t.Fatalf("%d in quarantine, want %d, %v", len(all), len(want), err)
	}
	for i, r := range all {
		if r.Seq != int64(i+1) || r.Record.ID != want[i].id || r.Altered != want[i].altered {
			t.Errorf("%d: %+v, want %+v", i, r, want[i])
		}
		err := command.Discard(t.Context(), r.Seq)
		if r.Altered && err != nil || !r.Altered && !errors.Is(err, store.ErrSound) {
			t.Errorf("discard %d: %v", i, err)
		}
		if again := command.Discard(t.Context(), r.Seq); r.Altered && !errors.Is(again, store.ErrNotFound) {
			t.Errorf("discard %d again: %v", i, again)
		}
	}
	held, _, err := front.Held(t.Context())
	if err != nil || len(held) != 1 || held[storetest.Day] != (store.Held{Quarantined: 2}) {
		t.Errorf("held %v, %v; want the two sound ones in quarantine", held, err)
	}
	if n, err := command.Release(t.Context()); n != 2 || err != nil {
		t.Errorf("%d released, %v; want the two sound ones", n, err)
	}
	storetest.WantExactly(t, front, storetest.Day, recs[5:])
}
