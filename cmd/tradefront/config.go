package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/doctor"
)

func newConfig(e *env) *cobra.Command {
	var path string
	var deep bool
	check := &cobra.Command{
		Use: "check", Short: "Report everything that is wrong with a configuration and its files", Args: noArgs,
		Long: "Report everything that is wrong with a configuration and the files that it names, in one list. With\n" +
			"--deep also what only a look outside tells: PostgreSQL with its schema, rights and settings, the master\n" +
			"key on every AppID, the local store, the addresses, the machine: all checks of `tradefront doctor` but those\n" +
			"that ask the running front. Nothing is changed. Exit status 1 if anything is wrong.",
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			cfg, err := config.Load(path, e.environ)
			if err != nil {
				return assemble.WholeReport(cfg, err, nil)
			}
			a, err := assemble.LoadAssets(cfg)
			if err != nil {
				return err
			}
			if !deep {
				e.printGood(path, cfg, a)
				fmt.Fprintln(e.out, notChecked)
				return nil
			}
			return e.checkDeep(c.Context(), path, cfg, a)
		}),
	}
	configFlag(check, &path)
	check.Flags().BoolVar(&deep, "deep", false, "also connect to PostgreSQL, and look at the stores, the AppIDs and the addresses")
	defaults := &cobra.Command{
		Use: "defaults", Short: "Print a commented configuration with every key and its default", Args: noArgs,
		RunE: e.action(func(*cobra.Command, []string) error { return config.WriteDefaults(e.out, daemon.Reloads) }),
	}
	return group("config", "Check a configuration, or print the defaults", check, defaults)
}

// checkDeep prints what the checks of doctor find without the front; what fails is a fault as any other.
func (e *env) checkDeep(ctx context.Context, path string, cfg *config.Config, a *assemble.Assets) error {
	found := doctor.Run(ctx, &doctor.Site{Path: path, Config: cfg, Environ: e.environ, Now: time.Now, Alone: true})
	var faults config.Faults
	for i := range found.Findings {
		f := &found.Findings[i]
		switch detail := f.Detail.EN; f.Status {
		case doctor.Pass:
			fmt.Fprintln(e.out, "checked:", detail)
		case doctor.Skip:
			fmt.Fprintf(e.out, "not checked: %s: %s\n", f.Check, detail)
		case doctor.Warn:
			if f.Key != "" {
				detail = f.Key + ": " + detail
			}
			fmt.Fprintf(e.out, "warning: %s; %s\n", detail, f.Next.EN)
		case doctor.Fail:
			faults = append(faults, config.Fault{Key: f.Key, Problem: detail, Fix: f.Next.EN})
		}
	}
	if err := faults.Err(); err != nil {
		return err
	}
	e.printSummary(path, cfg, a)
	return nil
}

// notChecked names what plain `config check` leaves out.
const notChecked = "not checked: whether PostgreSQL answers and has the schema and the rights, whether the master key opens the AppIDs' " +
	"authcodes, whether the local store is sound, whether the addresses are free; --deep checks them"

// printGood prints the line of a configuration without fault, and its warnings.
func (e *env) printGood(path string, cfg *config.Config, a *assemble.Assets) {
	e.printSummary(path, cfg, a)
	for _, w := range a.Keys.Warnings(time.Now()) {
		fmt.Fprintln(e.out, "warning: keys:", w.Text)
	}
	e.printLines("warning:", assemble.Exposed(cfg, e.environ))
	for _, w := range a.Calendar.Warnings(time.Now()) {
		fmt.Fprintln(e.out, "warning: calendar_file:", w)
	}
}

func (e *env) printSummary(path string, cfg *config.Config, a *assemble.Assets) {
	fmt.Fprintf(e.out, "%s is good: listeners %d, keys %d, store %s, calendar to %s\n",
		path, len(cfg.Front.Listeners), len(cfg.Keys), cfg.Store.Driver, a.Calendar.Horizon())
}

func (e *env) printLines(what string, lines []string) {
	for _, line := range lines {
		fmt.Fprintln(e.out, what, line)
	}
}
