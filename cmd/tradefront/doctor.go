package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/doctor"
)

func newDoctor(e *env) *cobra.Command {
	var (
		path, lang, address string
		strict              bool
		form                output
	)
	c := &cobra.Command{
		Use: "doctor", Short: "Look for everything that is wrong with a front, its machine and its database", Args: noArgs,
		Long: "Check the configuration and its files, keys, calendar, master key, local store, PostgreSQL, the machine, and what\n" +
			"the running front reports at admin.address. Each line is pass, warn, fail, or skip where the check could not\n" +
			"be made, and a next step. Nothing is changed. Run it as the front's user, beside the front or before its start.\n\n" +
			"Exit status 1 if a line is fail, with --strict also if one is warn.",
		Example: "  sudo -u tradefront tradefront doctor -c /etc/tradefront/tradefront.yaml\n" +
			"  tradefront doctor -c tradefront.yaml --strict -o json",
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			cfg, err := config.Load(path, e.environ)
			end := e.waiting(doing("checking"))
			report := doctor.Run(c.Context(), &doctor.Site{
				Path: path, Config: cfg, Err: err, Environ: e.environ, Now: time.Now, Front: address,
			})
			end()
			shown := report.In(lang)
			if err := form.print(e.out, shown, func(w io.Writer) { shown.Text(w) }); err != nil {
				return err
			}
			switch worst := report.Worst(); {
			case worst == doctor.Fail:
				return errors.New(shown.Summary)
			case worst == doctor.Warn && strict:
				return fmt.Errorf("%s (--strict)", shown.Summary)
			}
			return nil
		}),
	}
	configFlag(c, &path)
	outputFlag(c, &form)
	languageFlag(c, e, &lang)
	c.Flags().BoolVar(&strict, "strict", false, "exit status 1 also if a line is warn")
	c.Flags().StringVar(&address, "front", "", "host:port of the front's admin listener, instead of admin.address")
	return c
}
