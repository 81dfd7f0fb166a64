package auditlog

import (
	"errors"
	"fmt"
	"io"
)

// Lines gives the lines of one log that look like entries, and counts the others. Make it with OpenLines.
type Lines struct {
	*Reader
	noise   int // lines in a row that are no entries
	damaged int64
	first   int64 // number of the first damaged line
}

// OpenLines opens a log as Open does.
func OpenLines(path string) (*Lines, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	return &Lines{Reader: r}, nil
}

// Damaged is how many lines were no entries so far.
func (l *Lines) Damaged() int64 { return l.damaged }

// Problem says where damaged lines were found and how many, "" if there are none so far.
func (l *Lines) Problem() string {
	if l.damaged == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d: no entry (damaged lines of this file: %d)", l.Path(), l.first, l.damaged)
}

// Damage notes that the line at hand is no entry, for a caller that has parsed it.
func (l *Lines) Damage() {
	if l.damaged++; l.damaged == 1 {
		l.first = l.Lines()
	}
}

// Next returns the next line that looks like an entry, valid until the next call. io.EOF is the log's end; with any other error
// nothing from there on can be read, and the error names the place.
func (l *Lines) Next() ([]byte, error) {
	for {
		raw, err := l.Reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		case errors.Is(err, ErrLong):
		case err != nil:
			return nil, fmt.Errorf("%s: nothing from there on was read: %w", l.Place(), err)
		case len(raw) > 1 && raw[0] == '{' && raw[len(raw)-1] == '}':
			l.noise = 0
			return raw, nil
		}
		l.Damage()
		if l.noise++; l.noise >= MaxNoise {
			return nil, fmt.Errorf("%s: %w", l.Place(), ErrNoise)
		}
	}
}
