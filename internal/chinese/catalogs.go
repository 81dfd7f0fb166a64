package chinese

import (
	"regexp"
	"strconv"
)

// catalogs are all of them. A function: most runs of the program ask for none, and each start would pay for what behind makes.
func catalogs() []map[string]string {
	return []map[string]string{
		agent, changes, ping, checks, obstacles, behind(obstacles), nextSteps, texts, behind(texts), settlement, stores, commands, configuration, values,
		loadtest, foreign,
	}
}

// behind has each sentence behind the name of what it is about, as a line has them.
func behind(catalog map[string]string) map[string]string {
	named := make(map[string]string, len(catalog))
	for english, chinese := range catalog {
		named["%s "+english] = "%[1]s " + place.ReplaceAllStringFunc(numbered(chinese), nextPlace)
	}
	return named
}

// place is the number of a value in a format.
var place = regexp.MustCompile(`%\[\d+\]`)

func nextPlace(p string) string {
	n, _ := strconv.Atoi(p[len("%[") : len(p)-1])
	return "%[" + strconv.Itoa(n+1) + "]"
}

// numbered is the format with the number of each value.
func numbered(format string) string {
	n := 0
	return verb.ReplaceAllStringFunc(format, func(v string) string {
		if n++; place.MatchString(v) {
			return v
		}
		return "%[" + strconv.Itoa(n) + "]s"
	})
}
