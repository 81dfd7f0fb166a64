package result

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Seal writes the SHA-256 of all else into r, by which Read finds a file that was changed, and a printed page names the file that it is of.
// Any other change of r is made before it.
func (r *Result) Seal() error {
	r.SHA256 = ""
	text, err := json.Marshal(r)
	if err == nil {
		r.SHA256, err = digest(text)
	}
	if err != nil {
		return fmt.Errorf("result: %w", err)
	}
	return nil
}

// digest is the SHA-256 of a result in JSON without its own: in one form, so that neither spaces nor the order of keys matter, and with fields
// that this program does not know.
func digest(text []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var all map[string]any
	if err := decoder.Decode(&all); err != nil {
		return "", err
	}
	delete(all, "sha256")
	form, err := json.Marshal(all)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(form)
	return hex.EncodeToString(sum[:]), nil
}

var errChanged = errors.New("its SHA-256 is not the one that it names, so that it was changed after it was written")

// checkSeal refuses a result that is not as it was written. One of a program before there was a SHA-256 has none, which Unsealed says.
func (r *Result) checkSeal(text []byte) error {
	if r.SHA256 == "" {
		r.Unsealed = true
		return nil
	}
	sum, err := digest(text)
	if err != nil {
		return err
	}
	if sum != r.SHA256 {
		return errChanged
	}
	return nil
}
