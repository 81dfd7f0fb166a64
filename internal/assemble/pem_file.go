package assemble

import (
	"errors"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/textfile"
)

// MaxPEM bounds what is read for a key: some text before it is usual, megabytes are not.
const MaxPEM = 1 << 20

// ReadPublicKey reads a key file. Of one that does not show what is wrong with it, the
// character that does not show is named.
func ReadPublicKey(path string) (*supplement.PublicKey, error) {
	pem, err := files.ReadText(path, MaxPEM)
	if err != nil {
		return nil, err
	}
	key, err := supplement.ParsePublicKey(pem)
	return key, AlsoHidden(err, pem)
}

// AlsoHidden adds to a fault of a PEM file the first character in it that does not show.
func AlsoHidden(err error, pem []byte) error {
	if err == nil {
		return nil
	}
	if hidden := textfile.HiddenLine(pem); hidden != "" {
		return errors.Join(err, errors.New(hidden+"; copy the file anew"))
	}
	return err
}
