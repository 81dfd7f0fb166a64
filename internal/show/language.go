package show

import "strings"

// Language is one of those that people read what a command prints in.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// LanguageVariable names the environment variable that chooses the language of tradefront alone.
const LanguageVariable = "TRADEFRONT_LANG"

// LanguageOf is that of the user's terminal, as the environment tells it (TRADEFRONT_LANG, LC_ALL, LC_MESSAGES, LANG); English if it
// does not.
func LanguageOf(environ []string) Language {
	for _, name := range []string{LanguageVariable + "=", "LC_ALL=", "LC_MESSAGES=", "LANG="} {
		for _, variable := range environ {
			if value, is := strings.CutPrefix(variable, name); is && value != "" {
				if strings.HasPrefix(value, "zh") {
					return Chinese
				}
				return English
			}
		}
	}
	return English
}
