package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// FullError says which bound is reached.
type FullError struct{ Measure }

func (e *FullError) Error() string {
	return fmt.Sprintf("store: the local store is full: %s", e.Measure)
}

// Is makes every FullError an ErrFull.
func (e *FullError) Is(target error) bool { return target == store.ErrFull }

// Bounds of what a local store may hold; 0 is none. With records that are forwarded, Rows and
// Age bound what waits for PostgreSQL; where they stay for ever there is no bound on these.
type Bounds struct {
	Bytes int64         // of the file, without the room in it that is free, and of the WAL beyond WALKept
	Rows  int64         // records
	Age   time.Duration // of the oldest record
	Free  int64         // bytes that must stay free on the disk
}

// From boundWarning on readiness warns. A store at its bound takes appends again below boundRelease:
// without a step between, a front at its bound would go in and out of readiness.
const (
	boundWarning = 0.8
	boundRelease = 0.9
)

// Measure is one of the four, and how near it is to its bound.
type Measure struct {
	Bound string  // bytes, rows, age or free
	Ratio float64 // 1 at the bound
	Value int64   // bytes, rows or seconds
	Limit int64
}

func (m Measure) String() string {
	bytes := func(n int64) string { return humanize.IBytes(uint64(max(0, n))) }
	switch m.Bound {
	case "free":
		return fmt.Sprintf("%s are free on its disk, store.min_free is %s", bytes(m.Value), bytes(m.Limit))
	case "bytes":
		return fmt.Sprintf("it holds %s, store.max_bytes is %s", bytes(m.Value), bytes(m.Limit))
	case "age":
		return fmt.Sprintf("its oldest record has waited for %v, store.max_age is %v", time.Duration(m.Value)*time.Second, time.Duration(m.Limit)*time.Second)
	}
	return fmt.Sprintf("it holds %d records, store.max_rows is %d", m.Value, m.Limit)
}

// Near reports whether the bound is near enough for a warning.
func (m Measure) Near() bool { return m.Ratio >= boundWarning }

// Capacity is how full a local store is.
type Capacity struct {
	Bytes    int64 // in use, see Bounds
	WAL      int64 // bytes of the WAL's file
	Rows     int64
	Oldest   time.Time // login time of the oldest record; zero without one
	Free     int64     // on the disk, once the WAL is folded into the file
	Measures []Measure // of the bounds there are
	Full     *Measure  // the bound for which appends are refused; nil if none is

	size, spare int64 // of the file, and what of it is free
}

// Measure measures what the store holds, and makes Append refuse or take records accordingly. One
// goroutine calls it about once a second; what comes between two calls may exceed a bound. It costs a
// few short reads, and each Append one load of a pointer.
//
// Few rows are counted exactly each time. Many are counted once a minute, and what came since is
// added.
//
// After an error the Capacity has what could be measured, and Append decides by that: on a disk that
// is suddenly full the WAL cannot be folded, and Append must refuse all the same.
func (l *Journal) Measure(ctx context.Context, now time.Time) (Capacity, error) {
	held, err := l.hold(ctx, now)
	if err != nil {
		return held, errors.Join(err, l.judgeFree(&held))
	}
	held.Measures = l.measures(&held, now)
	held.Full = l.judge(held.Measures)
	if held.Full != nil && held.Full.Bound == "free" && held.shrinks(l.bounds.Free) {
		if err := l.shrink(context.WithoutCancel(ctx)); err != nil {
			return held, err
		}
	}
	if held.WAL > localfile.WALKept || held.Full != nil {
		// Not cancelled: a fold that ends early begins anew the next time, and might never finish.
		return held, l.fold(context.WithoutCancel(ctx))
	}
	return held, nil
}

func (l *Journal) measures(held *Capacity, now time.Time) (all []Measure) {
	b := l.bounds
	for _, m := range []Measure{
		{Bound: "bytes", Value: held.Bytes, Limit: b.Bytes},
		{Bound: "rows", Value: held.Rows, Limit: b.Rows},
		{Bound: "age", Value: ageOf(held.Oldest, now), Limit: int64(b.Age / time.Second)},
		{Bound: "free", Value: held.Free, Limit: b.Free},
	} {
		if m.Limit == 0 {
			continue
		}
		m.Ratio = float64(m.Value) / float64(m.Limit)
		if m.Bound == "free" {
			m.Ratio = float64(m.Limit) / float64(max(m.Value, 1))
		}
		all = append(all, m)
	}
	return all
}

// judgeFree is for a store that cannot be read. The disk's free space is known all the same; it can
// make Append refuse, but not take records again.
func (l *Journal) judgeFree(held *Capacity) (err error) {
	if held.Free, err = diskFree(l.path); err != nil {
		return err
	}
	for _, m := range l.measures(held, time.Time{}) {
		if m.Bound == "free" && m.Ratio >= 1 {
			l.full.Store(&FullError{m})
		}
	}
	held.Full = l.Full()
	return nil
}

// Full is the bound for which Append refuses now; nil if it takes records. Append decides by the same
// state.
func (l *Journal) Full() *Measure {
	if full := l.full.Load(); full != nil {
		return &full.Measure
	}
	return nil
}

// shrinkBytes is what a store may hold at most for its file to be written anew: a second's work.
const shrinkBytes = 32 << 20

// shrinks reports whether the file, written anew without the room in it that is free, would leave
// enough of the disk free. Its pages go through the WAL into the file.
func (f *Capacity) shrinks(limit int64) bool {
	used := f.size - f.spare
	return used <= shrinkBytes && 2*used <= f.Free && float64(f.Free+f.spare)*boundRelease >= float64(limit)
}

// shrink gives the room that is free in the file back to the disk. After an outage whose records were
// forwarded, that room could keep the disk at its bound, and the front would refuse for ever with an
// empty store. If we crash in here, the file is the one before.
func (l *Journal) shrink(ctx context.Context) error {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return localfile.Explain(ctx, err)
	}
	defer conn.Close()
	_, err = conn.ExecContext(ctx, "PRAGMA temp_store = MEMORY") // it may be the only disk
	if err == nil {
		_, err = conn.ExecContext(ctx, "VACUUM")
	}
	_, _ = conn.ExecContext(ctx, "PRAGMA temp_store = DEFAULT")
	return l.writer.noteBroken(localfile.Explain(ctx, err))
}

// fold writes the WAL's pages into the file and cuts the WAL, as far as no connection reads them.
// SQLite does so after commits; a full store commits nothing, so Measure does it. The first
// checkpoint delays no commit, the second only for the pages that came since.
func (l *Journal) fold(ctx context.Context) error {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return localfile.Explain(ctx, err)
	}
	defer conn.Close()
	restore := fmt.Sprintf("PRAGMA busy_timeout = %d", l.busy.Milliseconds())
	for _, statement := range []string{
		"PRAGMA busy_timeout = 0", "PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(TRUNCATE)", restore,
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			_, _ = conn.ExecContext(context.Background(), restore)
			return l.writer.noteBroken(localfile.Explain(ctx, err))
		}
	}
	return nil
}

// judge refuses appends from a bound on, until every measure is well behind its own.
func (l *Journal) judge(measures []Measure) *Measure {
	limit := 1.0
	if l.full.Load() != nil {
		limit = boundRelease
	}
	for i, m := range measures {
		if m.Ratio >= limit {
			l.full.Store(&FullError{m})
			return &measures[i]
		}
	}
	l.full.Store(nil)
	return nil
}

func ageOf(oldest, now time.Time) int64 {
	if oldest.IsZero() {
		return 0
	}
	return max(0, int64(now.Sub(oldest)/time.Second))
}

// counted is a count of the records that was exact when it was made.
type counted struct {
	rows, last int64 // last is the highest seq there was
	at         time.Time
}

const (
	cheapCount  = 100_000 // rows that are counted at each look
	countPeriod = time.Minute
)

func (l *Journal) hold(ctx context.Context, now time.Time) (h Capacity, err error) {
	var first, last, seconds, pages, free, size int64
	err = l.db.QueryRowContext(ctx, `SELECT coalesce((SELECT min(seq) FROM record), 0), coalesce((SELECT max(seq) FROM record), -1),
		coalesce((SELECT login_time FROM record ORDER BY seq LIMIT 1), 0),
		(SELECT page_count FROM pragma_page_count()), (SELECT freelist_count FROM pragma_freelist_count()),
		(SELECT page_size FROM pragma_page_size())`).Scan(&first, &last, &seconds, &pages, &free, &size)
	if err != nil {
		return h, l.writer.noteBroken(localfile.Explain(ctx, err))
	}
	if seconds > 0 {
		h.Oldest = sqlrows.Instant(seconds)
	}
	// By name, not by descriptor: see Journal.
	if info, err := os.Stat(l.path + "-wal"); err == nil {
		h.WAL = info.Size()
	}
	h.size, h.spare = pages*size, free*size
	h.Bytes = h.size - h.spare + max(0, h.WAL-localfile.WALKept)
	if h.Free, err = diskFree(l.path); err != nil {
		return h, err
	}
	if info, err := os.Stat(l.path); err == nil { // the file will grow by this when the WAL is folded
		h.Free -= max(0, h.size-info.Size())
	}
	h.Rows, err = l.countRows(ctx, last-first+1, last, now)
	return h, err
}

// countRows is the number of records; span is the number of their seqs, which is not lower.
func (l *Journal) countRows(ctx context.Context, span, last int64, now time.Time) (int64, error) {
	c := &l.counted
	if span <= cheapCount || now.Sub(c.at) >= countPeriod {
		if err := l.db.QueryRowContext(ctx, "SELECT count(*) FROM record").Scan(&c.rows); err != nil {
			return 0, localfile.Explain(ctx, err)
		}
		c.last, c.at = last, now
	}
	return min(span, c.rows+max(0, last-c.last)), nil
}

// diskFree is how many bytes we may still write to the disk of path.
func diskFree(path string) (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &fs); err != nil {
		return 0, fmt.Errorf("store: free space of %s: %w", path, err)
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil //nolint:unconvert // blocks; the types differ by system
}
