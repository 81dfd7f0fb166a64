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
	"github.com/tradefront/tradefront/internal/show"
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
				fmt.Fprintln(e.out, e.say(notChecked, notCheckedChinese))
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
		next := f.Next.In(string(e.lang))
		switch detail := f.Detail.In(string(e.lang)); f.Status {
		case doctor.Pass:
			fmt.Fprintln(e.out, e.say("checked: ", "已检查：")+detail)
		case doctor.Skip:
			fmt.Fprintf(e.out, "%s%s: %s\n", e.say("not checked: ", "未检查："), f.Check, detail)
		case doctor.Warn:
			if f.Key != "" {
				detail = f.Key + ": " + detail
			}
			fmt.Fprintf(e.out, "%s%s; %s\n", e.say("warning: ", "警告："), detail, next)
		case doctor.Fail:
			faults = append(faults, config.Fault{Key: f.Key, Problem: detail, Fix: next})
		}
	}
	if err := faults.Err(); err != nil {
		return err
	}
	e.printSummary(path, cfg, a)
	return nil
}

// What plain `config check` leaves out.
const (
	notChecked = "not checked: whether PostgreSQL answers and has the schema and the rights, whether the master key opens the AppIDs' " +
		"authcodes, whether the local store is sound, whether the addresses are free; --deep checks them"
	notCheckedChinese = "未检查：PostgreSQL 是否应答、表结构和权限是否正确，主密钥能否解密各 AppID 的授权码，本地库是否完好，地址是否可用；加 --deep 检查这些"
)

// printGood prints the line of a configuration without fault, and its warnings.
func (e *env) printGood(path string, cfg *config.Config, a *assemble.Assets) {
	e.printSummary(path, cfg, a)
	for _, w := range a.Keys.Warnings(time.Now()) {
		e.printWarning("keys: " + w.Text)
	}
	for _, w := range assemble.Exposed(cfg, e.environ) {
		e.printWarning(w)
	}
	for _, w := range a.Calendar.Warnings(time.Now()) {
		e.printWarning("calendar_file: " + w)
	}
}

func (e *env) printSummary(path string, cfg *config.Config, a *assemble.Assets) {
	fmt.Fprintf(e.out, e.say("%s is good: listeners %d, keys %d, store %s, calendar to %s, hash %s\n", "%s 没有错误：监听地址 %d 个，公钥 %d 个，存储方式 %s，日历截至 %s，散列值 %s\n"),
		path, len(cfg.Front.Listeners), len(cfg.Keys), cfg.Store.Driver, a.Calendar.Horizon(), show.Hash(cfg.Hash()))
}

func (e *env) printWarning(text string) {
	fmt.Fprintln(e.out, e.say("warning: ", "警告：")+e.translated(text))
}
