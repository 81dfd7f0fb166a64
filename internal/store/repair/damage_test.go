package repair_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/repair"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// flipIn flips a bit of what in the first page of that kind that holds it.
func flipIn(t *testing.T, path string, kind byte, what []byte) {
	t.Helper()
	b := storetest.ReadFile(t, path)
	for at := 4096; at < len(b); at += 4096 {
		if page := b[at : at+4096]; page[0] == kind {
			if i := bytes.Index(page, what); i >= 0 {
				page[i+len(what)/2] ^= 0x10
				storetest.WriteFile(t, path, b)
				return
			}
		}
	}
	t.Fatal("no such page")
}

// TestDamageMetInUse: damage that fails every delete is found by a check, and remembered by the
// next start if it was not: it moves the store away, and nothing but the altered row is lost.
func TestDamageMetInUse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		kind byte // of the page
		lost int
	}{
		{"a RecordID in the index", 0x0a, 0},
		{"a RecordID in its row", 0x0d, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "local.db")
			l := storetest.OpenJournalAt(t, path, journal.Options{})
			recs := storetest.Records(storetest.Day, 40)
			storetest.AppendAll(t, l, recs)
			storetest.CloseIt(t, l)
			flipIn(t, path, test.kind, recs[20].ID[:])
			if _, err := repair.Check(t.Context(), path); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("the check: %v", err)
			}

			l = storetest.OpenJournalAt(t, path, journal.Options{})
			p := storetest.OpenPostgres(t)
			f := storetest.Forward(t, l, p, forward.Options{})
			storetest.Eventually(t, func() error {
				rec := storetest.Record(storetest.Day)
				rec.TradingDay++ // some come before it is met
				if _, err := l.Append(t.Context(), &rec); !errors.Is(err, store.ErrBroken) {
					return errors.New("records are taken")
				}
				return nil
			})
			f.Close()
			storetest.CloseIt(t, l)

			if in, err := repair.Inspect(t.Context(), path); err != nil || !errors.Is(in.Damage, store.ErrDamaged) {
				t.Errorf("inspect: %v, %v", in.Damage, err)
			}
			if _, err := repair.Check(t.Context(), path); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "met while it was in use") {
				t.Fatalf("the next start of a large store would open it again: %v", err)
			}
			corrupt, err := localfile.MoveCorrupt(path, storetest.Noon)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := repair.Check(t.Context(), path); err != nil {
				t.Errorf("with the store, what was noted of it has gone: %v", err)
			}
			l = storetest.OpenJournalAt(t, path, journal.Options{})
			storetest.Forward(t, l, p, forward.Options{IdlePoll: 20 * time.Millisecond})
			if did, err := repair.Recover(t.Context(), l, corrupt, nil); err != nil || did.Altered != int64(test.lost) {
				t.Errorf("%+v, %v", did, err)
			}
			storetest.WantEmpty(t, l)
			if n := len(storetest.Stored(t, p, storetest.Day)); n != len(recs)-test.lost {
				t.Errorf("%d records, want %d", n, len(recs)-test.lost)
			}
		})
	}
}

// TestDayFlippedInAnIndex: a report finds the records of a day by an index. One that has a row
// under a later day ends there, and leaves out all that come after it; the check tells before.
func TestDayFlippedInAnIndex(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	recs := storetest.Records(storetest.Day, 40)
	storetest.AppendAll(t, l, recs)
	storetest.CloseIt(t, l)
	key := append(binary.BigEndian.AppendUint32(nil, uint32(storetest.Day)), recs[20].ID[:]...)
	b := storetest.ReadFile(t, path)
	i := bytes.Index(b, key)
	if i < 0 {
		t.Fatal("no such entry")
	}
	b[i+3] ^= 2 // a later day
	storetest.WriteFile(t, path, b)
	if _, err := repair.Check(t.Context(), path); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("the check: %v", err)
	}
	in, err := repair.Inspect(t.Context(), path)
	if err != nil || !errors.Is(in.Damage, store.ErrDamaged) {
		t.Errorf("inspect: %v, %v", in.Damage, err)
	}
	l = storetest.OpenJournalAt(t, path, journal.Options{})
	if n := len(storetest.Stored(t, l, storetest.Day)); n == len(recs) {
		t.Errorf("%d records by the index, want less: is this test what it was?", n)
	}
}

// TestNotedDamageOfAnother: what was noted of a file that an operator removed says nothing of the
// next one.
func TestNotedDamageOfAnother(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	storetest.WriteFile(t, path+".damaged", []byte("malformed\n"))
	storetest.CloseIt(t, storetest.OpenJournalAt(t, path, journal.Options{}))
	if whole, err := repair.Check(t.Context(), path); !whole || err != nil {
		t.Errorf("whole %v, %v", whole, err)
	}
}
