package show

import "strings"

// Language is one of those that people read what a command prints in.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// LanguageOf is that of the user's terminal, as the environment tells it (LC_ALL, LC_MESSAGES, LANG); English if it does not.
func LanguageOf(environ []string) Language {
	for _, name := range []string{"LC_ALL=", "LC_MESSAGES=", "LANG="} {
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
