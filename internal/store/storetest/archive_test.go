package storetest

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

// kept is a day as an archive keeps it.
type kept struct {
	recs     []store.Record
	arrivals []int64
}

func keep(t *testing.T, p *postgres.Store) (k kept, at store.Position) {
	t.Helper()
	at, err := p.ScanArrivals(t.Context(), Day, func(r *store.Record, arrival int64) error {
		c := *r
		c.Terminal, c.Supplement = slices.Clone(r.Terminal), slices.Clone(r.Supplement)
		k.recs, k.arrivals = append(k.recs, c), append(k.arrivals, arrival)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return k, at
}

func (k *kept) next() func() (*store.Record, int64, error) {
	i := -1
	return func() (*store.Record, int64, error) {
		if i++; i >= len(k.recs) {
			return nil, 0, io.EOF
		}
		return &k.recs[i], k.arrivals[i], nil
	}
}

func archiveOf(records int, number int) *store.Archive {
	return &store.Archive{
		Day: Day, Number: number, File: "0001archive.zip", SHA256: [32]byte{1}, Bytes: 7, Records: int64(records), At: time.UnixMicro(1e15), By: "a@h",
		Version: "v", State: store.ArchiveDetached, Changed: time.UnixMicro(1e15),
	}
}

// TestDetachTakesWhatWasRead: a day leaves the store with its line in the ledger, and stays if it got or lost a record since it was read.
func TestDetachTakesWhatWasRead(t *testing.T) {
	t.Parallel()
	p := OpenPostgres(t)
	recs := Records(Day, 50)
	if err := p.CopyIn(t.Context(), recs[:40]); err != nil {
		t.Fatal(err)
	}
	k, at := keep(t, p)
	if err := p.CopyIn(t.Context(), recs[40:41]); err != nil {
		t.Fatal(err)
	}
	for _, counted := range []int{40, 41} { // also where the count happens to fit
		if err := p.Detach(t.Context(), archiveOf(counted, 1), at); err == nil || !strings.Contains(err.Error(), "archive it again") {
			t.Fatalf("%d: %v", counted, err)
		}
	}
	WantExactly(t, p, Day, recs[:41])
	if all, err := p.Archives(t.Context(), Day); err != nil || len(all) != 0 {
		t.Fatalf("%v, %v", all, err)
	}

	k, at = keep(t, p)
	first := archiveOf(41, 1)
	if err := p.Detach(t.Context(), first, at); err != nil {
		t.Fatal(err)
	}
	WantExactly(t, p, Day, nil)
	if all, err := p.Archives(t.Context(), 0); err != nil || len(all) != 1 || all[0].SHA256 != first.SHA256 || all[0].State != store.ArchiveDetached || !all[0].At.Equal(first.At) {
		t.Fatalf("%+v, %v", all, err)
	}
	// A front that was away brings a record of the day: it gets a table of its own, and an archive of its own.
	if err := p.Put(t.Context(), recs[41:42]); err != nil {
		t.Fatal(err)
	}
	again := &store.Restored{Archive: *first, Next: k.next()}
	_, at = keep(t, p)
	if err := p.Detach(t.Context(), archiveOf(1, 2), at); err != nil {
		t.Fatal(err)
	}
	again.Next = k.next()
	if err := p.RestoreDay(t.Context(), again, true, time.Now()); err != nil {
		t.Fatal(err)
	}
	WantExactly(t, p, Day, recs[:41])
	back, _ := keep(t, p)
	if !slices.Equal(back.arrivals, k.arrivals) {
		t.Error("the records do not have the arrivals that they had: reports would call them late")
	}
	for _, state := range []store.ArchiveState{store.ArchiveDropped, store.ArchiveDestroyed} {
		if err := p.SetArchive(t.Context(), archiveOf(1, 2), state, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := p.Archives(t.Context(), Day); err != nil || len(all) != 2 || all[0].State != store.ArchiveRestored || all[1].State != store.ArchiveDestroyed {
		t.Fatalf("%+v, %v", all, err)
	}
}

// TestRestoreElsewhere: another database gets the day with its ledger, and calls no record late; a torn archive leaves nothing.
func TestRestoreElsewhere(t *testing.T) {
	t.Parallel()
	from, to := OpenPostgres(t), OpenPostgres(t)
	recs := Records(Day, 30)
	if err := from.CopyIn(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	k, _ := keep(t, from)
	r := &store.Restored{
		Archive: *archiveOf(30, 1), Next: k.next(),
		Exports:  []store.Export{{Day: Day, Number: 1, Kind: store.FullExport, At: time.UnixMicro(1e15), Rows: 30, SHA256: [32]byte{2}, File: "f", Position: "9:9:"}},
		HandedIn: []store.HandedIn{{Day: Day, At: time.UnixMicro(2e15), By: "b@h", Number: 1, Receipt: "r"}},
		Waivers:  []store.Waiver{{Day: Day, At: time.UnixMicro(2e15), By: "b@h", Reason: "w", Obstacles: []store.Obstacle{{Day: Day, Kind: store.FrontHolds, Where: "front 1"}}}},
	}
	torn := *r
	n, next := 0, k.next()
	torn.Next = func() (*store.Record, int64, error) {
		if n++; n > 10 {
			return nil, 0, io.ErrUnexpectedEOF
		}
		return next()
	}
	if err := to.RestoreDay(t.Context(), &torn, false, time.Now()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	short := *r
	short.Archive.Records++
	short.Next = k.next()
	if err := to.RestoreDay(t.Context(), &short, false, time.Now()); err == nil || !strings.Contains(err.Error(), "all was undone") {
		t.Fatal(err)
	}
	WantExactly(t, to, Day, nil)
	if err := to.RestoreDay(t.Context(), r, false, time.Now()); err != nil {
		t.Fatal(err)
	}
	WantExactly(t, to, Day, recs)
	late, err := to.Late(t.Context())
	if err != nil || len(late) != 0 {
		t.Errorf("late: %v, %v", late, err)
	}
	exports, err1 := to.Exports(t.Context(), Day)
	handed, err2 := to.HandedIn(t.Context(), Day)
	waivers, err3 := to.Waivers(t.Context(), Day)
	if err := errors.Join(err1, err2, err3); err != nil || len(exports) != 1 || len(handed) != 1 || len(waivers) != 1 || handed[0].Receipt != "r" || len(waivers[0].Obstacles) != 1 {
		t.Errorf("%v, %v, %v, %v", exports, handed, waivers, err)
	}
	r.Next = k.next()
	if err := to.RestoreDay(t.Context(), r, false, time.Now()); !errors.Is(err, postgres.ErrDayThere) {
		t.Errorf("twice: %v", err)
	}
}

// TestARestoreThatIsDroppedIsUndone: a trigger of an administrator drops rows of a day that has a table already. The day is not restored then.
func TestARestoreThatIsDroppedIsUndone(t *testing.T) {
	t.Parallel()
	p, recs := OpenPostgres(t), Records(Day, 4)
	if err := p.CopyIn(t.Context(), recs[:3]); err != nil {
		t.Fatal(err)
	}
	k, at := keep(t, p)
	if err := p.Detach(t.Context(), archiveOf(3, 1), at); err != nil {
		t.Fatal(err)
	}
	if err := p.Put(t.Context(), recs[3:]); err != nil {
		t.Fatal(err)
	}
	Execute(t, p, "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.record_id = ''"+recs[1].ID.String()+"'' THEN RETURN NULL; END IF; RETURN NEW; END'")
	Execute(t, p, "CREATE TRIGGER swallow BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION swallow()")
	err := p.RestoreDay(t.Context(), &store.Restored{Archive: *archiveOf(3, 1), Next: k.next()}, true, time.Now())
	if err == nil || !strings.Contains(err.Error(), "a trigger or a rule drops them") {
		t.Errorf("%v", err)
	}
	WantExactly(t, p, Day, recs[3:])
	if all, err := p.Archives(t.Context(), Day); err != nil || len(all) != 1 || all[0].State != store.ArchiveDetached {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestArchivesOfADayInAnyOrder: the second archive of a day, of what came after the first, comes back before it or after it; also with a record that
// a front sent again, which keeps its first arrival: a report has it. A record that came since is no obstacle.
func TestArchivesOfADayInAnyOrder(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]int{"first, second": {0, 1}, "second, first": {1, 0}} {
		p := OpenPostgres(t)
		recs := Records(Day, 6)
		var parts []kept
		for i, came := range [][]store.Record{recs[:3], {recs[0], recs[3], recs[4]}} {
			if err := p.Put(t.Context(), came); err != nil {
				t.Fatal(err)
			}
			k, at := keep(t, p)
			parts = append(parts, k)
			if err := p.Detach(t.Context(), archiveOf(3, i+1), at); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Put(t.Context(), recs[5:]); err != nil {
			t.Fatal(err)
		}
		for _, i := range order {
			r := &store.Restored{Archive: *archiveOf(3, i+1), Next: parts[i].next()}
			if err := p.RestoreDay(t.Context(), r, true, time.Now()); err != nil {
				t.Fatalf("%s: archive %d: %v", name, i+1, err)
			}
		}
		WantExactly(t, p, Day, recs)
		all, _ := keep(t, p)
		for i := range all.recs {
			for j := range parts[0].recs {
				if all.recs[i].ID == parts[0].recs[j].ID && all.arrivals[i] != parts[0].arrivals[j] {
					t.Errorf("%s: record %v has arrival %d, want %d: reports would call it late", name, all.recs[i].ID, all.arrivals[i], parts[0].arrivals[j])
				}
			}
		}
		if ledger, err := p.Archives(t.Context(), Day); err != nil || ledger[0].State != store.ArchiveRestored || ledger[1].State != store.ArchiveRestored {
			t.Errorf("%s: %+v, %v", name, ledger, err)
		}
	}
}
