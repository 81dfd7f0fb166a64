package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/show"
)

// Exit statuses of every command.
const (
	exitDone   = 0
	exitFailed = 1
	exitMisuse = 2
)

// env is what a command gets from its surroundings.
type env struct {
	environ []string
	in      io.Reader
	out     io.Writer
	err     io.Writer
	lang    show.Language
	quick   time.Duration // how long work may take until waiting shows it; 0 shows it at once
	began   bool          // flags and arguments were understood
	deeds   []deed        // what the command changes, see act
}

// run is the whole program: it returns the exit status. SIGINT and SIGTERM end the
// context of the command that runs.
func run(args, environ []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	e := &env{environ: environ, in: in, out: out, err: errOut, lang: languageOf(args, environ), quick: time.Second}
	return e.run(ctx, args)
}

func (e *env) run(ctx context.Context, args []string) int {
	if e.lang == show.Chinese {
		e.out = chineseOut{e.out}
	}
	root := newRoot(e)
	root.SetArgs(args)
	c, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return exitDone
	case !e.began:
		fmt.Fprintf(e.err, "tradefront: %s\n%s: %s --help\n", e.translated(err.Error()), e.say("See", "用法见"), c.CommandPath())
		return exitMisuse
	}
	if c.Name() == "serve" { // its standard error is the log, which is English
		e.lang = show.English
	}
	e.report(e.err, err)
	e.adviseRole(c, err)
	return exitFailed
}

// report prints why a command failed: configuration faults a line each.
func (e *env) report(w io.Writer, err error) {
	var faults config.Faults
	if errors.As(err, &faults) {
		fmt.Fprintln(w, "tradefront: "+e.say("the configuration has faults:", "配置有错误："))
		for _, f := range faults {
			f.Problem, f.Fix = e.translated(f.Problem), e.translated(f.Fix)
			fmt.Fprintln(w, "  "+f.String())
		}
		return
	}
	fmt.Fprintf(w, "tradefront: %s\n", e.translated(err.Error()))
}

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "tradefront",
		Short: "Gateway that records from which terminal and address each customer logs in",
		Long: "tradefront takes terminals' connections, authenticates their software, logs customers in,\n" +
			"and makes each login one line of the day's report for the monitoring centre.\n\n" +
			"Begin with: tradefront demo",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          onlyCommands,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(e.in)
	root.SetOut(e.out)
	root.SetErr(e.err)
	root.Version = version
	root.SetVersionTemplate(thisBuild().String() + "\n")
	root.SetFlagErrorFunc(suggestFlag)
	root.PersistentPreRunE = e.findConfig
	root.AddCommand(
		newDemo(e), newServe(e), newConfig(e), newMigrate(e), newMasterKey(e), newDoctor(e), newSupportBundle(e),
		newApp(e), newRelay(e), newAccount(e), newAdmission(e), newKey(e), newReport(e), newReconcile(e), newExplain(e), newAudit(e),
		newArchive(e), newSubject(e), newLocal(e), newCalendar(e),
		newFront(e), newSession(e), newActions(e), newQuarantine(e), newPing(e), newLoadtest(e), newCollect(e), newCoreCheck(e), newCoreSim(e),
		newVersion(e), newMan(e),
	)
	addExamples(root)
	root.PersistentFlags().Var(new(languageValue), "lang", languageUsage)
	if e.lang == show.Chinese {
		translateHelp(root)
	}
	return root
}

// action wraps what a command does: from here on an error is a failure, not misuse.
func (e *env) action(do func(c *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		e.began = true
		err := do(c, args)
		e.logDeeds(c.Context())
		return err
	}
}

// group is a command that only has subcommands.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: onlyCommands,
		RunE: func(c *cobra.Command, _ []string) error {
			names := make([]string, 0, len(c.Commands()))
			for _, sub := range c.Commands() {
				names = append(names, sub.Name())
			}
			return fmt.Errorf("%s needs a command: %s", c.Name(), strings.Join(names, ", "))
		},
	}
	c.AddCommand(subs...)
	return c
}

// onlyCommands refuses a word that is no subcommand, and offers those that are like it.
func onlyCommands(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	problem := fmt.Sprintf("%s has no command %q", c.Name(), args[0])
	c.SuggestionsMinimumDistance = max(1, len(args[0])/3) // as near as of keys and flags; without it cobra knows beginnings alone
	if alike := c.SuggestionsFor(args[0]); len(alike) > 0 {
		problem += "; did you mean " + strings.Join(alike, " or ") + "?"
	}
	return errors.New(problem)
}

// suggestFlag adds which flag was meant to a mistyped one.
func suggestFlag(c *cobra.Command, err error) error {
	unknown, is := errors.AsType[*pflag.NotExistError](err)
	if !is || len(unknown.GetSpecifiedName()) < 2 {
		return err
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if alike := config.Closest(unknown.GetSpecifiedName(), names); alike != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, alike)
	}
	return err
}

// noArgs refuses words behind a command that takes flags only.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("unexpected argument %q: flags are all that this command takes", args[0])
}

// must is for errors that only a typing mistake in this package can cause.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
