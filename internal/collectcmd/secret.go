package collectcmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxSecret bounds a file with a password or an authcode, in bytes.
const maxSecret = 4096

// maxKey bounds the PEM file of a public key, in bytes.
const maxKey = 64 << 10

// secret reads the one line of a file, without the mark and the line end that editors put there; "-" is standard input. The caller
// wipes the result.
func secret(flag, path string, in io.Reader) ([]byte, error) {
	b, err := readSecret(path, in)
	if errors.Is(err, errNoFile) {
		return nil, fmt.Errorf("%s: %w; - reads standard input", flag, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	line, err := oneLine(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", flag, path, err)
	}
	return line, nil
}

func readSecret(path string, in io.Reader) ([]byte, error) {
	switch {
	case path != "-":
		return readFile(path, maxSecret)
	case in == nil:
		return nil, errors.New("there is no standard input")
	}
	return readAll(in, maxSecret)
}

func oneLine(b []byte) ([]byte, error) {
	line := bytes.TrimRight(bytes.TrimPrefix(b, []byte("\ufeff")), "\r\n")
	switch {
	case len(line) == 0:
		return nil, errors.New("empty")
	case bytes.ContainsAny(line, "\r\n"):
		return nil, errors.New("more than one line")
	}
	return line, nil
}
