package store_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// flipIn flips a bit of what in the first page of that kind that holds it.
func flipIn(t *testing.T, path string, kind byte, what []byte) {
	t.Helper()
	b := readFile(t, path)
	for at := 4096; at < len(b); at += 4096 {
		if page := b[at : at+4096]; page[0] == kind {
			if i := bytes.Index(page, what); i >= 0 {
				page[i+len(what)/2] ^= 0x10
				writeFile(t, path, b)
				return
			}
		}
	}
	t.Fatal("no such page")
}

// TestDamageMetInUse: damage that fails every delete is found by a check, and remembered by the
// next start if it was not: it sets the store aside, and nothing but the altered row is lost.
func TestDamageMetInUse(t *testing.T) {
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
			l := openLocalAt(t, path, store.LocalOptions{})
			recs := storetest.Records(storetest.Day, 40)
			appendAll(t, l, recs)
			closeIt(t, l)
			flipIn(t, path, test.kind, recs[20].ID[:])
			if _, err := store.CheckLocal(t.Context(), path); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("the check: %v", err)
			}

			l = openLocalAt(t, path, store.LocalOptions{})
			p := openPostgres(t)
			f := startForwarder(t, l, p, store.ForwarderOptions{})
			eventually(t, func() error {
				rec := storetest.Record(storetest.Day)
				rec.TradingDay++ // some come before it is met
				if _, err := l.Append(t.Context(), &rec); !errors.Is(err, store.ErrBroken) {
					return errors.New("records are taken")
				}
				return nil
			})
			f.Close()
			closeIt(t, l)

			if in, err := store.InspectLocal(t.Context(), path); err != nil || !errors.Is(in.Damage, store.ErrDamaged) {
				t.Errorf("inspect: %v, %v", in.Damage, err)
			}
			if _, err := store.CheckLocal(t.Context(), path); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "met while it was in use") {
				t.Fatalf("the next start of a large store would open it again: %v", err)
			}
			aside, err := store.MoveAside(path, noon)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.CheckLocal(t.Context(), path); err != nil {
				t.Errorf("with the store, what was noted of it has gone: %v", err)
			}
			l = openLocalAt(t, path, store.LocalOptions{})
			startForwarder(t, l, p, store.ForwarderOptions{})
			if did, err := store.Recover(t.Context(), l, aside, nil); err != nil || did.Altered != int64(test.lost) {
				t.Errorf("%+v, %v", did, err)
			}
			wantEmpty(t, l)
			if n := len(stored(t, p, storetest.Day)); n != len(recs)-test.lost {
				t.Errorf("%d records, want %d", n, len(recs)-test.lost)
			}
		})
	}
}

// TestDayFlippedInAnIndex: a report finds the records of a day by an index. One that has a row
// under a later day ends there, and leaves out all that come after it; the check tells before.
func TestDayFlippedInAnIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	l := openLocalAt(t, path, store.LocalOptions{})
	recs := storetest.Records(storetest.Day, 40)
	appendAll(t, l, recs)
	closeIt(t, l)
	key := append(binary.BigEndian.AppendUint32(nil, uint32(storetest.Day)), recs[20].ID[:]...)
	b := readFile(t, path)
	i := bytes.Index(b, key)
	if i < 0 {
		t.Fatal("no such entry")
	}
	b[i+3] ^= 2 // a later day
	writeFile(t, path, b)
	if _, err := store.CheckLocal(t.Context(), path); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("the check: %v", err)
	}
	in, err := store.InspectLocal(t.Context(), path)
	if err != nil || !errors.Is(in.Damage, store.ErrDamaged) {
		t.Errorf("inspect: %v, %v", in.Damage, err)
	}
	l = openLocalAt(t, path, store.LocalOptions{})
	if n := len(stored(t, l, storetest.Day)); n == len(recs) {
		t.Errorf("%d records by the index, want less: is this test what it was?", n)
	}
}

// TestNotedDamageOfAnother: what was noted of a file that somebody removed says nothing of the
// next one.
func TestNotedDamageOfAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	writeFile(t, path+".damaged", []byte("malformed\n"))
	closeIt(t, openLocalAt(t, path, store.LocalOptions{}))
	if whole, err := store.CheckLocal(t.Context(), path); !whole || err != nil {
		t.Errorf("whole %v, %v", whole, err)
	}
}
