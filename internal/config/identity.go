package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tradefront/tradefront/internal/regulation"
)

// quotationMarks are those that an input method or a word processor puts where YAML wants ":
// YAML takes them for a part of the value.
const quotationMarks = "\"'`“”„‟‘’‚‛«»‹›「」『』〝〞＂＇｢｣"

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// identityFaults holds a text that names the firm, its vendor or a key to plain ASCII that can be
// seen. Each line of the report has it, and others compare it byte by byte: one full-width digit,
// quotation mark or invisible character makes it another name. what is which name belongs there and
// who gave it.
func identityFaults(value string, maxLen int, what string) (faults Faults) {
	if value == "" {
		faults.add("", "is required and missing", "write "+what)
		return faults
	}
	if faults.item(value, maxLen) || faults.quoted(value) || faults.fullWidth(value) {
		return faults
	}
	for _, r := range value {
		switch {
		case r == ' ' || r == '\u3000' || r == '\u00a0':
			faults.add("", fmt.Sprintf("holds a space (U+%04X)", r), "write "+what)
			return faults
		case r <= ' ' || r > '~':
			faults.add("", fmt.Sprintf("holds the character %q (U+%04X), which is not plain ASCII", r, r), "write "+what)
			return faults
		}
	}
	return nil
}

// shownFaults holds a text that people read to the rules of an item, and to no quotation marks.
func shownFaults(value string, maxLen int) (faults Faults) {
	faults.item(value, maxLen)
	faults.quoted(value)
	return faults
}

// Misleading is what a name that may hold Chinese must not: quotation marks and full-width
// forms of ASCII, which an input method writes and another program takes for another name; ""
// if it holds none.
func Misleading(name string) string {
	var faults Faults
	if faults.quoted(name) || faults.fullWidth(name) {
		return faults[0].String()
	}
	return ""
}

// item adds a fault if the value breaks the rules of an item of the report (4.2.4).
func (faults *Faults) item(value string, maxLen int) bool {
	var bad *regulation.ItemError
	if !errors.As(regulation.CheckItem("", value, maxLen), &bad) {
		return false
	}
	faults.add("", bad.Problem, "")
	return true
}

// fullWidth adds a fault if there is a full-width form of ASCII in the value.
func (faults *Faults) fullWidth(value string) bool {
	for _, r := range value {
		if r >= '！' && r <= '～' {
			faults.add("", fmt.Sprintf("holds the full-width character %c (U+%04X)", r, r), fmt.Sprintf("write %c", r-'！'+'!'))
			return true
		}
	}
	return false
}

// quoted adds a fault if there are quotation marks in the value.
func (faults *Faults) quoted(value string) bool {
	i := strings.IndexAny(value, quotationMarks)
	if i < 0 {
		return false
	}
	mark := []rune(value[i:])[0]
	faults.add("", fmt.Sprintf("holds the quotation mark %c (U+%04X)", mark, mark),
		"take it off; in a file, quote by two plain \" as typed with an English keyboard")
	return true
}
