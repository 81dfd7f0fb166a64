package reports

import (
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
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

func newReportMerge(e *command.Env) *cobra.Command {
	var (
		o      merge.Options
		path   string
		reason string
		form   command.Output
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
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			o.Inputs, o.Version = args, e.Version
			w, err := e.NewWaiver(reason, "--skip-bad")
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
			reading, writing := command.Phase{Env: e, What: command.Doing("reading"), Unit: "bytes"}, command.Phase{Env: e, What: command.Doing("writing"), Unit: "rows"}
			o.Reading, o.Writing = reading.Set, writing.Set
			result, err := merge.Merge(c.Context(), o)
			reading.End()
			writing.End()
			if err != nil {
				return err
			}
			done := mergedOf(result, o.SkipBad)
			if cfg != nil && command.HasStore(cfg) {
				e.Note(c, cfg, e.Writer(cfg), command.Task{Subject: done.Day, Why: reason}, func(a *store.Action) {
					a.Note("merged", strings.Join(args, " "), fmt.Sprintf("%s, %d rows, sha256 %s", done.Path, done.Rows, done.SHA256))
				})
			}
			return form.Print(e.Out, done, done.print)
		}),
	}
	command.OutputFlag(c, &form)
	command.OptionalConfigFlag(c, &path, "configuration file: whose reports they must be (not needed)", math.MaxInt)
	c.Flags().StringVar(&o.OutDir, "out", "", "folder to write into")
	command.Must(c.MarkFlagRequired("out"))
	c.Flags().StringVar(&o.SkipBad, "skip-bad", "", "waive bad lines: put them into this new file, and merge the others")
	c.Flags().StringVar(&reason, "reason", "", command.ReasonHelp)
	c.Flags().StringVar(&o.TempDir, "tmp", "", "folder for temporary files, up to twice the reports together (default: that of --out)")
	return c
}

// checkUnit refuses reports of another company, and returns the configuration; Merge holds all of them to one.
func checkUnit(e *command.Env, path, report string) (*config.Config, error) {
	cfg, err := config.Load(path, e.Environ)
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
		command.Tell(w, "read %s: %d rows, sha256 %s\n", in.Path, in.Rows, in.SHA256)
	}
	command.Tell(w, "%s: %d rows, %d duplicates dropped, %s, sha256 %s\n", m.Path, m.Rows, m.Duplicates, show.Size(m.Bytes), m.SHA256)
	if m.Bad > 0 {
		command.Tell(w, "%d bad lines are NOT in it; they were put into %s\n", m.Bad, m.SkippedTo)
	}
	for _, text := range m.Warnings {
		command.Tell(w, "warning: %s\n", command.SentenceFor(w, text))
	}
}
