package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/show"
)

// LanguageValue is --lang: en or zh.
type LanguageValue string

// LanguageUsage is the help of --lang.
const LanguageUsage = "language of help and text: en or zh; default by TRADEFRONT_LANG, LC_ALL, LC_MESSAGES or LANG"

// LanguageFlag is the language of a text: the flag's, else that of the user's terminal.
func LanguageFlag(c *cobra.Command, e *Env, lang *string) {
	*lang = string(show.LanguageOf(e.Environ))
	c.Flags().Var((*LanguageValue)(lang), "lang", LanguageUsage)
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

// Say is a text in the user's language.
func (e *Env) Say(english, chinese string) string {
	if e.Lang == show.Chinese {
		return chinese
	}
	return english
}

// Translated is what another room says in English, in the user's language.
func (e *Env) Translated(english string) string {
	if e.Lang == show.Chinese {
		return chinese.Of(english)
	}
	return english
}

// SentenceFor is what another room says in English, for those who read w.
func SentenceFor(w io.Writer, english string) string {
	if ReadsChinese(w) {
		return chinese.Of(english)
	}
	return english
}

func (l *LanguageValue) String() string { return string(*l) }

// Type is what help shows.
func (l *LanguageValue) Type() string { return "language" }

// Set refuses any other word.
func (l *LanguageValue) Set(s string) error {
	if s != string(show.English) && s != string(show.Chinese) {
		return fmt.Errorf("want en or zh")
	}
	*l = LanguageValue(s)
	return nil
}
