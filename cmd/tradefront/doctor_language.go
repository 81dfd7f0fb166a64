package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// language is en or zh.
type language string

// languageFlag is the language of a text: the flag's, else that of the environment.
func languageFlag(c *cobra.Command, e *env, lang *string) {
	*lang = environLanguage(e.environ)
	c.Flags().Var((*language)(lang), "lang", "language of the text: en or zh; default by LC_ALL, LC_MESSAGES or LANG")
}

func (l *language) String() string { return string(*l) }
func (l *language) Type() string   { return "language" }

// Set refuses any other word.
func (l *language) Set(s string) error {
	if s != "en" && s != "zh" {
		return fmt.Errorf("want en or zh")
	}
	*l = language(s)
	return nil
}

// environLanguage is zh if the first of the variables that is set says so.
func environLanguage(environ []string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		for _, line := range environ {
			if value, is := strings.CutPrefix(line, name+"="); is && value != "" {
				if strings.HasPrefix(strings.ToLower(value), "zh") {
					return "zh"
				}
				return "en"
			}
		}
	}
	return "en"
}
