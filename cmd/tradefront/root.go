package main

import (
	"context"
	"io"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/command/fronts"
	"github.com/tradefront/tradefront/internal/command/help"
	"github.com/tradefront/tradefront/internal/command/inquiry"
	"github.com/tradefront/tradefront/internal/command/registry"
	"github.com/tradefront/tradefront/internal/command/relays"
	"github.com/tradefront/tradefront/internal/command/reports"
	"github.com/tradefront/tradefront/internal/command/storage"
	"github.com/tradefront/tradefront/internal/command/trial"
	"github.com/tradefront/tradefront/internal/show"
)

// version and commit are set with -ldflags: version by the Makefile, both where packages are built, in a tree without Git.
var (
	version = "dev"
	commit  = ""
)

// run is the whole program, in an environment with the changes that a test makes: it returns the exit status. SIGINT and SIGTERM end the
// context of the command that runs.
func run(args, environ []string, in io.Reader, out, errOut io.Writer, changes ...func(*command.Env)) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	e := command.New(args, environ, in, out, errOut)
	e.Version, e.Commit = version, commit
	for _, change := range changes {
		change(e)
	}
	return e.Run(ctx, newRoot, args)
}

// subcommands are made by these, each under its name.
var subcommands = []struct {
	name string
	make func(*command.Env) *cobra.Command
}{
	{"serve", fronts.NewServe},
	{"config", fronts.NewConfig},
	{"doctor", fronts.NewDoctor},
	{"support-bundle", fronts.NewSupportBundle},
	{"front", fronts.NewFront},
	{"session", fronts.NewSession},
	{"admission", fronts.NewAdmission},
	{"account", registry.NewAccount},
	{"app", registry.NewApp},
	{"relay", relays.NewRelay},
	{"report", reports.NewReport},
	{"reconcile", reports.NewReconcile},
	{"calendar", reports.NewCalendar},
	{"key", reports.NewKey},
	{"explain", inquiry.NewExplain},
	{"audit", inquiry.NewAudit},
	{"actions", inquiry.NewActions},
	{"archive", inquiry.NewArchive},
	{"subject", inquiry.NewSubject},
	{"migrate", storage.NewMigrate},
	{"masterkey", storage.NewMasterKey},
	{"local", storage.NewLocal},
	{"quarantine", storage.NewQuarantine},
	{"demo", trial.NewDemo},
	{"ping", trial.NewPing},
	{"collect", trial.NewCollect},
	{"loadtest", trial.NewLoadtest},
	{"core-check", trial.NewCoreCheck},
	{"core-sim", trial.NewCoreSim},
	{"version", help.NewVersion},
	{manual, help.NewMan},
}

// manual is the command that looks at all others.
const manual = "man"

// newRoot is the root with the commands that these arguments can ask for: where they begin with a command's name only that one is made, as
// it looks at no other. To make all of them, with their flags, took a seventh of each start.
func newRoot(e *command.Env, args []string) *cobra.Command {
	root := bareRoot(e)
	if len(args) > 0 && args[0] != manual {
		for _, sub := range subcommands {
			if sub.name == args[0] {
				root.AddCommand(sub.make(e))
				return finished(e, root)
			}
		}
	}
	for _, sub := range subcommands {
		root.AddCommand(sub.make(e))
	}
	return finished(e, root)
}

// bareRoot has no commands yet.
func bareRoot(e *command.Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "tradefront",
		Short: "Gateway that records from which terminal and address each customer logs in",
		Long: "tradefront takes terminals' connections, authenticates their software, logs customers in,\n" +
			"and makes each login one line of the day's report for the monitoring centre.\n\n" +
			"Begin with: tradefront demo",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          command.OnlyCommands,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(e.In)
	root.SetOut(e.Out)
	root.SetErr(e.Err)
	root.Version = e.Version
	root.SetVersionTemplate(e.Build().String() + "\n")
	root.SetFlagErrorFunc(command.SuggestFlag)
	root.PersistentPreRunE = e.FindConfig
	return root
}

// finished is the root once its commands are there: what is said of them, in the language of e.
func finished(e *command.Env, root *cobra.Command) *cobra.Command {
	help.AddExamples(root)
	root.PersistentFlags().Var(new(command.LanguageValue), "lang", command.LanguageUsage)
	if e.Lang == show.Chinese {
		help.Translate(root)
	}
	return root
}
