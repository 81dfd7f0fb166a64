package repair

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Inspection is what is in the files of a local store.
type Inspection struct {
	Bytes    int64 // of the file
	WALBytes int64
	Damage   error // for which a start would move the store away; nil if none was found
	Whole    bool  // every page was looked at; see Check
	Schema   int64 // 0 if it cannot be read
	Days     []store.DayCount
	Oldest   time.Time // login time of the oldest record; zero without one
	Refused  int64     // records in quarantine
	Salvage
}

// inspectRows is how many rows one read of a store in use takes: few, so that the WAL can be folded
// between two reads.
const inspectRows = 1000

// Inspect reads the store at path, which other processes may use, and changes nothing.
func Inspect(ctx context.Context, path string) (in Inspection, err error) {
	db, err := localfile.OpenReadOnly(path)
	if err != nil {
		return in, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	in.sizes(path)
	if in.Whole, err = checkOpened(ctx, db, CheckPatience); err == nil {
		err = localfile.NotedDamage(localfile.RealPath(path))
	}
	if errors.Is(err, store.ErrDamaged) {
		in.Damage = err
	} else if err != nil {
		return in, err
	}
	in.Schema = schemaOf(ctx, db)
	tally := newTally(&in)
	if err := tally.table(ctx, db, "record"); err != nil && in.Damage == nil {
		return in, err
	}
	if err := tally.table(ctx, db, "quarantine"); err != nil && in.Damage == nil {
		return in, err
	}
	tally.end()
	return in, nil
}

// InspectCorrupt reads a corrupt store, page by page, and changes nothing.
func InspectCorrupt(ctx context.Context, path string) (in Inspection, err error) {
	if _, err := os.Stat(path); err != nil {
		return in, fmt.Errorf("store: %w", err)
	}
	in.sizes(path)
	if in.Whole, err = Check(ctx, path); err != nil {
		in.Damage = err // also a failed read: it is all that is known
	}
	if db, err := localfile.OpenReadOnly(path); err == nil {
		in.Schema = schemaOf(ctx, db)
		_ = db.Close() // nothing was written
	}
	tally := newTally(&in)
	salvage, err := ReadCorrupt(path, func(s *Salvaged) error {
		tally.add(&s.Record, s.Refused != "")
		return ctx.Err()
	})
	in.Salvage = salvage
	tally.end()
	return in, err
}

func (in *Inspection) sizes(path string) {
	for suffix, size := range map[string]*int64{"": &in.Bytes, "-wal": &in.WALBytes} {
		if info, err := os.Stat(path + suffix); err == nil {
			*size = info.Size()
		}
	}
}

func schemaOf(ctx context.Context, db *sql.DB) (version int64) {
	_ = db.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&version)
	return version
}

// tally counts rows for an Inspection.
type tally struct {
	in   *Inspection
	days map[calendar.TradingDay]int64
}

func newTally(in *Inspection) *tally {
	return &tally{in: in, days: make(map[calendar.TradingDay]int64)}
}

func (t *tally) add(r *store.Record, refused bool) {
	if refused {
		t.in.Refused++
		return
	}
	t.days[r.TradingDay]++
	if t.in.Oldest.IsZero() || r.LoginTime.Before(t.in.Oldest) {
		t.in.Oldest = r.LoginTime
	}
}

func (t *tally) end() {
	for day, n := range t.days {
		t.in.Days = append(t.in.Days, store.DayCount{Day: day, Records: n})
	}
	slices.SortFunc(t.in.Days, func(a, b store.DayCount) int { return int(a.Day) - int(b.Day) })
}

// table reads all rows of record or quarantine of a store in use.
func (t *tally) table(ctx context.Context, db *sql.DB, name string) error {
	after, more := int64(0), true
	for more {
		var err error
		if after, more, err = t.some(ctx, db, name, after); err != nil {
			return err
		}
	}
	return nil
}

func (t *tally) some(ctx context.Context, db *sql.DB, table string, after int64) (last int64, more bool, err error) {
	query := "SELECT seq, " + sqlrows.LocalColumnsOf(t.in.Schema) + " FROM " + table + //nolint:gosec // G202: two tables of ours
		" WHERE seq > ? ORDER BY seq LIMIT ?"
	rows, err := db.QueryContext(ctx, query, after, inspectRows)
	if err != nil {
		return after, false, localfile.Explain(ctx, err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var row journal.Row
		if err := row.Scan(rows, &after); err != nil {
			t.in.Altered++
			continue
		}
		t.in.Rows++
		if !row.Checksum.Valid {
			t.in.Unchecked++
		}
		t.add(&row.Record, table == "quarantine")
	}
	return after, n == inspectRows, localfile.Explain(ctx, rows.Err())
}
