package ftd

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// items reads the items of one field from left to right. The first error is kept.
// readItems, which makes one, has checked that the fixed items are there.
type items struct {
	fid  FID
	data []byte
	err  error
}

// readItems starts on a field whose fixed items take fixedLen bytes. Bytes after
// them belong to a newer version and are not looked at, unless rest is called.
func readItems(fid FID, data []byte, fixedLen int) (items, error) {
	if len(data) < fixedLen {
		return items{}, FaultFieldShort
	}
	return items{fid: fid, data: data}, nil
}

// raw is item type b<n>; w2, i4 and c1 are built on it.
func (r *items) raw(n int) []byte {
	b := r.data[:n:n]
	r.data = r.data[n:]
	return b
}

// rest is item type b*: everything to the end of the field.
func (r *items) rest() []byte { return r.raw(len(r.data)) }

// char is item type c1, any byte.
func (r *items) char() byte { return r.raw(1)[0] }

// uint16 is item type w2.
func (r *items) uint16() uint16 { return binary.BigEndian.Uint16(r.raw(2)) }

// int32 is item type i4.
func (r *items) int32() int32 { return int32(binary.BigEndian.Uint32(r.raw(4))) }

// text is item type s<n>: trailing spaces are padding, the rest must be UTF-8 without
// control characters.
func (r *items) text(item string, n int) []byte {
	b := bytes.TrimRight(r.raw(n), " ")
	if p := textProblem(b); p != "" {
		r.fail(item, p)
	}
	return b
}

// number is item type n<n>: n decimal digits.
func (r *items) number(item string, n int) int { return r.decimal(item, r.raw(n)) }

// decimalText is an s<n> that holds a decimal number, as ErrorCode does.
func (r *items) decimalText(item string, n int) int { return r.decimal(item, r.text(item, n)) }

// decimal reads digits as a number that fits an int of 32 bits, for terminals that are
// built for such machines.
func (r *items) decimal(item string, digits []byte) int {
	if len(digits) == 0 {
		r.fail(item, "empty, want decimal digits")
	}
	var v int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			r.fail(item, "not a decimal digit")
			return 0
		}
		if v = v*10 + int64(c-'0'); v > math.MaxInt32 {
			r.fail(item, "number too large")
			return 0
		}
	}
	return int(v)
}

func (r *items) fail(item, problem string) {
	if r.err == nil {
		r.err = &FieldError{FID: r.fid, Item: item, Problem: problem}
	}
}

// IsText reports whether b can be a text item as it is.
func IsText(b []byte) bool { return textProblem(b) == "" && !bytes.HasSuffix(b, []byte(" ")) }

// textProblem is why b must not be in a text item, or "".
func textProblem(b []byte) string {
	for i := 0; i < len(b); {
		if c := b[i]; c < utf8.RuneSelf {
			if c < 0x20 || c == 0x7F {
				return problemControl
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return problemUTF8
		case r <= 0x9F: // C1, among them U+0085
			return problemControl
		}
		i += size
	}
	return ""
}

const (
	problemControl = "contains a control character"
	problemUTF8    = "not valid UTF-8"
)
