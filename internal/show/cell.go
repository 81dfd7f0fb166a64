package show

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cell is a text that a stranger may have chosen, as a part of a line for people: as it is, or quoted where a letter of it cannot be
// printed. A terminal obeys control characters, a tab or a line break makes cells and rows of a table, and a character without a
// shape hides or turns what is beside it.
func Cell(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	return strconv.Quote(s)
}
