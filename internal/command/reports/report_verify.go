package reports

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/settlement/verify"
	"github.com/tradefront/tradefront/internal/settlement/verifykeys"
)

// verifyFlags are what is known of the report besides its bytes.
type verifyFlags struct {
	config   string
	calendar string
	vendors  []string
	keys     command.PrivateKeys
	html     string
	force    bool
	tempDir  string
	form     command.Output
}

func newReportVerify(e *command.Env) *cobra.Command {
	var flags verifyFlags
	c := &cobra.Command{
		Use: "verify FILE", Short: "Check a report file before the monitoring centre does", Args: cobra.ExactArgs(1),
		Long: "Read every line of a report by a reader of its own, and tell what is wrong, with line numbers, and\n" +
			"what the day looks like. With the configuration it is also checked whose report it is, the trading\n" +
			"day, and which key versions it may have; with test keys, what is inside the ciphertexts.\n\n" +
			"The verdict (verdict.word of -o json) is good; partial, if the day was not over when the file was made;\n" +
			"incomplete, if its manifest says that records may be missing, also where that was waived; or faulty. Exit\n" +
			"status 0 if it is good (warnings may be), 1 if not.",
		Example: "  tradefront report verify 0001clientinfo20260105.txt --config tradefront.yaml --html check.html\n" +
			"  tradefront report verify 0001clientinfo20260105.txt --calendar calendar.yaml --private-key 1.0=test.pem",
		RunE: e.Action(func(c *cobra.Command, args []string) error { return verifyReport(c, e, &flags, args[0]) }),
	}
	f := c.Flags()
	command.OptionalConfigFlag(c, &flags.config, "configuration file: whose report, vendor ID, keys, calendar", 1)
	f.StringVar(&flags.calendar, "calendar", "", "calendar file, instead of the configuration's")
	f.StringArrayVar(&flags.vendors, "vendor", nil,
		"vendor ID that a line may have; again for each, of a day within which vendor_id was changed (default: the configuration's, else the first line's)")
	f.Var(&flags.keys, "private-key", "test key of a key version, VERSION=PEMFILE; may be given several times")
	f.StringVar(&flags.html, "html", "", "write the report as one page into this file as well")
	f.BoolVar(&flags.force, "force", false, "let --html replace a file that is no such page")
	f.StringVar(&flags.tempDir, "tmp", "", "folder for temporary files, 50 bytes a line (default: the system's)")
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "temp-dir" { // as it was before --tmp
			name = "tmp"
		}
		return pflag.NormalizedName(name)
	})
	command.OutputFlag(c, &flags.form)
	return c
}

func verifyReport(c *cobra.Command, e *command.Env, flags *verifyFlags, path string) error {
	options, err := flags.options(e, path)
	if err != nil {
		return err
	}
	pageFile, err := verify.CreatePage(flags.html, path, flags.force)
	if err != nil {
		return err
	}
	defer pageFile.Discard()
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	bar := e.Progress(command.Doing("verifying"), info.Size(), "bytes")
	options.Progress = bar.Set
	r, err := verify.Verify(c.Context(), options)
	bar.End()
	if err != nil {
		return err
	}
	if err := pageFile.Write(r); err != nil {
		return err
	}
	var written error
	if err := flags.form.Print(e.Out, r, func(w io.Writer) { written = r.WriteText(w, e.Lang) }); err != nil || written != nil {
		return errors.Join(err, written)
	}
	if !r.Verdict.Good {
		return errors.New(path + ": " + e.Say(r.Verdict.English, r.Verdict.Chinese))
	}
	return nil
}

// options gathers what flags and configuration say.
func (f *verifyFlags) options(e *command.Env, path string) (verify.Options, error) {
	o := verify.Options{Path: path, VendorIDs: f.vendors, TempDir: f.tempDir, Now: time.Now()}
	calendarFile := f.calendar
	var cfg *config.Config
	if f.config != "" {
		var err error
		if cfg, err = config.Load(f.config, e.Environ); err != nil {
			return o, err
		}
		o.UnitID, o.Complete = cfg.ReportUnitID, true
		if len(o.VendorIDs) == 0 {
			o.VendorIDs = []string{cfg.VendorID}
		}
		if calendarFile == "" {
			calendarFile = cfg.CalendarFile.Path
		}
	}
	if calendarFile != "" {
		cal, err := calendar.Load(calendarFile)
		if err != nil {
			return o, fmt.Errorf("%s: %w", calendarFile, err)
		}
		o.Calendar = cal
	}
	var err error
	o.Versions, err = verifykeys.Versions(cfg, f.keys)
	return o, err
}
