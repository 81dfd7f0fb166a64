package config

import (
	"fmt"
	"strings"
)

// quotationMarks are those that an input method or a word processor puts where YAML wants ":
// YAML takes them for a part of the value.
const quotationMarks = "\"'`“”„‟‘’‚‛«»‹›「」『』〝〞＂＇｢｣"

// identity holds a text that names the firm, its vendor or a key to plain ASCII that can be
// seen. It stands in each line of the report and is compared byte by byte by others: one
// full-width digit, quotation mark or invisible character makes it another name. what says
// which name belongs there and who gave it.
func (faults *Faults) identity(key, value string, maxLen int, what string) {
	if value == "" {
		faults.add(key, "is required and missing", "write "+what)
		return
	}
	faults.item(key, value, maxLen)
	if faults.on(key) || faults.quoted(key, value) {
		return
	}
	if faults.fullWidth(key, value) {
		return
	}
	for _, r := range value {
		switch {
		case r == ' ' || r == '\u3000' || r == '\u00a0':
			faults.add(key, fmt.Sprintf("holds a space (U+%04X)", r), "write "+what)
		case r <= ' ' || r > '~':
			faults.add(key, fmt.Sprintf("holds the character %q (U+%04X), which is not plain ASCII", r, r), "write "+what)
		default:
			continue
		}
		return
	}
}

// Misleading is what a name that may hold Chinese must not: quotation marks and full-width
// forms of ASCII, which an input method writes and another program takes for another name; ""
// if it holds none.
func Misleading(name string) string {
	var faults Faults
	if faults.quoted("", name) || faults.fullWidth("", name) {
		return faults[0].String()
	}
	return ""
}

// fullWidth adds a fault if there is a full-width form of ASCII in the value.
func (faults *Faults) fullWidth(key, value string) bool {
	for _, r := range value {
		if r >= '！' && r <= '～' {
			faults.add(key, fmt.Sprintf("holds the full-width character %c (U+%04X)", r, r), fmt.Sprintf("write %c", r-'！'+'!'))
			return true
		}
	}
	return false
}

// quoted adds a fault if there are quotation marks in the value.
func (faults *Faults) quoted(key, value string) bool {
	i := strings.IndexAny(value, quotationMarks)
	if i < 0 {
		return false
	}
	mark := []rune(value[i:])[0]
	faults.add(key, fmt.Sprintf("holds the quotation mark %c (U+%04X)", mark, mark),
		"take it off; in a file, quote by two plain \" as typed with an English keyboard")
	return true
}
