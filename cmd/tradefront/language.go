package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/show"
)

// languageValue is --lang: en or zh.
type languageValue string

const languageUsage = "language of help and text: en or zh; default by TRADEFRONT_LANG, LC_ALL, LC_MESSAGES or LANG"

// languageFlag is the language of a text: the flag's, else that of the user's terminal.
func languageFlag(c *cobra.Command, e *env, lang *string) {
	*lang = string(show.LanguageOf(e.environ))
	c.Flags().Var((*languageValue)(lang), "lang", languageUsage)
}

// languageOf is that of help, tables and sentences. It is known before the flags are parsed, since help is made before that.
func languageOf(args, environ []string) show.Language {
	for i, arg := range args {
		switch {
		case arg == "--":
			return show.LanguageOf(environ)
		case arg == "--lang" && i+1 < len(args):
			return show.Language(args[i+1])
		case strings.HasPrefix(arg, "--lang="):
			return show.Language(strings.TrimPrefix(arg, "--lang="))
		}
	}
	return show.LanguageOf(environ)
}

// say is a text in the user's language.
func (e *env) say(english, chinese string) string {
	if e.lang == show.Chinese {
		return chinese
	}
	return english
}

// translated is what another room says in English, in the user's language.
func (e *env) translated(english string) string {
	if e.lang == show.Chinese {
		return chinese.Of(english)
	}
	return english
}

// sentenceFor is what another room says in English, for those who read w.
func sentenceFor(w io.Writer, english string) string {
	if readsChinese(w) {
		return chinese.Of(english)
	}
	return english
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
