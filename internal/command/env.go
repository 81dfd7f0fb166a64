package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/show"
)

// Exit statuses of every command.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitMisuse = 2
)

// Env is what a command gets from its surroundings.
type Env struct {
	Environ []string
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
	Lang    show.Language
	quick   time.Duration // how long work may take until waiting shows it; 0 shows it at once
	Version string        // of the program
	Commit  string        // it was built from; "" if Go knows it
	// load reads the configuration of `serve`; nil is config.Load. A test holds it up.
	Load func(path string, environ []string) (*config.Config, error)
	// Traced is how long a front that `serve` runs records a trace for a support bundle; 0 is the daemon's own time. A test has less.
	Traced time.Duration

	began bool   // flags and arguments were understood
	deeds []deed // what the command changes, see Act
}

// New is the Env of a process: its language is known before the flags are parsed.
func New(args, environ []string, in io.Reader, out, errOut io.Writer) *Env {
	return &Env{Environ: environ, In: in, Out: out, Err: errOut, Lang: languageOf(args, environ), quick: time.Second}
}

// Run runs the command that args name, of the tree that newRoot makes for them, and returns the exit status.
func (e *Env) Run(ctx context.Context, newRoot func(*Env, []string) *cobra.Command, args []string) int {
	shown := show.NewPrintable(e.Out)
	if e.Out = shown; e.Lang == show.Chinese {
		e.Out = chineseOut{shown}
	}
	root := newRoot(e, args)
	root.SetArgs(args)
	c, err := root.ExecuteContextC(ctx)
	if unwritten := shown.Flush(); err == nil && unwritten != nil { // a script that keeps the output takes the file for whole
		e.began, err = true, fmt.Errorf("the command is done, and its output could not be written: %w", unwritten)
	}
	switch {
	case err == nil:
		return ExitDone
	case !e.began:
		fmt.Fprintf(e.Err, "tradefront: %s\n%s: %s --help\n", show.PrintableText(e.Translated(err.Error())), e.Say("See", "用法见"), c.CommandPath())
		return ExitMisuse
	}
	if c.Name() == "serve" { // its standard error is the log, which is English
		e.Lang = show.English
	}
	e.report(e.Err, err)
	e.AdviseRole(c, err)
	return ExitFailed
}

// report prints why a command failed: configuration faults a line each.
func (e *Env) report(w io.Writer, err error) {
	var faults config.Faults
	if errors.As(err, &faults) {
		fmt.Fprintln(w, "tradefront: "+e.Say("the configuration has faults:", "配置有错误："))
		for _, f := range faults {
			f.Problem, f.Fix = e.Translated(f.Problem), e.Translated(f.Fix)
			fmt.Fprintln(w, "  "+show.PrintableText(f.String()))
		}
		return
	}
	fmt.Fprintf(w, "tradefront: %s\n", show.PrintableText(e.Translated(err.Error())))
}

// Action wraps what a command does: from here on an error is a failure, not misuse.
func (e *Env) Action(do func(c *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		e.began = true
		err := do(c, args)
		e.logDeeds(c.Context())
		return err
	}
}

// Warn prints what an operator should look at, and what was done nevertheless.
func (e *Env) Warn(format string, args ...any) {
	fmt.Fprintln(e.Err, e.Say("warning: ", "警告：")+show.PrintableText(e.Translated(fmt.Sprintf(format, args...))))
}

// LogGrace is how long a front or relay agent that ends waits for the reader of its log.
const LogGrace = time.Second

// LoadConfig reads the configuration of a front that runs.
func (e *Env) LoadConfig(path string) (*config.Config, error) {
	if e.Load != nil {
		return e.Load(path, e.Environ)
	}
	return config.Load(path, e.Environ)
}
