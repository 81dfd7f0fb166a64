package terminalinfo

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tradefront/tradefront/internal/regulation"
)

// instead is where a value had the separator.
const instead = '_'

// Clean does what 4.2.4 asks of a collecting library: runs of spaces become one, of whichever kind they are, none leads or
// trails, and what is too long is cut to its first maxLen bytes, here at the end of a character, so that the string stays UTF-8.
//
// What no item may contain does not end the login of a customer: the separator becomes an underscore, a control
// character a space; invisible characters and bytes that are not UTF-8 are left out. cut reports that the value was longer than maxLen.
func Clean(value string, maxLen int) (item string, cut bool) {
	value = strings.Join(strings.FieldsFunc(strings.Map(allowed, strings.ToValidUTF8(value, "")), unicode.IsSpace), " ")
	if len(value) <= maxLen {
		return value, false
	}
	end := maxLen
	for !utf8.RuneStart(value[end]) {
		end--
	}
	return strings.TrimRight(value[:end], " "), true
}

func allowed(r rune) rune {
	switch {
	case r == regulation.Separator:
		return instead
	case unicode.IsControl(r), unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}
