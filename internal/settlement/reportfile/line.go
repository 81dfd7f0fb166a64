package reportfile

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/tradefront/tradefront/internal/regulation"
)

// The longest ciphertexts in bytes that a line may hold. RSA-2048 makes 256 bytes, SM2
// some more; the rest of MaxSupplement is room. What a terminal sent is reported as it was
// sent, flag 3 if it has the wrong length: so its bound is that of a message, and nothing
// that a front records can keep a day's report from being made.
const (
	MaxTerminal   = 4096
	MaxSupplement = 1024
)

// Line is one line of a report.
type Line struct {
	VendorID   string
	KeyVersion string
	Terminal   []byte // empty if the terminal sent nothing
	Supplement []byte
}

// ParseLine reads one line, without its LF. It is strict: it refuses what no export would have
// written, so that a line that parses is, byte for byte, its own export.
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
	if err := l.Check(); err != nil {
		return Line{}, err
	}
	return l, nil
}

// Append appends the line without LF to dst. It does not check the line.
func (l Line) Append(dst []byte) []byte {
	dst = append(dst, l.VendorID...)
	dst = append(dst, regulation.Separator)
	dst = append(dst, l.KeyVersion...)
	dst = append(dst, regulation.Separator)
	dst = base64.StdEncoding.AppendEncode(dst, l.Terminal)
	dst = append(dst, regulation.Separator)
	return base64.StdEncoding.AppendEncode(dst, l.Supplement)
}

// Check holds the four items to the form of a line. It does not allocate if all is well.
func (l Line) Check() error {
	switch {
	case l.VendorID == "":
		return errors.New("vendor ID: empty")
	case l.KeyVersion == "":
		return errors.New("key version: empty")
	case len(l.Supplement) == 0:
		return errors.New("supplement: empty")
	case len(l.Supplement) > MaxSupplement:
		return fmt.Errorf("supplement: %d bytes, at most %d can be meant", len(l.Supplement), MaxSupplement)
	case len(l.Terminal) > MaxTerminal:
		return fmt.Errorf("terminal: %d bytes, at most %d can be meant", len(l.Terminal), MaxTerminal)
	}
	if err := regulation.CheckItem("vendor ID", l.VendorID, regulation.MaxVendorIDLen); err != nil {
		return err
	}
	return regulation.CheckItem("key version", l.KeyVersion, regulation.MaxKeyVersion)
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
