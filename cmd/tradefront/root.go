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

func newRoot(e *command.Env) *cobra.Command {
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
	root.AddCommand(
		fronts.NewServe(e), fronts.NewConfig(e), fronts.NewDoctor(e), fronts.NewSupportBundle(e), fronts.NewFront(e), fronts.NewSession(e), fronts.NewAdmission(e),
		registry.NewAccount(e), registry.NewApp(e), relays.NewRelay(e),
		reports.NewReport(e), reports.NewReconcile(e), reports.NewCalendar(e), reports.NewKey(e),
		inquiry.NewExplain(e), inquiry.NewAudit(e), inquiry.NewActions(e), inquiry.NewArchive(e), inquiry.NewSubject(e),
		storage.NewMigrate(e), storage.NewMasterKey(e), storage.NewLocal(e), storage.NewQuarantine(e),
		trial.NewDemo(e), trial.NewPing(e), trial.NewCollect(e), trial.NewLoadtest(e), trial.NewCoreCheck(e), trial.NewCoreSim(e),
		help.NewVersion(e), help.NewMan(e),
	)
	help.AddExamples(root)
	root.PersistentFlags().Var(new(command.LanguageValue), "lang", command.LanguageUsage)
	if e.Lang == show.Chinese {
		help.Translate(root)
	}
	return root
}
