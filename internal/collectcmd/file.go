package collectcmd

import (
	"errors"
	"fmt"
	"io"
	"os"
)

var errNoFile = errors.New("is not a regular file")

// readFile reads a file that a person named, of at most that many bytes. A pipe or a device is refused before it is opened: to
// open a pipe into which nothing is written blocks for ever. Package internal/files does the same for servers, and is not for Windows.
func readFile(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s %w", path, errNoFile)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, most)
}

func readAll(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("longer than %d bytes", most)
	}
	return b, err
}
