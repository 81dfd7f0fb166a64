package textfile

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TextError is what in a text does not belong there, and what to do. It contains no part of the text
// but the one character that it names.
type TextError struct{ Problem, Fix string }

func (e *TextError) Error() string { return e.Problem + "; " + e.Fix }

// Text takes a byte-order mark off the beginning, which some editors put there, and refuses
// the encodings that are not UTF-8. The result shares its bytes with data.
func Text(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, &TextError{"is saved as UTF-16", "save it as UTF-8"}
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[3:], nil
	}
	return data, nil
}

// Line is the one line of a file that holds nothing else: a password, an authcode. A
// byte-order mark and the line's end come off. Characters that do not show, quotation marks
// around the whole and further lines are refused.
func Line(data []byte) ([]byte, error) {
	line, err := LineAsIs(data)
	if err != nil {
		return nil, err
	}
	switch {
	case len(line) == 0:
		return nil, &TextError{"is empty", "write it into the first line"}
	case bytes.ContainsAny(line, "\r\n"):
		return nil, &TextError{"holds several lines", "leave the one that is meant, without blank lines"}
	case !utf8.Valid(line):
		return nil, &TextError{"is not valid UTF-8", "save it as UTF-8"}
	}
	if name, hidden := Hidden(line); hidden {
		return nil, &TextError{"holds " + name + ", which does not show", "write it anew, by hand; --as-is says that it belongs to it"}
	}
	if mark, quoted := quotes(line); quoted {
		return nil, &TextError{
			fmt.Sprintf("is in quotation marks (%c, U+%04X)", mark, mark),
			"take them off; --as-is says that they belong to it",
		}
	}
	return line, nil
}

// LineAsIs takes off byte-order mark and line end alone: for a value of which quotation marks
// around it, or characters that do not show, are a part.
func LineAsIs(data []byte) ([]byte, error) {
	text, err := Text(data)
	return bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r")), err
}

// hiddenNames are those of characters that are pasted from a page, a chat or a word processor.
var hiddenNames = map[rune]string{
	'\ufeff': "a byte-order mark", '\u200b': "a zero-width space", '\u200c': "a zero-width non-joiner",
	'\u200d': "a zero-width joiner", '\u2060': "a word joiner", '\u00ad': "a soft hyphen",
	'\u00a0': "a no-break space", '\u202f': "a narrow no-break space", '\t': "a tab", 0: "a NUL byte",
}

// Hidden names the first character of text that does not show, or that looks like another.
func Hidden(text []byte) (name string, hidden bool) {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text) // not a string, which cannot be wiped
		text = text[n:]
		name, hidden = hiddenNames[r]
		if !hidden && (unicode.Is(unicode.Cf, r) || unicode.IsControl(r)) {
			name, hidden = "an invisible character", true
		}
		if hidden {
			return fmt.Sprintf("%s (U+%04X)", name, r), true
		}
	}
	return "", false
}

// HiddenLine names the first character of lines of text that does not show, with its line; ""
// if there is none. Tabs are as they should be.
func HiddenLine(text []byte) string {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line = bytes.ReplaceAll(bytes.TrimRight(line, "\r\n"), []byte("\t"), nil)
		if name, hidden := Hidden(line); hidden {
			return fmt.Sprintf("line %d holds %s, which does not show", number, name)
		}
	}
	return ""
}

// quotePairs open and close.
const quotePairs = "\"\"''``“”‘’„“„”‟”‛’«»‹›「」『』〝〞＂＂＇＇｢｣"

// quotes reports whether the whole line is between quotation marks.
func quotes(line []byte) (mark rune, quoted bool) {
	first, n := utf8.DecodeRune(line)
	last, m := utf8.DecodeLastRune(line)
	if n+m > len(line) {
		return first, len(line) == n && strings.ContainsRune(quotePairs, first)
	}
	pairs := []rune(quotePairs)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == first && pairs[i+1] == last {
			return first, true
		}
	}
	return 0, false
}
