package repair_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/repair"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// damage changes the bytes of a store's file and log.
type damage struct {
	name string
	do   func(r *rand.Rand, file, log []byte) ([]byte, []byte)
	// keeps is the least part of the rows, in percent, that must be saved at any seed.
	keeps int
}

func flip(r *rand.Rand, b []byte, n int) {
	for range n {
		b[r.IntN(len(b))] ^= byte(1 + r.IntN(255))
	}
}

var damages = []damage{
	{"nothing", func(_ *rand.Rand, f, l []byte) ([]byte, []byte) { return f, l }, 100},
	{"1 byte of the file", func(r *rand.Rand, f, l []byte) ([]byte, []byte) { flip(r, f, 1); return f, l }, 98},
	{"100 bytes of the file", func(r *rand.Rand, f, l []byte) ([]byte, []byte) { flip(r, f, 100); return f, l }, 50},
	{"10 bytes of the log", func(r *rand.Rand, f, l []byte) ([]byte, []byte) { flip(r, l, 10); return f, l }, 90},
	{"header zeroed", func(_ *rand.Rand, f, l []byte) ([]byte, []byte) { clear(f[:100]); return f, l }, 100},
	{"the log's header zeroed", func(_ *rand.Rand, f, l []byte) ([]byte, []byte) { clear(l[:32]); return f, l }, 100},
	{"ten pages of noise", func(r *rand.Rand, f, l []byte) ([]byte, []byte) {
		for range 10 {
			page := f[r.IntN(len(f)/4096)*4096:][:4096]
			flip(r, page, 3000)
		}
		return f, l
	}, 75},
	{"truncated anywhere", func(r *rand.Rand, f, l []byte) ([]byte, []byte) { return f[:r.IntN(len(f))], l }, 0},
	{"torn log", func(r *rand.Rand, f, l []byte) ([]byte, []byte) { return f, l[:r.IntN(len(l))] }, 80},
	{"pages exchanged", func(r *rand.Rand, f, l []byte) ([]byte, []byte) {
		n := len(f) / 4096
		a, b := f[r.IntN(n)*4096:][:4096], f[r.IntN(n)*4096:][:4096]
		for i := range a {
			a[i], b[i] = b[i], a[i]
		}
		return f, l
	}, 99}, // a page of rows that took the place of a free one is not read
	{"a record's bytes in every page", func(r *rand.Rand, f, l []byte) ([]byte, []byte) {
		for at := 4096; at < len(f); at += 4096 {
			flip(r, f[at+4096-700:at+4096], 1)
		}
		return f, l
	}, 40},
}

// TestRecoverSavesWhatIsThere damages a store in many ways and with many seeds: nothing that is
// saved was invented or altered, and what must be saved is.
func TestRecoverSavesWhatIsThere(t *testing.T) {
	t.Parallel()
	const rows, logged, seeds = 1000, 100, 25
	path, recs := killedStore(t, rows, logged)
	file, log := storetest.ReadFile(t, path), storetest.ReadFile(t, path+"-wal")
	written := make(map[uuid.UUID]store.Record)
	for _, r := range recs {
		written[r.ID] = r
	}
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			least, sum, altered := len(recs), 0, int64(0)
			for seed := range uint64(seeds) {
				f, l := d.do(rand.New(rand.NewPCG(seed, 1)), append([]byte(nil), file...), append([]byte(nil), log...))
				path := filepath.Join(t.TempDir(), "damaged")
				storetest.WriteFile(t, path, f)
				storetest.WriteFile(t, path+"-wal", l)
				saved, seqs := make(map[uuid.UUID]bool), make(map[int64]bool) // a seq can be altered too
				s, err := repair.ReadCorrupt(path, func(s *repair.Salvaged) error {
					if want, ok := written[s.Record.ID]; !ok || !storetest.SameRecord(want, s.Record) || !s.Checked {
						t.Errorf("seed %d: %+v was never written like this", seed, s.Record)
					}
					saved[s.Record.ID], seqs[s.Seq] = true, true
					return nil
				})
				if err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
				if len(saved)*100 < len(recs)*d.keeps {
					t.Errorf("seed %d: %d of %d saved, want %d %%: %+v", seed, len(saved), len(recs), d.keeps, s)
				}
				// What is missing in the middle is known.
				if missing := s.LastSeq - s.FirstSeq + 1 - int64(len(seqs)); len(seqs) > 0 && missing < 10*rows && s.Missing != missing {
					t.Errorf("seed %d: %d missing, want %d", seed, s.Missing, missing)
				}
				if s.Missing > 20*rows {
					t.Errorf("seed %d: %d missing of a file of %d bytes", seed, s.Missing, len(f))
				}
				least, sum, altered = min(least, len(saved)), sum+len(saved), altered+s.Altered
			}
			t.Logf("of %d rows, %d seeds: least %d saved, %.1f on average; %d altered ones were refused",
				len(recs), seeds, least, float64(sum)/seeds, altered)
		})
	}
}

// TestALossIsTold: of a file that lacks rows Loss says so, also where no row behind them is left that shows it.
func TestALossIsTold(t *testing.T) {
	t.Parallel()
	const pageSize, seeds = 4096, 20
	path, recs := killedStore(t, 1000, 0)
	sound := storetest.ReadFile(t, path)
	for name, do := range map[string]func(r *rand.Rand, f []byte) []byte{
		"cut off between two pages": func(r *rand.Rand, f []byte) []byte { return f[:(1+r.IntN(len(f)/pageSize-1))*pageSize] },
		"cut off anywhere":          func(r *rand.Rand, f []byte) []byte { return f[:r.IntN(len(f))] },
		"cut off, header zeroed":    func(r *rand.Rand, f []byte) []byte { clear(f[:100]); return f[:100+r.IntN(len(f)-100)] },
		"the tail zeroed":           func(r *rand.Rand, f []byte) []byte { clear(f[(1+r.IntN(len(f)/pageSize-1))*pageSize:]); return f },
		"a page zeroed": func(r *rand.Rand, f []byte) []byte {
			clear(f[(1+r.IntN(len(f)/pageSize-1))*pageSize:][:pageSize])
			return f
		},
		"a page of text": func(r *rand.Rand, f []byte) []byte {
			copy(f[(1+r.IntN(len(f)/pageSize-1))*pageSize:], "{\"time\":")
			return f
		},
		"all zeroed": func(_ *rand.Rand, f []byte) []byte { clear(f); return f },
		"gone":       func(*rand.Rand, []byte) []byte { return nil },
	} {
		lost := 0
		for seed := range uint64(seeds) {
			path := filepath.Join(t.TempDir(), "damaged")
			storetest.WriteFile(t, path, do(rand.New(rand.NewPCG(seed, 1)), append([]byte(nil), sound...)))
			saved := make(map[uuid.UUID]bool)
			s, err := repair.ReadCorrupt(path, func(s *repair.Salvaged) error { saved[s.Record.ID] = true; return nil })
			if err != nil || len(saved) < len(recs) && !s.Loss() {
				t.Errorf("%s, seed %d: %d of %d saved, and no loss is told: %+v, %v", name, seed, len(saved), len(recs), s, err)
			}
			lost += len(recs) - len(saved)
		}
		if lost == 0 {
			t.Errorf("%s: nothing was lost at any seed", name)
		}
	}
}

// TestASoundFileHasNoLoss: a killed store with its WAL, one of which the forwarder removed rows, and one that gave their room back.
func TestASoundFileHasNoLoss(t *testing.T) {
	t.Parallel()
	killed, _ := killedStore(t, 1000, 100)
	trimmed := filepath.Join(t.TempDir(), "trimmed.db")
	l := storetest.OpenJournalAt(t, trimmed, journal.Options{})
	last := storetest.AppendAll(t, l, storetest.Records(storetest.Day, 2000))
	var forwarded []int64
	for seq := int64(1); seq <= last-200; seq++ {
		forwarded = append(forwarded, seq)
	}
	if err := l.Trim(forwarded, nil); err != nil {
		t.Fatal(err)
	}
	storetest.AppendAll(t, l, storetest.Records(storetest.Day, 10))
	storetest.CloseIt(t, l)
	vacuumed := filepath.Join(t.TempDir(), "vacuumed.db")
	storetest.WriteFile(t, vacuumed, storetest.ReadFile(t, trimmed))
	storetest.Alter(t, vacuumed, "VACUUM")
	for name, path := range map[string]string{"killed": killed, "trimmed": trimmed, "vacuumed": vacuumed} {
		if s, err := repair.ReadCorrupt(path, func(*repair.Salvaged) error { return nil }); err != nil || s.Loss() || s.Rows == 0 {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// TestALossOfEitherReadIsTold: where there are provisional records the files are read twice. What a disk did not give the first time, and gives
// the second, was not brought back.
func TestALossOfEitherReadIsTold(t *testing.T) {
	t.Parallel()
	const pageSize = 4096
	path := filepath.Join(t.TempDir(), "local.db")
	old := storetest.OpenJournalAt(t, path, journal.Options{})
	recs := storetest.Records(storetest.Day, 1200)
	recs[0].Provisional = true
	storetest.AppendAll(t, old, recs)
	storetest.CloseIt(t, old)
	corrupt, err := localfile.MoveCorrupt(path, storetest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	sound := storetest.ReadFile(t, corrupt.Path)
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	for _, c := range []struct {
		name string
		cut  int
	}{{"sound", len(sound)}, {"cut off at first", len(sound) / 2 / pageSize * pageSize}} {
		storetest.WriteFile(t, corrupt.Path, sound[:c.cut])
		did, err := repair.Recover(t.Context(), l, corrupt, func(int64) { storetest.WriteFile(t, corrupt.Path, sound) })
		if lacks := did.Saved+did.Already < int64(len(recs)); err != nil || did.Loss() != lacks || lacks != (c.cut < len(sound)) {
			t.Errorf("%s: %d brought back or there, loss %v: %+v, %v", c.name, did.Saved+did.Already, did.Loss(), did.Salvage, err)
		}
	}
}

// TestRecoverEverySchema: rows of older binaries are read, with what they have.
func TestRecoverEverySchema(t *testing.T) {
	t.Parallel()
	for _, version := range []int64{1, 2, 3, 4, 5, 11, 12, 19, 20} {
		t.Run(fmt.Sprint("schema ", version), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "local.db")
			if err := storetest.MigrateLocalTo(t.Context(), path, version); err != nil {
				t.Fatal(err)
			}
			columns, more := "seq, record_id, trading_day, login_time, vendor_id, key_version, terminal, supplement, flag, "+
				"app_id, account, user_type, front_id, session_id", ""
			if version >= 2 {
				columns, more = columns+", provisional", ", 1"
			}
			id, relay := uuid.Must(uuid.NewV7()), regulation.AppID("")
			if version >= 12 {
				id[6] = id[6]&0x0F | 0x80 // a submission's
				columns, more = columns+", relay_app_id, relay_mode, visit_time, relay_login_time", more+", 'r', 3, 1767574700, 1767574600"
				relay = "r"
			}
			var address []byte
			if version >= 20 {
				columns, more, address = columns+", relay_sealed", more+", x'0102'", []byte{1, 2}
			}
			values := fmt.Sprintf("7, x'%x', 20260105, 1767574800, 'v', '1', x'', zeroblob(9000), 3, 'a', 'b', 2, -1, 70000%s", id[:], more)
			storetest.Alter(t, path, "INSERT INTO record ("+columns+") VALUES ("+values+")",
				"INSERT INTO quarantine ("+columns+", error) VALUES ("+values+", 'poison')")
			refused := 0
			s, err := repair.ReadCorrupt(path, func(s *repair.Salvaged) error {
				if s.Refused == "poison" {
					refused++
				}
				r := s.Record
				if s.Seq != 7 || r.ID != id || len(r.Supplement) != 9000 || r.FrontID != -1 || r.SessionID != 70000 ||
					r.Flag != '3' || r.UserType != '2' || r.Provisional != (version >= 2) || s.Checked ||
					r.RelayAppID != relay || relay != "" && (r.RelayMode != '3' || r.VisitTime.Unix() != 1767574700 || r.RelayLoginTime.Unix() != 1767574600) ||
					!bytes.Equal(r.RelaySealed, address) {
					t.Errorf("%+v", s)
				}
				return nil
			})
			if err != nil || s.Rows != 2 || s.Unchecked != 2 || refused != 1 {
				t.Errorf("%+v, %d of the quarantine, %v", s, refused, err)
			}
		})
	}
}

// TestRecover: all that can be read comes into the live store, once, beside a daemon that
// appends; what is exported is not late afterwards; a second call changes nothing.
func TestRecover(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	old := storetest.OpenJournalAt(t, path, journal.Options{})
	recs := storetest.Records(storetest.Day, 1200)
	for i := 0; i < len(recs); i += 7 {
		recs[i] = storetest.RelayedRecord(storetest.Day)
	}
	for i := 3; i < len(recs); i += 7 {
		recs[i] = storetest.SubmittedRecord(storetest.Day)
	}
	exported := storetest.AppendAll(t, old, recs[:800])
	if err := old.AddExport(t.Context(), storetest.ExportOf(storetest.Day, store.Position(fmt.Sprint(exported)))); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Identity(t.Context()); err != nil { // as an export asks for
		t.Fatal(err)
	}
	storetest.AppendAll(t, old, recs[800:])
	storetest.CloseIt(t, old)
	corrupt, err := localfile.MoveCorrupt(path, storetest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	live := storetest.OpenJournalAt(t, path, journal.Options{})
	if _, err := repair.Adopt(t.Context(), live, corrupt); err != nil {
		t.Fatal(err)
	}
	newer := storetest.Records(storetest.Day, 50)
	storetest.AppendAll(t, live, newer)
	command := storetest.OpenJournalAt(t, path, journal.Options{})
	for call, saved := range []int64{1200, 0} {
		did, err := repair.Recover(t.Context(), command, corrupt, nil)
		if err != nil || did.Saved != saved || did.Saved+did.Already != 1200 || did.Missing != 0 {
			t.Errorf("call %d: %+v, %v", call, did, err)
		}
	}
	storetest.WantExactly(t, live, storetest.Day, append(recs, newer...))
	days, err := live.Late(t.Context())
	if err != nil || len(days) != 1 || days[0].Records != 450 {
		t.Errorf("late: %v, %v; want the 400 and the 50 that no export saw", days, err)
	}
	if _, err := repair.MarkRecovered(corrupt); err != nil {
		t.Fatal(err)
	}
	if left, err := localfile.ListCorrupt(path); err != nil || len(left) != 0 {
		t.Errorf("still corrupt stores: %v, %v", left, err)
	}
}

// TestRecoverDoesNotUndo: what has been moved to another day, released or forwarded since does
// not come back as a second record.
func TestRecoverDoesNotUndo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	old := storetest.OpenJournalAt(t, path, journal.Options{})
	recs := storetest.Records(storetest.Day, 10)
	recs[4].Provisional = true
	storetest.AppendAll(t, old, recs)
	storetest.CloseIt(t, old)
	corrupt, err := localfile.MoveCorrupt(path, storetest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	moved := recs[4]
	moved.TradingDay, moved.Provisional = storetest.Day+1, false
	if err := l.Put(t.Context(), []store.Record{moved}); err != nil {
		t.Fatal(err)
	}
	if did, err := repair.Recover(t.Context(), l, corrupt, nil); err != nil || did.Saved != 9 || did.Already != 1 {
		t.Errorf("%+v, %v", did, err)
	}
	storetest.WantExactly(t, l, storetest.Day+1, []store.Record{moved})
	storetest.WantExactly(t, l, storetest.Day, append(append([]store.Record(nil), recs[:4]...), recs[5:]...))
}

// TestRecoveredRowsAreForwarded: beside rows that PostgreSQL has already.
func TestRecoveredRowsAreForwarded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	old := storetest.OpenJournalAt(t, path, journal.Options{})
	recs := storetest.Records(storetest.Day, 30)
	storetest.AppendAll(t, old, recs)
	storetest.CloseIt(t, old)
	p := storetest.OpenPostgres(t)
	if err := p.Put(t.Context(), recs[:10]); err != nil {
		t.Fatal(err)
	}
	corrupt, err := localfile.MoveCorrupt(path, storetest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	storetest.Forward(t, l, p, forward.Options{IdlePoll: 20 * time.Millisecond})
	if _, err := repair.Recover(t.Context(), storetest.OpenJournalAt(t, path, journal.Options{}), corrupt, nil); err != nil {
		t.Fatal(err)
	}
	storetest.WantEmpty(t, l)
	storetest.WantExactly(t, p, storetest.Day, recs)
}

// TestRecoverBesideABatch: a front that was embedded once, with exports of its own, forwards now. Its
// batch is on its way while rows come back; those are not removed with it.
func TestRecoverBesideABatch(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	old := storetest.OpenJournalAt(t, path, journal.Options{})
	recs := storetest.Records(storetest.Day, 30)
	exported := storetest.AppendAll(t, old, recs)
	if err := old.AddExport(t.Context(), storetest.ExportOf(storetest.Day, store.Position(fmt.Sprint(exported)))); err != nil {
		t.Fatal(err)
	}
	if _, err := old.BeginLife(t.Context(), false); err != nil { // as each front does that tells PostgreSQL what it holds
		t.Fatal(err)
	}
	storetest.CloseIt(t, old)
	corrupt, err := localfile.MoveCorrupt(path, storetest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	if _, err := repair.Adopt(t.Context(), l, corrupt); err != nil {
		t.Fatal(err)
	}
	sent := storetest.AppendAll(t, l, storetest.Records(storetest.Day, 5))
	if _, err := repair.Recover(t.Context(), storetest.OpenJournalAt(t, path, journal.Options{}), corrupt, nil); err != nil {
		t.Fatal(err)
	}
	if err := storetest.TrimThrough(t.Context(), l, sent); err != nil {
		t.Fatal(err)
	}
	storetest.WantExactly(t, l, storetest.Day, recs)
}

// FuzzReadCorrupt: for any content of the files, nothing crashes and nothing is invented without being
// well-formed.
func FuzzReadCorrupt(f *testing.F) {
	f.Add([]byte("SQLite format 3\x00"), []byte{})
	f.Fuzz(func(t *testing.T, file, log []byte) {
		path := filepath.Join(t.TempDir(), "f")
		if err := errors.Join(os.WriteFile(path, file, 0o600), os.WriteFile(path+"-wal", log, 0o600)); err != nil {
			t.Fatal(err)
		}
		_, err := repair.ReadCorrupt(path, func(s *repair.Salvaged) error {
			if s.Record.ID.Version() != 7 || !s.Record.Flag.Valid() || !s.Record.UserType.Valid() {
				t.Errorf("%+v is no record", s.Record)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
