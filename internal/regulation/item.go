package regulation

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Separator is between the items of the terminal string, of the supplement
// string and of a report line (4.4.2). No item may contain it.
const Separator = '@'

// The longest each item of the supplement string may be, in bytes (4.2.4, 5.1.2).
const (
	MaxAppIDLen    = 30
	MaxAddrLen     = 39 // IPv6 as 8 groups of 4 hex digits
	MaxPortLen     = 5
	TimeLen        = 19 // YYYY-MM-DD HH:MM:SS
	MaxAccountLen  = 18
	MaxKeyVersion  = 8 // not in the specification; the wire's KeyVersion is s8
	MaxVendorIDLen = 10
)

// TimeLayout is the form of every time in the specification, in Zone.
const TimeLayout = "2006-01-02 15:04:05"

// Zone is 东八区, the zone of every time that is printed or cut into days (4.2.4).
// It is fixed: China has no summer time, and a front must not depend on a zone
// database being installed.
var Zone = time.FixedZone("UTC+8", 8*60*60)

// ItemError is why a value cannot be an item. It never contains the value:
// items end up in logs.
type ItemError struct {
	Item    string // which item, for example "AppID"
	Problem string // what is wrong, in words
}

func (e *ItemError) Error() string { return e.Item + ": " + e.Problem }

// CheckItem reports whether s can be the named item of at most maxLen bytes:
// valid UTF-8, no separator, no control or format character (which covers U+0085 and
// the bidirectional controls), no line or paragraph separator, and, as 4.2.4 asks, no
// leading, trailing or doubled space. The empty string passes. The error is an *ItemError.
func CheckItem(item, s string, maxLen int) error {
	if len(s) > maxLen {
		return &ItemError{item, fmt.Sprintf("%d bytes, at most %d allowed", len(s), maxLen)}
	}
	if !utf8.ValidString(s) {
		return &ItemError{item, "not valid UTF-8"}
	}
	for _, r := range s {
		if p := badRune(r); p != "" {
			return &ItemError{item, p}
		}
	}
	if strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") || strings.Contains(s, "  ") {
		return &ItemError{item, "leading, trailing or doubled space"}
	}
	return nil
}

func badRune(r rune) string {
	switch {
	case r == Separator:
		return "contains the separator @"
	case unicode.IsControl(r):
		return "contains a control character"
	case r == '\u2028' || r == '\u2029':
		return "contains a line or paragraph separator"
	case unicode.Is(unicode.Cf, r):
		return "contains an invisible format character"
	}
	return ""
}
