package settlement

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/tradefront/tradefront/internal/regulation"
)

// The longest ciphertexts in bytes that a line may hold. RSA-2048 makes 256 bytes, SM2
// some more; the rest of maxSupplement is room. What a terminal sent is reported as it was
// sent, flag 3 if it has the wrong length: so its bound is that of a message, and nothing
// that a front records can keep a day's report from being made.
const (
	maxTerminal   = 4096
	maxSupplement = 1024
)

// Line is one line of a report.
type Line struct {
	VendorID   string
	KeyVersion string
	Terminal   []byte // empty if the terminal sent nothing
	Supplement []byte
}

// ParseLine reads one line, without its LF. It is strict: what Export would not have
// written is refused, so that a line that parses is, byte for byte, its own export.
func ParseLine(line []byte) (Line, error) {
	items := bytes.Split(line, []byte{regulation.Separator})
	if len(items) != 4 {
		return Line{}, fmt.Errorf("%d items, want 4", len(items))
	}
	terminal, err := decodeBase64(items[2])
	if err != nil {
		return Line{}, fmt.Errorf("terminal: %w", err)
	}
	supplement, err := decodeBase64(items[3])
	if err != nil {
		return Line{}, fmt.Errorf("supplement: %w", err)
	}
	l := Line{string(items[0]), string(items[1]), terminal, supplement}
	if err := checkLine(l.VendorID, l.KeyVersion, l.Terminal, l.Supplement); err != nil {
		return Line{}, err
	}
	return l, nil
}

// Append appends the line without LF to dst.
func (l Line) Append(dst []byte) []byte {
	return appendLine(dst, l.VendorID, l.KeyVersion, l.Terminal, l.Supplement)
}

func appendLine(dst []byte, vendorID, keyVersion string, terminal, supplement []byte) []byte {
	dst = append(dst, vendorID...)
	dst = append(dst, regulation.Separator)
	dst = append(dst, keyVersion...)
	dst = append(dst, regulation.Separator)
	dst = base64.StdEncoding.AppendEncode(dst, terminal)
	dst = append(dst, regulation.Separator)
	return base64.StdEncoding.AppendEncode(dst, supplement)
}

// checkLine holds the four items to the form of a line. It does not allocate if all is well.
func checkLine(vendorID, keyVersion string, terminal, supplement []byte) error {
	switch {
	case vendorID == "":
		return errors.New("vendor ID: empty")
	case keyVersion == "":
		return errors.New("key version: empty")
	case len(supplement) == 0:
		return errors.New("supplement: empty")
	case len(supplement) > maxSupplement:
		return fmt.Errorf("supplement: %d bytes, at most %d can be meant", len(supplement), maxSupplement)
	case len(terminal) > maxTerminal:
		return fmt.Errorf("terminal: %d bytes, at most %d can be meant", len(terminal), maxTerminal)
	}
	if err := regulation.CheckItem("vendor ID", vendorID, regulation.MaxVendorIDLen); err != nil {
		return err
	}
	return regulation.CheckItem("key version", keyVersion, regulation.MaxKeyVersion)
}

// decodeBase64 accepts the canonical form only. Go's decoder skips CR and LF even in strict
// mode, so what was read is encoded again and compared.
func decodeBase64(s []byte) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().AppendDecode(nil, s)
	if err != nil {
		return nil, errors.New("not base64")
	}
	if !bytes.Equal(base64.StdEncoding.AppendEncode(nil, b), s) {
		return nil, errors.New("not the canonical form of base64")
	}
	return b, nil
}
