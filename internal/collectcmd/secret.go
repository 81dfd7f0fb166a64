package collectcmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxSecret bounds a file with a password or an authcode, in bytes.
const maxSecret = 4096

// secret reads the one line of a file, without the mark and the line end that editors put there; "-" is standard input. The caller
// wipes the result. It stands on systems that internal/files does not know.
func secret(flag, path string, in io.Reader) ([]byte, error) {
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		defer file.Close()
		in = file
	}
	if in == nil {
		return nil, fmt.Errorf("%s: there is no standard input", flag)
	}
	b, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	line, err := oneLine(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", flag, path, err)
	}
	return line, nil
}

func oneLine(b []byte) ([]byte, error) {
	line := bytes.TrimRight(bytes.TrimPrefix(b, []byte("\ufeff")), "\r\n")
	switch {
	case len(b) > maxSecret:
		return nil, fmt.Errorf("longer than %d bytes", maxSecret)
	case len(line) == 0:
		return nil, errors.New("empty")
	case bytes.ContainsAny(line, "\r\n"):
		return nil, errors.New("more than one line")
	}
	return line, nil
}
