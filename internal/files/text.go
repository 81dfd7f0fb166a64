package files

import (
	"errors"
	"fmt"
	"io"

	"github.com/tradefront/tradefront/internal/textfile"
)

// ReadText reads a regular file of UTF-8, without its byte-order mark.
func ReadText(path string, most int64) ([]byte, error) {
	data, err := Read(path, most)
	if err != nil {
		return nil, err
	}
	text, err := textfile.Text(data)
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	return text, nil
}

// maxLine bounds what is read for one line, in bytes.
const maxLine = 4096

// ReadLine reads the one line of the file at path, or of in if path is "-".
func ReadLine(path string, in io.Reader, asIs bool) ([]byte, error) {
	var (
		data []byte
		err  error
	)
	name := path
	if path == "-" {
		name = "standard input"
		if in == nil {
			return nil, errors.New("there is no standard input")
		}
		data, err = readAll(in, name, maxLine)
	} else {
		data, err = Read(path, maxLine)
	}
	if err != nil {
		return nil, err
	}
	line, err := textfile.Line(data)
	if asIs {
		line, err = textfile.LineAsIs(data)
	}
	if err != nil {
		clear(data)
		return nil, fmt.Errorf("%s %w", name, err)
	}
	return line, nil
}
