package fronts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/doctor"
	"github.com/tradefront/tradefront/internal/show"
)

// NewConfig is `config`: whether a configuration is good.
func NewConfig(e *command.Env) *cobra.Command {
	var (
		path string
		deep bool
		form command.Output
	)
	check := &cobra.Command{
		Use: "check", Short: "Report everything that is wrong with a configuration and its files", Args: command.NoArgs,
		Long: "Report everything that is wrong with a configuration and the files that it names, in one list. With\n" +
			"--deep also what only a look outside tells: PostgreSQL with its schema, rights and settings, the master\n" +
			"key on every AppID, the local store, the addresses, the machine: all checks of `tradefront doctor` but those\n" +
			"that ask the running front. Nothing is changed: a local store of another version is not opened. Exit status 1\n" +
			"if anything is wrong.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			cfg, err := config.Load(path, e.Environ)
			if deep {
				return checkDeep(c.Context(), e, path, cfg, err, form)
			}
			if err != nil {
				return assemble.WholeReport(cfg, err, nil)
			}
			a, err := assemble.LoadAssets(cfg)
			if err != nil {
				return err
			}
			return checkFiles(e, path, cfg, a, form)
		}),
	}
	command.ConfigFlag(check, &path)
	command.OutputFlag(check, &form)
	check.Flags().BoolVar(&deep, "deep", false, "also connect to PostgreSQL, and look at the stores, the AppIDs and the addresses")
	defaults := &cobra.Command{
		Use: "defaults", Short: "Print a commented configuration with every key and its default", Args: command.NoArgs,
		RunE: e.Action(func(*cobra.Command, []string) error { return config.WriteDefaults(e.Out, daemon.Reloads) }),
	}
	return command.Group("config", "Check a configuration, or print the defaults", check, defaults)
}

// goodConfig is what `config check -o json` prints. Faults are the command's error, those of --deep in its checks too: of a configuration
// with faults it has the path and the checks alone.
type goodConfig struct {
	Path      string                `json:"path"`
	Hash      string                `json:"hash,omitempty"`
	Listeners int                   `json:"listeners,omitempty"`
	Keys      int                   `json:"keys,omitempty"`
	Store     string                `json:"store,omitempty"`
	Calendar  string                `json:"calendar_to,omitempty"`
	Warnings  []string              `json:"warnings,omitempty"` // without --deep
	Checks    []doctor.ShownFinding `json:"checks,omitempty"`   // with it
}

func good(path string, cfg *config.Config, a *assemble.Assets) goodConfig {
	return goodConfig{
		Path: path, Hash: cfg.Hash(), Listeners: len(cfg.Front.Listeners), Keys: len(cfg.Keys), Store: cfg.Store.Driver,
		Calendar: fmt.Sprint(a.Calendar.Horizon()),
	}
}

// checkFiles prints what the configuration and its files tell by themselves.
func checkFiles(e *command.Env, path string, cfg *config.Config, a *assemble.Assets, form command.Output) error {
	found := good(path, cfg, a)
	found.Warnings = warningsOf(e, cfg, a)
	return form.Print(e.Out, found, func(w io.Writer) {
		printSummary(e, w, &found)
		for _, warning := range found.Warnings {
			fmt.Fprintln(w, e.Say("warning: ", "警告：")+e.Translated(warning))
		}
		fmt.Fprintln(w, e.Say(notChecked, notCheckedChinese))
	})
}

// checkDeep prints what the checks of doctor find without the front, also those of a configuration of which err is the fault. What fails
// is a fault as any other.
func checkDeep(ctx context.Context, e *command.Env, path string, cfg *config.Config, err error, form command.Output) error {
	end := e.Waiting(command.Doing("checking"))
	checked := doctor.Run(ctx, &doctor.Site{Path: path, Config: cfg, Err: err, Environ: e.Environ, Now: time.Now, Alone: true})
	end()
	faults := faultsOf(e, checked)
	found := goodConfig{Path: path}
	if faults == nil {
		a, err := assemble.LoadAssets(cfg)
		if err != nil { // a file that was there a moment ago
			return err
		}
		found = good(path, cfg, a)
	}
	found.Checks = checked.In(string(e.Lang)).Findings
	err = form.Print(e.Out, found, func(w io.Writer) {
		printChecks(e, w, checked)
		if faults == nil {
			printSummary(e, w, &found)
		}
	})
	return errors.Join(err, faults)
}

// faultsOf are the checks that failed; nil if none did. Of a key that the check of the configuration has the others tell nothing more.
func faultsOf(e *command.Env, checked doctor.Report) error {
	var first, others config.Faults
	for i := range checked.Findings {
		f := &checked.Findings[i]
		if f.Status != doctor.Fail {
			continue
		}
		fault := config.Fault{Key: f.Key, Problem: f.Detail.In(string(e.Lang)), Fix: f.Next.In(string(e.Lang))}
		if f.Check == "configuration" {
			first = append(first, fault)
		} else {
			others = append(others, fault)
		}
	}
	return assemble.JoinFaults(first.Err(), others.Err())
}

// printChecks prints all but the faults, which are the command's error.
func printChecks(e *command.Env, w io.Writer, checked doctor.Report) {
	for i := range checked.Findings {
		f := &checked.Findings[i]
		switch detail := f.Detail.In(string(e.Lang)); f.Status {
		case doctor.Pass:
			fmt.Fprintln(w, e.Say("checked: ", "已检查：")+detail)
		case doctor.Skip:
			fmt.Fprintf(w, "%s%s: %s\n", e.Say("not checked: ", "未检查："), f.Check, detail)
		case doctor.Warn:
			if f.Key != "" {
				detail = f.Key + ": " + detail
			}
			fmt.Fprintf(w, "%s%s; %s\n", e.Say("warning: ", "警告："), detail, f.Next.In(string(e.Lang)))
		case doctor.Fail:
		}
	}
}

// What plain `config check` leaves out.
const (
	notChecked = "not checked: whether PostgreSQL answers and has the schema and the rights, whether the master key opens the AppIDs' " +
		"authcodes, whether the local store is sound, whether the addresses are free; --deep checks them"
	notCheckedChinese = "未检查：PostgreSQL 是否应答、表结构和权限是否正确，主密钥能否解密各 AppID 的授权码，本地库是否完好，地址是否可用；加 --deep 检查这些"
)

// warningsOf are those of the configuration and its files.
func warningsOf(e *command.Env, cfg *config.Config, a *assemble.Assets) (all []string) {
	for _, w := range a.Keys.Warnings(time.Now()) {
		all = append(all, "keys: "+w.Text)
	}
	all = append(all, assemble.Exposed(cfg, e.Environ)...)
	for _, w := range a.Calendar.Warnings(time.Now()) {
		all = append(all, "calendar_file: "+w)
	}
	return all
}

func printSummary(e *command.Env, w io.Writer, c *goodConfig) {
	fmt.Fprintf(w, e.Say("%s is good: listeners %d, keys %d, store %s, calendar to %s, hash %s\n", "%s 没有错误：监听地址 %d 个，公钥 %d 个，存储方式 %s，日历截至 %s，散列值 %s\n"),
		c.Path, c.Listeners, c.Keys, c.Store, c.Calendar, show.Hash(c.Hash))
}
