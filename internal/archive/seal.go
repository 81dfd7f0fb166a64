package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

// MinAge is how long a day must be over: a front that was away may bring records of it.
const MinAge = 30 * 24 * time.Hour

// Store is what a day is archived from.
type Store interface {
	ScanArrivals(ctx context.Context, day calendar.TradingDay, f func(rec *store.Record, arrival int64) error) (store.Position, error)
	Exports(ctx context.Context, day calendar.TradingDay) ([]store.Export, error)
	HandedIn(ctx context.Context, day calendar.TradingDay) ([]store.HandedIn, error)
	Waivers(ctx context.Context, day calendar.TradingDay) ([]store.Waiver, error)
	Archives(ctx context.Context, day calendar.TradingDay) ([]store.Archive, error)
	// Detach takes the day out of the store and notes a, both or neither; it refuses if the day is not what was read at that position.
	Detach(ctx context.Context, a *store.Archive, at store.Position) error
}

// Sealer archives days.
type Sealer struct {
	Store   Store
	Actions func(ctx context.Context, since time.Time, visit func(*store.Action) error) error
	Audit   *AuditLogs // nil: without
	Reports string     // the folder of the report files; "": without
	Out     string     // the folder that the archive is written to

	BrokerID, ReportUnitID string
	Version, By            string
	Schema                 int64
	Why                    string // to go on although something is left to do; "": do not
	Now                    func() time.Time
	Progress               func(records int64) // may be nil
}

// Sealed is an archive that was made.
type Sealed struct {
	store.Archive
	Path     string
	Despite  string
	Missing  []string // what it was made without
	Unsynced bool     // the folder cannot be synced: a crash of the machine may undo the name
}

// Refusal says why a day is not archived.
func (s *Sealer) Refusal(d *settlement.DayStatus) error {
	switch {
	case s.Now().Sub(d.End) < MinAge:
		return fmt.Errorf("it ended less than %d days ago, and a front that was away may bring records of it: archive it later", int(MinAge/(24*time.Hour)))
	case s.Why != "":
		return nil
	case !d.Good:
		return fmt.Errorf("its report is not done: %s; or give a reason with --despite-obstacles --why TEXT", d.Next)
	case len(d.ToHandIn) > 0:
		return fmt.Errorf("no clerk noted that %s was handed in (report handed-in); or give a reason with --despite-obstacles --why TEXT", d.ToHandIn[0].File)
	case s.lacksAudit(d):
		return fmt.Errorf("%w: name those that have, or archive the day with --without-audit", errNoAudit)
	}
	return nil
}

var errNoAudit = errors.New("no audit log that --audit names has a line of its window")

// lacksAudit reports whether audit logs were named, and none has a line of the day.
func (s *Sealer) lacksAudit(d *settlement.DayStatus) bool {
	return s.Audit != nil && len(s.Audit.of(d.Start, d.End)) == 0
}

// Seal archives one day whose status is d: writes the file, reads it back, gives it its name, and takes the day out of the store.
func (s *Sealer) Seal(ctx context.Context, d *settlement.DayStatus) (_ *Sealed, err error) {
	if err := s.Refusal(d); err != nil {
		return nil, err
	}
	before, err := s.Store.Archives(ctx, d.Day)
	if err != nil {
		return nil, err
	}
	m := s.manifest(d, len(before)+1)
	path := filepath.Join(s.Out, FileName(s.ReportUnitID, d.Day, m.Number))
	if err := s.checkFree(path, d.Records); err != nil {
		return nil, err
	}
	pending, err := files.Create(path, 0o600)
	if err != nil {
		return nil, reportfile.OutputError(s.Out, err)
	}
	defer func() { err = errors.Join(err, pending.Cleanup()) }()
	w := newWriter(pending, m.Made)
	at, err := s.fill(ctx, w, d, m)
	if err != nil {
		return nil, err
	}
	if err := pending.Sync(); err != nil {
		return nil, err
	}
	sealed := &Sealed{Path: path, Despite: m.Despite, Missing: m.Missing}
	sealed.Archive = store.Archive{
		Day: d.Day, Number: m.Number, File: filepath.Base(path), Bytes: w.bytes, Records: m.Records, At: m.Made, By: s.By, Version: s.Version,
		State: store.ArchiveDetached, Changed: m.Made,
	}
	w.whole.Sum(sealed.SHA256[:0])
	if err := readBack(pending.Name(), &sealed.Archive); err != nil {
		return nil, err
	}
	// Crash from here to the end of Detach: the file without its line in the ledger; checkFree lets the next run replace it.
	if err := pending.CloseAtomicallyReplace(); err != nil {
		return nil, err
	}
	if sealed.Unsynced, err = files.TrySyncFolder(s.Out); err != nil {
		return nil, err
	}
	return sealed, s.Store.Detach(ctx, &sealed.Archive, at)
}

func (s *Sealer) manifest(d *settlement.DayStatus, number int) *Manifest {
	m := &Manifest{
		Form: Form, Day: d.Day.String(), Number: number, WindowStart: d.Start, WindowEnd: d.End, BrokerID: s.BrokerID, ReportUnitID: s.ReportUnitID,
		Made: s.Now().In(regulation.Zone).Truncate(time.Microsecond), By: s.By, Version: s.Version, Schema: s.Schema,
	}
	if despite := s.despite(d); len(despite) > 0 {
		m.Despite, m.Why = strings.Join(despite, "; "), s.Why
	}
	return m
}

// despite is what Refusal would say if no reason was given.
func (s *Sealer) despite(d *settlement.DayStatus) (all []string) {
	if !d.Good || len(d.ToHandIn) > 0 {
		all = append(all, d.Next)
	}
	if s.lacksAudit(d) {
		all = append(all, errNoAudit.Error())
	}
	return all
}

// checkFree looks at a file that has the name already. One that a crash left before its line in the ledger is replaced by one that has at
// least its records; the ledger's have other numbers.
func (s *Sealer) checkFree(path string, records int64) error {
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	there, err := Open(path)
	if err != nil {
		return fmt.Errorf("%s is there, and is no archive that could be replaced: move it away (%w)", path, err)
	}
	defer there.Close()
	if there.Manifest.Records > records {
		return fmt.Errorf("%s is there and has %d records, of which the store has %d and the ledger knows nothing: keep it, and name another folder with --out",
			path, there.Manifest.Records, records)
	}
	return nil
}

// readBack verifies the file on the disk, and that it is what was written.
func readBack(path string, a *store.Archive) (err error) {
	f, err := Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sum, err := f.Verify()
	if err == nil && sum != a.SHA256 {
		err = fmt.Errorf("archive: %s reads back as another file than was written: try another disk", path)
	}
	return err
}

func (s *Sealer) fill(ctx context.Context, w *writer, d *settlement.DayStatus, m *Manifest) (at store.Position, err error) {
	err = w.add(readmeMember, func(to io.Writer) error {
		_, err := io.WriteString(to, readme)
		return err
	})
	if err == nil {
		at, err = s.fillRecords(ctx, w, d.Day, m)
	}
	if err == nil {
		err = s.fillLedger(ctx, w, d.Day, m)
	}
	if err == nil {
		err = s.fillActions(ctx, w, d)
	}
	if err == nil {
		var damaged []string
		damaged, err = w.addAudit(s.Audit, d.Start, d.End)
		m.Missing = append(m.Missing, damaged...)
	}
	if len(s.Audit.of(d.Start, d.End)) == 0 {
		m.Missing = append(m.Missing, "audit logs")
	}
	if err == nil {
		err = w.end(m)
	}
	return at, err
}

func (s *Sealer) fillRecords(ctx context.Context, w *writer, day calendar.TradingDay, m *Manifest) (at store.Position, err error) {
	sum := newDigest()
	err = w.add(recordsMember, func(to io.Writer) error {
		enc := json.NewEncoder(to)
		enc.SetEscapeHTML(false)
		at, err = s.Store.ScanArrivals(ctx, day, func(rec *store.Record, arrival int64) error {
			if err := sum.add(rec); err != nil {
				return err
			}
			if s.Progress != nil && sum.rows%1000 == 0 {
				s.Progress(sum.rows)
			}
			return enc.Encode(lineOf(rec, arrival))
		})
		return err
	})
	m.Records, m.RecordsDigest = sum.rows, sum.String()
	return at, err
}

func (s *Sealer) fillLedger(ctx context.Context, w *writer, day calendar.TradingDay, m *Manifest) error {
	exports, err1 := s.Store.Exports(ctx, day)
	handed, err2 := s.Store.HandedIn(ctx, day)
	waivers, err3 := s.Store.Waivers(ctx, day)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	if err := w.addJSON(ledgerMember, ledgerOf(exports, handed, waivers)); err != nil {
		return err
	}
	if s.Reports == "" {
		m.Missing = append(m.Missing, "report files")
		return nil
	}
	return w.addReports(ctx, s.Reports, settlement.Chain(exports))
}

// fillActions takes what operators changed in the day's window.
func (s *Sealer) fillActions(ctx context.Context, w *writer, d *settlement.DayStatus) error {
	return w.add(actionsMember, func(to io.Writer) error {
		enc := json.NewEncoder(to)
		enc.SetEscapeHTML(false)
		err := s.Actions(ctx, d.Start, func(a *store.Action) error {
			if !a.At.Before(d.End) {
				return errEnough
			}
			return enc.Encode(actionLine{
				ID: a.ID.String(), At: a.At.In(regulation.Zone), User: a.User, RealUser: a.RealUser, Host: a.Host, Command: a.Command, Subject: a.Subject,
				Changes: a.Changes, Why: a.Why,
			})
		})
		if errors.Is(err, errEnough) {
			err = nil
		}
		return err
	})
}

var errEnough = errors.New("archive: the window's end")

// actionLine is an action as actions.jsonl has it.
type actionLine struct {
	ID       string         `json:"id"`
	At       time.Time      `json:"time"`
	User     string         `json:"user"`
	RealUser string         `json:"real_user,omitempty"`
	Host     string         `json:"host"`
	Command  string         `json:"command"`
	Subject  string         `json:"subject"`
	Changes  []store.Change `json:"changes"`
	Why      string         `json:"why,omitempty"`
}
