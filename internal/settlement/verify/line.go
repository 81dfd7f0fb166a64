package verify

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/tradefront/tradefront/internal/regulation"
)

// The longest ciphertexts in bytes that a line may hold: a terminal's is reported as it was
// sent, however long; the supplement's is one of the algorithms'.
const (
	maxTerminal   = 4096
	maxSupplement = 1024
)

var (
	byteOrderMark = []byte("\xef\xbb\xbf")
	separator     = []byte{regulation.Separator}
	strictBase64  = base64.StdEncoding.Strict()
)

// line is one line taken apart. The slices are valid until the next line is judged.
type line struct {
	number     int64
	version    *version // nil if its form is wrong
	terminal   []byte   // ciphertext
	supplement []byte
	print      int // where the terminal item's fingerprint ends; 0 for none
}

// judge looks at everything of a line that can be seen without keys. last says that no LF
// follows it. ok is whether both ciphertexts could be read and the key version is known.
func (w *worker) judge(number int64, text []byte, last bool) (l line, ok bool) {
	l.number = number
	if number == 1 && bytes.HasPrefix(text, byteOrderMark) {
		w.found.add(BOM, number, "")
		text = text[len(byteOrderMark):]
	}
	if len(text) > maxLine {
		w.found.add(LineTooLong, number, "")
		return l, false
	}
	if last {
		// What is missing may be a part of any length: more than this cannot be said.
		w.found.add(Truncated, number, "")
		return l, false
	}
	if n := len(text); n > 0 && text[n-1] == '\r' {
		w.found.add(CRLF, number, "")
		text = text[:n-1]
	}
	if len(text) == 0 {
		w.found.add(BlankLine, number, "")
		return l, false
	}
	var items [4][]byte
	if !split(text, &items) {
		w.found.add(LineItems, number, plural(bytes.Count(text, separator)+1, "item"))
		return l, false
	}
	return l, w.judgeItems(&l, &items)
}

// split cuts text into exactly four items.
func split(text []byte, items *[4][]byte) bool {
	for i := range 3 {
		at := bytes.IndexByte(text, regulation.Separator)
		if at < 0 {
			return false
		}
		items[i], text = text[:at], text[at+1:]
	}
	items[3] = text
	return bytes.IndexByte(text, regulation.Separator) < 0
}

// judgeItems goes on after a faulty item: each tells something else.
func (w *worker) judgeItems(l *line, items *[4][]byte) bool {
	w.judgeVendor(l.number, items[0])
	l.version = w.judgeVersion(l.number, items[1])

	var terminalOK, supplementOK bool
	w.terminal, terminalOK = decode(w.terminal, items[2])
	w.supplement, supplementOK = decode(w.supplement, items[3])
	l.terminal, l.supplement = w.terminal, w.supplement
	w.judgeTerminal(l, terminalOK)
	w.judgeSupplement(l, supplementOK)
	return terminalOK && supplementOK && len(l.supplement) > 0 && l.version != nil
}

func (w *worker) judgeVendor(number int64, vendor []byte) {
	switch {
	case w.expects(vendor):
	case !isVendor(vendor):
		w.found.add(VendorForm, number, "")
	default:
		w.found.add(VendorOther, number, "want "+strings.Join(w.vendors, " or "))
	}
}

// expects has no other vendor than the first, nearly always.
func (w *worker) expects(vendor []byte) bool {
	for _, v := range w.vendors {
		if string(vendor) == v {
			return true
		}
	}
	return false
}

func isVendor(vendor []byte) bool {
	return len(vendor) > 0 && regulation.CheckItem("", string(vendor), regulation.MaxVendorIDLen) == nil
}

// judgeVersion finds the key version of a line, and counts it.
func (w *worker) judgeVersion(number int64, text []byte) *version {
	v := w.versions[string(text)] // the compiler does not copy text for this
	if v == nil {
		if len(text) == 0 || regulation.CheckItem("", string(text), regulation.MaxKeyVersion) != nil {
			w.found.add(KeyVersionForm, number, "")
			return nil
		}
		// A version that nothing is known of; the map is the worker's own.
		v = w.rules.unknownVersion(string(text))
		if len(w.versions) < namesKept {
			w.versions[v.Name] = v
		}
	}
	w.shares.versions.add(v.Name)
	if v.foreign {
		w.found.add(KeyVersionOther, number, "")
	}
	return v
}

func (w *worker) judgeTerminal(l *line, decoded bool) {
	switch n := len(l.terminal); {
	case !decoded:
		w.found.add(TerminalBase64, l.number, "")
	case n == 0:
		w.shares.terminalEmpty++
	case n > maxTerminal:
		w.found.add(TerminalTooLong, l.number, plural(n, "byte"))
	default:
		w.fingerprint(terminalPrint, l.terminal, l.number)
		l.print = len(w.prints)
		if l.version != nil && !l.version.fits(n) {
			w.shares.terminalOdd++
			w.found.add(TerminalLength, l.number, plural(n, "byte"))
		}
	}
}

func (w *worker) judgeSupplement(l *line, decoded bool) {
	switch n := len(l.supplement); {
	case !decoded:
		w.found.add(SupplementBase64, l.number, "")
	case n == 0:
		w.found.add(SupplementEmpty, l.number, "")
	default:
		w.fingerprint(supplementPrint, l.supplement, l.number)
		if n > maxSupplement || l.version != nil && !l.version.fits(n) {
			w.found.add(SupplementLength, l.number, plural(n, "byte"))
			if l.version != nil && l.version.unnamed {
				w.shares.unnamedLength++
			}
		}
	}
}

// decode reads canonical BASE64 into buf. Go's strict decoder demands the padding and that
// the bits left over are zero, but skips CR and LF: without these, what it takes is what
// encoding again would give, which TestDecodeIsCanonical and FuzzDecode hold it to.
func decode(buf, text []byte) ([]byte, bool) {
	if need := strictBase64.DecodedLen(len(text)); cap(buf) < need {
		buf = make([]byte, need)
	}
	buf = buf[:cap(buf)]
	n, err := strictBase64.Decode(buf, text)
	if err != nil || bytes.IndexByte(text, '\r') >= 0 || bytes.IndexByte(text, '\n') >= 0 {
		return buf[:0], false
	}
	return buf[:n], true
}
