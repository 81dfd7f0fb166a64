package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/deepcheck"
)

func newConfig(e *env) *cobra.Command {
	var path string
	var deep bool
	check := &cobra.Command{
		Use: "check", Short: "Report everything that is wrong with a configuration and its files", Args: noArgs,
		Long: "Report everything that is wrong with a configuration and the files that it names, in one list. With\n" +
			"--deep also what only a look outside tells: PostgreSQL with its schema, rights and settings, the master\n" +
			"key on every AppID, the local store, the addresses. Nothing is changed. Exit status 1 if anything is wrong.",
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
			found := deepcheck.Run(c.Context(), cfg, a.Master)
			e.printLines("checked:", found.Sound)
			e.printLines("warning:", found.Warnings)
			if err := found.Faults.Err(); err != nil {
				return err
			}
			e.printGood(path, cfg, a)
			return nil
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

// notChecked names what plain `config check` leaves out.
const notChecked = "not checked: whether PostgreSQL answers and has the schema and the rights, whether the master key opens the AppIDs' " +
	"authcodes, whether the local store is sound, whether the addresses are free; --deep checks them"

// printGood prints the line of a configuration without fault, and its warnings.
func (e *env) printGood(path string, cfg *config.Config, a *assemble.Assets) {
	fmt.Fprintf(e.out, "%s is good: listeners %d, keys %d, store %s, calendar to %s\n",
		path, len(cfg.Front.Listeners), len(cfg.Keys), cfg.Store.Driver, a.Calendar.Horizon())
	for _, w := range a.Keys.Warnings(time.Now()) {
		fmt.Fprintln(e.out, "warning: keys:", w.Text)
	}
	e.printLines("warning:", assemble.Exposed(cfg, e.environ))
	for _, w := range a.Calendar.Warnings(time.Now()) {
		fmt.Fprintln(e.out, "warning: calendar_file:", w)
	}
}

func (e *env) printLines(what string, lines []string) {
	for _, line := range lines {
		fmt.Fprintln(e.out, what, line)
	}
}
