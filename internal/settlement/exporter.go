package settlement

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// ledgerPatience is how long Export tries to write the ledger's line once the file has its name, also if
// the command was interrupted meanwhile.
const ledgerPatience = 10 * time.Second

// ReportStore is where an Exporter reads records and remembers exports: either store.
type ReportStore interface {
	// Snapshot is the records of a day as they are now. The caller closes it.
	Snapshot(ctx context.Context, day calendar.TradingDay) (store.Snapshot, error)
	// AddExport writes a line of the ledger; store.ErrExists if the day has that number already.
	AddExport(ctx context.Context, e *store.Export) error
	// Identity tells the store from others, "" if that cannot be known.
	Identity(ctx context.Context) (string, error)
	SurveyStore
}

// Exporter writes reports with their manifests, and remembers them in the ledger.
type Exporter struct {
	Store     ReportStore
	StoreKind string // embedded or postgres, for the manifest
	Calendar  *calendar.Calendar
	UnitID    string // 期货公司统一标识
	OutDir    string // must exist
	Version   string // of the program
	Host      string // this machine's name
	// Fronts lists what fronts hold; nil where fronts do not report. While there is an obstacle
	// that is not waived, a full report and a supplement are refused.
	Fronts FrontStore
	// Named and Declared are those of a Survey.
	Named    func(context.Context, calendar.TradingDay) ([]int32, error)
	Declared []int32
	// DespiteFronts waives the obstacles of fronts that there are, in the name of By.
	DespiteFronts bool
	By            string
	// Force lets a report take the place of one with more records, or that was handed in, for
	// Reason, which the store and the manifest keep.
	Force    bool
	Reason   string
	Progress func(rows int64)
	Now      func() time.Time // nil for time.Now

	// reached is called after each step with its name, by tests that crash there.
	reached    func(step string)
	syncFolder reportfile.SyncFolder // nil for that of the system
}

// Done is what an export did.
type Done struct {
	Result
	Day      calendar.TradingDay
	Kind     store.ExportKind
	Manifest string // path
	// Unsynced says that the folder's file system cannot sync it: see UnsyncedWarning.
	Unsynced bool
	// Nothing says that a supplement found no late records that the report lacks: no file was written.
	Nothing bool
	// Repeated is how many late records a supplement left out, since the report has them: they were moved to another day and back.
	Repeated int64
	// Replaced is the file that had the name before, if there was one.
	Replaced *Replaced
	// Waived are the obstacles in spite of which the file was written.
	Waived []reportfile.Waived
	// Provisional and Outside count lines that may be on the wrong day.
	Provisional, Outside int64
}

// Warnings are what the clerk who hands the file in must know; dir is where it was written.
func (d *Done) Warnings(dir string) (all []string) {
	for i := range d.Waived {
		if d.Waived[i].Kind == store.ReportHandedIn { // nothing is missing for it
			all = append(all, "hand this file in, too: "+d.Waived[i].String())
			continue
		}
		all = append(all, "INCOMPLETE as far as is known: "+d.Waived[i].String())
	}
	switch {
	case d.Nothing && d.Repeated > 0:
		return append(all, fmt.Sprintf("the report has %d records that came since: they were moved to another day and back. If nothing else was moved, "+
			"report export --day %s writes the same file, and they count as reported", d.Repeated, d.Day))
	case d.Nothing:
		return all
	case d.Repeated > 0:
		all = append(all, fmt.Sprintf("%d records were left out, which the report has: they were moved to another day and back", d.Repeated))
	}
	if d.Rows == 0 {
		all = append(all, "THE REPORT IS EMPTY: the store has no record of "+d.Day.String()+"; is that the right day? (report status)")
	}
	if d.Unsynced {
		all = append(all, reportfile.UnsyncedWarning(dir))
	}
	if d.Provisional > 0 {
		all = append(all, fmt.Sprintf("%d lines rest on a provisional calendar: see report status --day %s", d.Provisional, d.Day))
	}
	if d.Outside > 0 {
		all = append(all, fmt.Sprintf("%d lines have a login time outside the day's window: was calendar_file changed?", d.Outside))
	}
	return all
}

// Replaced is the file that an export took the place of.
type Replaced struct {
	Rows   int64
	SHA256 [32]byte
	Same   bool // byte for byte the new file
	// Kept is where it is now, if it was kept.
	Kept string
}

// OpenWindowError says that logins of the day may still come.
type OpenWindowError struct {
	Day calendar.TradingDay
	End time.Time
}

func (e *OpenWindowError) Error() string {
	return fmt.Sprintf("the window of %s closes at %s (UTC+8): wait until then, or see what is there so far with --partial",
		e.Day, show.Time(e.End))
}

// ForeignFileError says that a file has the report's name that no export made:
// edited, merged, or of another store.
type ForeignFileError struct {
	Path   string
	Merged bool // as its manifest says
}

func (e *ForeignFileError) Error() string {
	if e.Merged {
		return e.Path + " is there already, and its manifest says that a merge made it: move it away with its manifest, or write into another folder"
	}
	return fmt.Sprintf("%s is there already with another content, and no export that the ledger knows made it: "+
		"was it edited or merged, or PostgreSQL restored to a moment before it? Move it away, or write into another folder", e.Path)
}

// Export writes one report of the day: of that kind, in these steps, each of which needs
// the ones before. A day with an obstacle that is not waived is an *ObstaclesError; a
// partial report does not ask.
//
//  1. Ask for obstacles, what fronts hold among them: before the records are read, so that they have what was handed
//     over meanwhile. Read the ledger and open one snapshot of the records.
//  2. Write the lines to a temporary file and sync it.
//  3. Look at what has the name; a foreign file is not touched, nor without Force one that has
//     more records. Nor does another full report take the place of one that was handed in, wherever that file is. With
//     Force it does, and the file that had the name gets a second one.
//  4. Put the manifest in its place. If we crash after this, a manifest describes a file
//     that is not there yet, or the earlier file has a manifest that it does not
//     match: verify reports it, and the next export repairs it.
//  5. Rename the report into its place. If we crash after this, the ledger does not know
//     it; its manifest explains it to the next export, which writes the same again.
//  6. Write the ledger's line.
//
// Another export of the day may run at the same time. After step 2 the ledger shows one that has ended, and nothing is touched. One that
// writes the ledger's line between then and step 6 makes this export fail: its file gets a second name in place of the report's, unless the
// other export's file has that name by now, and its manifest goes. If we crash before that, our file has the report's name, and the ledger
// has the other one. Beside a manifest of ours verify finds nothing, as after step 5, and the next export replaces it; beside the other
// one's, which came last, verify reports it and the next export wants it moved away.
//
// So a report never has its name before its manifest, and the file of each ledger line was there.
func (x *Exporter) Export(ctx context.Context, day calendar.TradingDay, kind store.ExportKind) (Done, error) {
	d, err := x.export(ctx, day, kind)
	if err != nil {
		return Done{}, fmt.Errorf("export of %s: %w", day, reportfile.OutputError(x.OutDir, err))
	}
	return d, nil
}

func (x *Exporter) export(ctx context.Context, day calendar.TradingDay, kind store.ExportKind) (_ Done, err error) {
	if err := reportfile.CheckUnitID(x.UnitID); err != nil {
		return Done{}, err
	}
	start, end, err := x.Calendar.Window(day)
	if err != nil {
		return Done{}, err
	}
	now := x.now()
	switch open := now.Before(end); {
	case open && kind != store.PartialExport:
		return Done{}, &OpenWindowError{day, end}
	case !open && kind == store.PartialExport:
		kind = store.FullExport // nothing more will come: this is the report
	}
	obstacles, err := x.survey(ctx, day, kind) // step 1
	if err != nil {
		return Done{}, err
	}
	exports, err := x.Store.Exports(ctx, day)
	if err != nil {
		return Done{}, err
	}
	id, err := x.Store.Identity(ctx)
	if err != nil {
		return Done{}, err
	}
	job := exportJob{Exporter: x, day: day, kind: kind, now: now, exports: exports, storeID: id, number: 1, obstacles: obstacles}
	if len(exports) > 0 {
		job.number = exports[len(exports)-1].Number + 1
	}
	job.tally.start, job.tally.end = start, end
	if kind == store.SupplementExport {
		chain := Chain(exports)
		if len(chain) == 0 {
			return Done{}, errors.New("there is no full report that a supplement could go with: export without --supplement")
		}
		job.after = chain[len(chain)-1].Position
	}
	return job.run(ctx)
}

// survey refuses a report that would not be complete, as far as is known.
func (x *Exporter) survey(ctx context.Context, day calendar.TradingDay, kind store.ExportKind) (Obstacles, error) {
	if kind == store.PartialExport {
		return Obstacles{}, nil
	}
	v := Survey{Store: x.Store, Fronts: x.Fronts, Calendar: x.Calendar, Named: x.Named, Declared: x.Declared}
	if x.DespiteFronts {
		_, err := v.Waive(ctx, store.Waiver{Day: day, At: x.now(), By: x.By, Reason: "--despite-fronts"}, store.ObstacleKind.OfFront)
		if _, nothing := errors.AsType[*NothingToWaiveError](err); err != nil && !nothing {
			return Obstacles{}, err
		}
	}
	o, err := v.Of(ctx, day)
	if err == nil && len(o.Open) > 0 {
		err = &ObstaclesError{day, o.Open}
	}
	return o, err
}

func (x *Exporter) now() time.Time {
	if x.Now == nil {
		return time.Now()
	}
	return x.Now()
}

func (x *Exporter) step(name string) {
	if x.reached != nil {
		x.reached(name)
	}
}

// exportJob is one export on its way.
type exportJob struct {
	*Exporter
	day     calendar.TradingDay
	kind    store.ExportKind
	now     time.Time
	exports []store.Export // of the day so far
	storeID string
	number  int            // of this one in the ledger
	after   store.Position // a supplement begins after it
	tally   tally          // its bounds, for the writer

	obstacles Obstacles // all of them waived
	position  store.Position
}

func (j *exportJob) run(ctx context.Context) (Done, error) {
	out, err := reportfile.Create(j.OutDir, j.fileName())
	if err != nil {
		return Done{}, err
	}
	defer out.Discard() // does nothing once committed
	out.FailOn(nil, j.syncFolder)
	w := &lineWriter{out: out, day: j.day, progress: j.Progress, tally: j.tally}
	if w.reported, err = j.reported(ctx); err != nil {
		return Done{}, err
	}
	if err := j.read(ctx, w); err != nil {
		return Done{}, err
	}
	w.report()
	done := Done{
		Day: j.day, Kind: j.kind, Waived: j.obstacles.Waived, Provisional: w.tally.provisional, Outside: w.tally.outside,
		Repeated: w.repeated,
	}
	if j.kind == store.SupplementExport && w.rows == 0 {
		done.Nothing = true
		return done, nil
	}
	if err := out.Finish(); err != nil { // step 2
		return Done{}, err
	}
	j.step("written")
	done.Result = w.result()
	done.Manifest = reportfile.ManifestName(done.Path)
	if done.Replaced, err = j.existing(ctx, done.Result); err != nil { // step 3
		return Done{}, err
	}
	if err := j.checkAlone(ctx); err != nil {
		return Done{}, err
	}
	if err := j.mayReplace(ctx, done.Replaced, done.Result); err != nil {
		return Done{}, err
	}
	done.Waived = j.obstacles.Waived
	err = j.publish(ctx, out, w, done.Result)
	done.Unsynced = out.Unsynced()
	return done, err
}

// read writes the lines from one snapshot.
func (j *exportJob) read(ctx context.Context, w *lineWriter) (err error) {
	snapshot, err := j.Store.Snapshot(ctx, j.day)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	j.position = snapshot.Position()
	return w.writeAll(ctx, func(f func(*store.Record) error) error { return snapshot.Scan(ctx, j.after, f) })
}

// publish is steps 4 to 6.
func (j *exportJob) publish(ctx context.Context, out *reportfile.Writer, w *lineWriter, r Result) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			out.RemoveOrphan()
		}
	}()
	if err := out.PutManifest(j.manifest(w, r)); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	j.step("manifest renamed")
	if err := out.Commit(); err != nil {
		return err
	}
	j.step("report renamed")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerPatience)
	defer cancel()
	err = j.Store.AddExport(ctx, &store.Export{
		Day: j.day, Number: j.number, Kind: j.kind, At: j.now, Rows: r.Rows, Bytes: r.Bytes, SHA256: r.SHA256,
		File: filepath.Base(r.Path), Position: j.position, Version: j.Version, Host: j.Host, UnitID: j.UnitID,
	})
	switch {
	case errors.Is(err, store.ErrExists):
		return j.stepAside(ctx, r)
	case err != nil:
		return fmt.Errorf("%s is in place, but the ledger could not be written; run the export again: %w", r.Path, err)
	}
	return nil
}

func (j *exportJob) manifest(w *lineWriter, r Result) *reportfile.Manifest {
	return &reportfile.Manifest{
		File: filepath.Base(r.Path), Kind: j.kind, UnitID: j.UnitID, TradingDay: j.day.String(),
		Window: reportfile.ManifestWindow{Start: w.tally.start, End: w.tally.end},
		Rows:   r.Rows, Bytes: r.Bytes, SHA256: hex.EncodeToString(r.SHA256[:]),
		Vendors: w.tally.vendors.counts(), KeyVersions: w.tally.versions.counts(), Flags: w.tally.byFlag(),
		Provisional: w.tally.provisional, OutsideWindow: w.tally.outside,
		FrontsMissing: j.obstacles.missingFronts(), Waived: j.obstacles.Waived,
		Store:   reportfile.ManifestStore{Kind: j.StoreKind, ID: j.storeID, Position: j.position, After: j.after},
		Version: j.Version, Host: j.Host, Generated: j.now.In(regulation.Zone).Truncate(time.Second),
	}
}

// fileName is the name for the kind. Supplements are numbered through the day, also
// across full exports. A partial report has the report's own name, so that everything
// that reads reports can read it; its manifest and the ledger say what it is, and the
// full export takes its place.
func (j *exportJob) fileName() string {
	if j.kind != store.SupplementExport {
		return reportfile.FileName(j.UnitID, j.day)
	}
	n := 1
	for _, e := range j.exports {
		if e.Kind == store.SupplementExport {
			n++
		}
	}
	return reportfile.SupplementName(j.UnitID, j.day, n)
}
