package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/recovery"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/repair"
)

// NewLocal is `local`: the store of this machine.
func NewLocal(e *command.Env) *cobra.Command {
	return command.Group("local", "Look into the local store, back it up, and bring back the records of a corrupt one",
		newLocalInspect(e), newLocalBackup(e), newLocalRecover(e))
}

// inspected is what `local inspect -o json` prints.
type inspected struct {
	File     string      `json:"file"`
	InUse    bool        `json:"in_use"` // store.path itself
	Bytes    int64       `json:"bytes"`
	LogBytes int64       `json:"log_bytes"`
	Damage   string      `json:"damage,omitempty"`
	Whole    bool        `json:"checked_whole"`
	Schema   int64       `json:"schema"`
	Days     []dayOfRows `json:"days"`
	Oldest   string      `json:"oldest,omitempty"`
	Refused  int64       `json:"quarantine"`
	repair.Salvage
	SetAside []string `json:"set_aside"`
	forward  bool     // its records go on to PostgreSQL
}

type dayOfRows struct {
	Day     string `json:"trading_day"`
	Records int64  `json:"records"`
}

func newLocalInspect(e *command.Env) *cobra.Command {
	var (
		path, file string
		form       command.Output
	)
	c := &cobra.Command{
		Use: "inspect", Short: "Say what is in the local store, or in a corrupt one", Args: command.NoArgs,
		Long: "Say what is in the local store, beside a running daemon, or with --file in a corrupt one that a start moved away:\n" +
			"its damage, the records of each trading day, the quarantine, rows that were altered. Nothing is\n" +
			"changed. Each record is read and held against its checksum. Status 1 if anything is damaged.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			cfg, err := config.Load(path, e.Environ)
			if err != nil {
				return err
			}
			done, err := inspectLocal(c.Context(), cfg, file)
			if err != nil {
				return err
			}
			if err := form.Print(e.Out, done, done.print); err != nil {
				return err
			}
			if done.Damage != "" || done.Altered > 0 {
				return fmt.Errorf("%s is damaged", done.File)
			}
			return nil
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().StringVar(&file, "file", "", "a corrupt store (default: store.path)")
	return c
}

func inspectLocal(ctx context.Context, cfg *config.Config, file string) (done inspected, err error) {
	done = inspected{File: file, InUse: file == "", forward: cfg.Store.Driver == assemble.DriverPostgres}
	if file != "" {
		if done.InUse, err = recovery.InUse(cfg, file); err != nil {
			return done, err
		}
	}
	var in repair.Inspection
	if done.InUse {
		done.File = cfg.Store.Path
		if _, err := os.Stat(done.File); err != nil {
			return done, fmt.Errorf("store.path: %w; it is made by the first start", err)
		}
		in, err = repair.Inspect(ctx, done.File)
	} else {
		in, err = repair.InspectCorrupt(ctx, file)
	}
	if err != nil {
		return done, err
	}
	done.Bytes, done.LogBytes, done.Whole, done.Schema = in.Bytes, in.WALBytes, in.Whole, in.Schema
	done.Refused, done.Salvage = in.Refused, in.Salvage
	if in.Damage != nil {
		done.Damage = in.Damage.Error()
	}
	if !in.Oldest.IsZero() {
		done.Oldest = show.Time(in.Oldest)
	}
	for _, d := range in.Days {
		done.Days = append(done.Days, dayOfRows{d.Day.String(), d.Records})
	}
	corrupt, err := localfile.ListCorrupt(cfg.Store.Path)
	for _, a := range corrupt {
		done.SetAside = append(done.SetAside, a.Path)
	}
	return done, err
}

func (d inspected) print(w io.Writer) {
	command.Tell(w, "%s: %d bytes, log %d bytes, schema %d\n", d.File, d.Bytes, d.LogBytes, d.Schema)
	switch {
	case d.Damage != "":
		command.Tell(w, "DAMAGED: %s\n", command.SentenceFor(w, d.Damage))
	case d.Whole:
		command.Tell(w, "sound: every page was checked\n")
	default:
		command.Tell(w, "no damage found in the %s that a check may take; there is more to check\n", repair.CheckPatience)
	}
	what := "records"
	if d.InUse && d.forward {
		what = "records that PostgreSQL does not have yet"
	}
	command.Table(w, "trading day\t"+what, func(w io.Writer) {
		for _, day := range d.Days {
			fmt.Fprintf(w, "%s\t%d\n", day.Day, day.Records)
		}
	})
	if d.Oldest != "" {
		command.Tell(w, "oldest login %s\n", d.Oldest)
	}
	command.Tell(w, "%d in quarantine, %d altered, %d without a checksum\n", d.Refused, d.Altered, d.Unchecked)
	if !d.InUse {
		printSalvage(w, d.Salvage)
	}
	for _, path := range d.SetAside {
		command.Tell(w, "corrupt store, not recovered: %s; next: tradefront local recover\n", path)
	}
}

// printSalvage says what reading damaged files did not find.
func printSalvage(w io.Writer, s repair.Salvage) {
	if s.Loss() {
		command.Tell(w, "not to be had: %d rows altered, %d cells broken, %d pages unreadable, cut off or overwritten; "+
			"at most %d rows missing between seq %d and %d\n",
			s.Altered, s.BrokenCells, s.FailedPages, s.Missing, s.FirstSeq, s.LastSeq)
	}
}

func newLocalRecover(e *command.Env) *cobra.Command {
	var (
		path   string
		reason string
		accept bool
		form   command.Output
	)
	c := &cobra.Command{
		Use: "recover [FILE]", Short: "Bring the records of a corrupt store back", Args: cobra.MaximumNArgs(1),
		Long: "Read every record that can still be read from the corrupt local stores beside it, or from FILE\n" +
			"alone, and put it into the local store, once, beside a running daemon: the forwarder brings it on.\n" +
			"A record that does not match its checksum is left out. Then the file is renamed, .corrupt- to\n" +
			".recovered-; nothing of it is deleted. It may be repeated: what is there already is counted and\n" +
			"left as it is.\n\n" +
			"If something of the file could not be brought back, or may be missing between its rows, the status\n" +
			"is 1, and the file keeps its name: export refuses the reports of its days. Look with reconcile which logins\n" +
			"were answered and are nowhere, then let the reports go with --accept-loss: a waiver, so the report of each\n" +
			"day that the file had records of, and of the day it was moved away, says who accepted the loss, when and why.",
		Example: "  tradefront local recover -c tradefront.yaml\n" +
			"  tradefront reconcile -c tradefront.yaml --day 20260105 --audit audit.jsonl\n" +
			"  tradefront local recover -c tradefront.yaml --accept-loss",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			cfg, err := config.Load(path, e.Environ)
			if err != nil {
				return err
			}
			corrupt, err := recovery.Corrupt(cfg, args)
			if err != nil {
				return err
			}
			w, err := e.NewWaiver(reason, "local recover --accept-loss")
			if err != nil {
				return err
			}
			progress := func(path string) (func(int64), func()) { return recovering(e, path) }
			done, err := recoverStores(e, c, cfg, corrupt, recovery.Options{AcceptLoss: accept, Waiver: w, Progress: progress}, reason)
			return errors.Join(form.Print(e.Out, done, func(w io.Writer) { printRecovered(w, done) }), err)
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().BoolVar(&accept, "accept-loss", false, "waive what could not be brought back: reports need not wait for it any more")
	c.Flags().StringVar(&reason, "reason", "", command.ReasonHelp)
	return c
}

// recoverStores brings back what there is, between two rows of the local store.
func recoverStores(e *command.Env, c *cobra.Command, cfg *config.Config, corrupt []localfile.CorruptStore, opt recovery.Options, why string) (
	done []recovery.File, err error,
) {
	done = []recovery.File{}
	if len(corrupt) == 0 {
		return done, nil
	}
	names := make([]string, len(corrupt))
	for i := range corrupt {
		names[i] = corrupt[i].Path
	}
	err = e.Undertake(c, cfg, e.LocalWriter(cfg), command.Task{Subject: strings.Join(names, " "), Why: why}, func(a *store.Action) (err error) {
		done, err = recovery.Recover(c.Context(), cfg, corrupt, opt)
		for _, f := range done {
			a.Note("recovered", f.File, fmt.Sprintf("%s, %d rows", f.Now, f.Saved))
			if f.Loss && opt.AcceptLoss {
				a.Note("loss", "", "accepted")
			}
		}
		return err
	})
	return done, err
}

// recovering shows how many rows of a store were read.
func recovering(e *command.Env, path string) (set func(int64), end func()) {
	rows := command.Phase{Env: e, What: command.Doing("recovering %s", path), Unit: "rows"}
	return func(n int64) { rows.Set(n, 0) }, rows.End
}

func printRecovered(w io.Writer, done []recovery.File) {
	if len(done) == 0 {
		command.Tell(w, "there is no corrupt store\n")
		return
	}
	for _, f := range done {
		command.Tell(w, "%s: %d rows brought back, %d were here already, %d of all without a checksum\n",
			f.File, f.Saved, f.Already, f.Unchecked)
		printSalvage(w, f.Salvage)
		if f.Now == f.File {
			command.Tell(w, "it stays where it is\n")
		} else {
			command.Tell(w, "it is %s now\n", f.Now)
		}
	}
	command.Tell(w, "next: tradefront reconcile, with the audit logs of those days: it names the answered logins that are nowhere\n")
}
