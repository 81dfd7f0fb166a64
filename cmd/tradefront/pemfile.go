package main

import (
	"errors"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/supplement"
)

// maxPEM bounds what is read for a key: some text before it is usual, megabytes are not.
const maxPEM = 1 << 20

// readPublicKey reads a key file. Of one that does not show what is wrong with it, the
// character that does not show is named.
func readPublicKey(path string) (*supplement.PublicKey, error) {
	pem, err := files.ReadText(path, maxPEM)
	if err != nil {
		return nil, err
	}
	key, err := supplement.ParsePublicKey(pem)
	return key, alsoHidden(err, pem)
}

// alsoHidden adds to a fault of a PEM file the first character in it that does not show.
func alsoHidden(err error, pem []byte) error {
	if err == nil {
		return nil
	}
	if hidden := files.HiddenLine(pem); hidden != "" {
		return errors.Join(err, errors.New(hidden+"; copy the file anew"))
	}
	return err
}
