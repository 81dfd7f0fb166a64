package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/settlement/merge"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// mergedInput and merged are what `report merge -o json` prints.
type mergedInput struct {
	Path   string `json:"path"`
	Rows   int64  `json:"rows"`
	Bad    int64  `json:"bad"`
	SHA256 string `json:"sha256"`
}

type merged struct {
	Path       string        `json:"path"`
	Manifest   string        `json:"manifest"`
	UnitID     string        `json:"unit_id"`
	Day        string        `json:"trading_day"`
	Inputs     []mergedInput `json:"inputs"`
	Rows       int64         `json:"rows"`
	Duplicates int64         `json:"duplicates_dropped"`
	Bad        int64         `json:"bad"`
	SkippedTo  string        `json:"skipped_to,omitempty"` // the file of the bad lines, if there are any
	Bytes      int64         `json:"bytes"`
	SHA256     string        `json:"sha256"`
	Warnings   []string      `json:"warnings,omitempty"`
}

func newReportMerge(e *env) *cobra.Command {
	var (
		o      merge.Options
		path   string
		reason string
		form   output
	)
	c := &cobra.Command{
		Use: "merge A.txt B.txt... --out DIR", Short: "Make one report of those of the main and secondary seats",
		Args: cobra.MinimumNArgs(2),
		Long: "Write <unit>clientinfo<YYYYMMDD>.txt into the folder --out: each different line of the reports\n" +
			"once, in bytewise order. All reports must be of one unit and one day, by their names, and no\n" +
			"line may be bad: bad lines are named, and nothing is written unless --skip-bad puts them aside,\n" +
			"each as file:line: reason, a tab, and the line. A report that has its manifest beside it must be\n" +
			"what that says; with --skip-bad, it is a warning if not. The reports are left as they are, and the\n" +
			"merged one gets a manifest of its own, which repeats what was waived of them. --skip-bad is a waiver of the\n" +
			"bad lines: the manifest has who gave it, when and why, and `report verify` calls the file incomplete.",
		Example: "  tradefront report merge main/0001clientinfo20260105.txt second/0001clientinfo20260105.txt --out merged",
		RunE: e.action(func(c *cobra.Command, args []string) error {
			o.Inputs, o.Version = args, version
			w, err := e.newWaiver(reason, "--skip-bad")
			if err != nil {
				return err
			}
			o.Waiver = merge.Waiver{At: w.At, By: w.By, Reason: w.Reason}
			var cfg *config.Config
			if path != "" {
				if cfg, err = checkUnit(e, path, args[0]); err != nil {
					return err
				}
			}
			reading, writing := phase{e: e, what: doing("reading"), unit: "bytes"}, phase{e: e, what: doing("writing"), unit: "rows"}
			o.Reading, o.Writing = reading.set, writing.set
			result, err := merge.Merge(c.Context(), o)
			reading.end()
			writing.end()
			if err != nil {
				return err
			}
			done := mergedOf(result, o.SkipBad)
			if cfg != nil && hasStore(cfg) {
				e.note(c, cfg, e.writer(cfg), task{subject: done.Day, why: reason}, func(a *store.Action) {
					a.Note("merged", strings.Join(args, " "), fmt.Sprintf("%s, %d rows, sha256 %s", done.Path, done.Rows, done.SHA256))
				})
			}
			return form.print(e.out, done, done.print)
		}),
	}
	outputFlag(c, &form)
	optionalConfigFlag(c, &path, "configuration file: whose reports they must be (not needed)", math.MaxInt)
	c.Flags().StringVar(&o.OutDir, "out", "", "folder to write into")
	must(c.MarkFlagRequired("out"))
	c.Flags().StringVar(&o.SkipBad, "skip-bad", "", "waive bad lines: put them into this new file, and merge the others")
	c.Flags().StringVar(&reason, "reason", "", reasonHelp)
	c.Flags().StringVar(&o.TempDir, "tmp", "", "folder for temporary files, up to twice the reports together (default: that of --out)")
	return c
}

// checkUnit refuses reports of another company, and returns the configuration; Merge holds all of them to one.
func checkUnit(e *env, path, report string) (*config.Config, error) {
	cfg, err := config.Load(path, e.environ)
	if err != nil {
		return nil, err
	}
	name, err := reportfile.ParseName(report)
	if err == nil && name.UnitID != cfg.ReportUnitID {
		err = fmt.Errorf("merge: %s is the report of unit %s, the configuration is of %s", report, name.UnitID, cfg.ReportUnitID)
	}
	return cfg, err
}

func mergedOf(r merge.Result, skipBad string) merged {
	done := merged{
		Path: r.Path, Manifest: r.Manifest, UnitID: r.UnitID, Day: r.Day.String(), Rows: r.Rows, Duplicates: r.Duplicates,
		Bad: r.Bad, Bytes: r.Bytes, SHA256: hex.EncodeToString(r.SHA256[:]), Warnings: r.Warnings,
	}
	if r.Bad > 0 {
		done.SkippedTo = skipBad
	}
	for _, in := range r.Inputs {
		done.Inputs = append(done.Inputs, mergedInput{in.Path, in.Rows, in.Bad, hex.EncodeToString(in.SHA256[:])})
	}
	return done
}

func (m merged) print(w io.Writer) {
	for _, in := range m.Inputs {
		tell(w, "read %s: %d rows, sha256 %s\n", in.Path, in.Rows, in.SHA256)
	}
	tell(w, "%s: %d rows, %d duplicates dropped, %s, sha256 %s\n", m.Path, m.Rows, m.Duplicates, show.Size(m.Bytes), m.SHA256)
	if m.Bad > 0 {
		tell(w, "%d bad lines are NOT in it; they were put into %s\n", m.Bad, m.SkippedTo)
	}
	for _, text := range m.Warnings {
		tell(w, "warning: %s\n", sentenceFor(w, text))
	}
}

// phase is a progress bar that begins when its total is known.
type phase struct {
	e    *env
	what work
	unit string
	bar  *progress
}

func (p *phase) set(done, total int64) {
	if p.bar == nil {
		p.bar = p.e.progress(p.what, total, p.unit)
	}
	p.bar.set(done)
}

func (p *phase) end() {
	if p.bar != nil {
		p.bar.end()
	}
}
