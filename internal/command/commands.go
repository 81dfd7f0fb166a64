package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tradefront/tradefront/internal/config"
)

// Group is a command that only has subcommands.
func Group(use, short string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: OnlyCommands,
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

// OnlyCommands refuses a word that is no subcommand, and offers those that are like it.
func OnlyCommands(c *cobra.Command, args []string) error {
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

// SuggestFlag adds which flag was meant to a mistyped one.
func SuggestFlag(c *cobra.Command, err error) error {
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

// NoArgs refuses words behind a command that takes flags only.
func NoArgs(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("unexpected argument %q: flags are all that this command takes", args[0])
}

// Must is for errors that only a typing mistake in a command can cause.
func Must(err error) {
	if err != nil {
		panic(err)
	}
}

// Indented joins words by commas into indented lines of help.
func Indented(words []string) string {
	const width = 100
	var text strings.Builder
	line := "  " + words[0]
	for _, word := range words[1:] {
		if len(line)+len(", ")+len(word) > width {
			text.WriteString(line + ",\n")
			line = "  " + word
			continue
		}
		line += ", " + word
	}
	return text.String() + line + "\n"
}

// NameOf is the command without the program.
func NameOf(c *cobra.Command) string {
	_, name, _ := strings.Cut(c.CommandPath(), " ")
	return name
}
