package show

import (
	"fmt"
	"io"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Printable is an output for people. What a terminal would obey (control characters but tab and line break), and what hides or turns the
// text beside it (bidi controls, U+2028 and U+2029), is written as \u001b, which JSON reads as the same character; bytes that are no UTF-8
// as \x9b. All else passes as it is. So no text that another person or program put into a database, a file or an answer acts on the
// terminal of who reads it, whichever command prints it.
type Printable struct {
	w      io.Writer
	rest   []byte // the beginning of a character whose end was not written yet
	failed error  // of the first write that did
}

// NewPrintable is such an output to w.
func NewPrintable(w io.Writer) *Printable { return &Printable{w: w} }

// Write is part of io.Writer.
func (p *Printable) Write(b []byte) (int, error) {
	text := b
	if len(p.rest) > 0 {
		text, p.rest = slices.Concat(p.rest, b), nil
	}
	if n := unfinished(text); n > 0 {
		p.rest = append([]byte(nil), text[len(text)-n:]...)
		text = text[:len(text)-n]
	}
	if err := p.put(text); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Flush writes the beginning of a character whose end never came. It returns the first error of all writes: who prints a text for people does
// not look at each.
func (p *Printable) Flush() error {
	rest := p.rest
	p.rest = nil
	_ = p.put(rest)
	return p.failed
}

func (p *Printable) put(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	_, err := p.w.Write(escaped(text))
	if p.failed == nil {
		p.failed = err
	}
	return err
}

// PrintableText is s as Printable writes it.
func PrintableText(s string) string { return string(escaped([]byte(s))) }

// escaped is text itself if nothing of it is escaped.
func escaped(text []byte) []byte {
	var out []byte
	from := 0 // what is not in out yet
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(text[i:])
		}
		switch {
		case r == utf8.RuneError && n == 1:
			out = fmt.Appendf(append(out, text[from:i]...), `\x%02x`, text[i])
			from = i + n
		case acts(r):
			out = append(out, text[from:i]...)
			for _, unit := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
			from = i + n
		}
		i += n
	}
	if from == 0 {
		return text
	}
	return append(out, text[from:]...)
}

// acts reports whether a terminal does something else with r than to show it.
func acts(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7f
	}
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

// unfinished is how many bytes at the end of text are the beginning of a longer character.
func unfinished(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if b := text[len(text)-n]; utf8.RuneStart(b) {
			if !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
