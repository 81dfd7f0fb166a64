package auditlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// ErrTorn says that a line is the beginning of an entry: the process or the machine ended
// while it was written.
var ErrTorn = errors.New("torn")

// IsTorn reports whether line is the beginning of a JSON object and nothing is wrong with it
// but that the rest is missing.
func IsTorn(line []byte) bool {
	if !bytes.HasPrefix(line, []byte{'{'}) {
		return false
	}
	var object json.RawMessage
	return errors.Is(json.NewDecoder(bytes.NewReader(line)).Decode(&object), io.ErrUnexpectedEOF)
}
