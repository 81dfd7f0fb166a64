package collectcmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/internal/show"
)

// Env is what the commands get from the program that has them.
type Env struct {
	In      io.Reader
	Out     func() io.Writer
	Environ []string
	// Action wraps what a command does, so that its program can tell a failure from misuse.
	Action func(func(*cobra.Command, []string) error) func(*cobra.Command, []string) error
}

// Commands are check and send.
func Commands(e *Env) []*cobra.Command { return []*cobra.Command{newCheck(e), newSend(e)} }

// language is a flag: zh or en.
type language struct{ collect.Language }

func (l *language) String() string { return string(l.Language) }

// Type is what help shows.
func (l *language) Type() string { return "language" }

// Set refuses any other word.
func (l *language) Set(s string) error {
	switch collect.Language(s) {
	case collect.Chinese, collect.English:
		l.Language = collect.Language(s)
		return nil
	}
	return fmt.Errorf("want zh or en")
}

// flags has as default the language of the user's terminal.
func (l *language) flags(c *cobra.Command, environ []string) {
	l.Language = collect.Language(show.LanguageOf(environ))
	c.Flags().Var(l, "lang", "language of the advice: zh or en")
}

// form is a flag: text or json.
type form string

func (f *form) String() string { return string(*f) }

// Type is what help shows.
func (f *form) Type() string { return "form" }

// Set refuses any other word.
func (f *form) Set(s string) error {
	if s != "text" && s != "json" {
		return fmt.Errorf("want text or json")
	}
	*f = form(s)
	return nil
}

func (f *form) flags(c *cobra.Command) {
	*f = "text"
	c.Flags().VarP(f, "output", "o", "text or json")
}

func noArgs(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("unexpected argument %q: flags are all that this command takes", args[0])
}
