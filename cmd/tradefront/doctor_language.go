package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/show"
)

// languageValue is --lang: en or zh.
type languageValue string

// languageFlag is the language of a text: the flag's, else that of the user's terminal.
func languageFlag(c *cobra.Command, e *env, lang *string) {
	*lang = string(show.LanguageOf(e.environ))
	c.Flags().Var((*languageValue)(lang), "lang", "language of the text: en or zh; default by LC_ALL, LC_MESSAGES or LANG")
}

func (l *languageValue) String() string { return string(*l) }
func (l *languageValue) Type() string   { return "language" }

// Set refuses any other word.
func (l *languageValue) Set(s string) error {
	if s != string(show.English) && s != string(show.Chinese) {
		return fmt.Errorf("want en or zh")
	}
	*l = languageValue(s)
	return nil
}
