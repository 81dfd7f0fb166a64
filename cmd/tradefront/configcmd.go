package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/config"
)

func newConfig(e *env) *cobra.Command {
	var path string
	check := &cobra.Command{
		Use: "check", Short: "Report everything that is wrong with a configuration and its files", Args: noArgs,
		RunE: e.action(func(*cobra.Command, []string) error {
			cfg, err := config.Load(path, e.environ)
			if err != nil {
				return wholeReport(cfg, err, nil)
			}
			a, err := loadAssets(cfg)
			if err != nil {
				return err
			}
			fmt.Fprintf(e.out, "%s is good: listeners %d, keys %d, store %s, calendar to %s\n",
				path, len(cfg.Front.Listeners), len(cfg.Keys), cfg.Store.Driver, a.calendar.Horizon())
			for _, w := range a.keys.Warnings(time.Now()) {
				fmt.Fprintln(e.out, "warning: keys:", w.Text)
			}
			for _, w := range exposed(cfg, e.environ) {
				fmt.Fprintln(e.out, "warning:", w)
			}
			for _, w := range a.calendar.Warnings(time.Now()) {
				fmt.Fprintln(e.out, "warning: calendar_file:", w)
			}
			return nil
		}),
	}
	configFlag(check, &path)
	defaults := &cobra.Command{
		Use: "defaults", Short: "Print a commented configuration with every key and its default", Args: noArgs,
		RunE: e.action(func(*cobra.Command, []string) error { return config.WriteDefaults(e.out) }),
	}
	return group("config", "Check a configuration, or print the defaults", check, defaults)
}
