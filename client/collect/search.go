package collect

import (
	"errors"
	"io/fs"
	"strings"
)

// search goes through the sources of one item until one has a value.
type search struct {
	found  finding
	worst  State // of the sources so far: Foreign before Denied before none
	where  string
	holder string // what the source of placeholder had
}

// try asks a source. It reports whether that had a value.
func (s *search) try(source string, read func() (string, error)) bool {
	value, err := read()
	value = strings.Trim(value, " \t\r\n\x00")
	switch {
	case err != nil:
		if denied(err) && s.worst == 0 {
			s.worst, s.where = Denied, source
		}
	case value == "":
	case placeholder(value):
		if s.worst != Foreign {
			s.worst, s.where, s.holder = Foreign, source, value
		}
	default:
		s.found = finding{value: value, source: source}
		return true
	}
	if s.where == "" {
		s.found.source = source
	}
	return false
}

// result is the value, or why there is none. Where no source exists it names the last that was asked.
func (s *search) result() finding {
	switch {
	case s.found.value != "":
		return s.found
	case s.worst == Foreign:
		return finding{value: s.holder, source: s.where, state: Foreign}
	case s.worst == Denied:
		return finding{source: s.where, state: Denied}
	}
	return finding{source: s.found.source}
}

func denied(err error) bool { return errors.Is(err, fs.ErrPermission) }

// failed is the finding of a source that gave an error.
func failed(source string, err error) finding {
	if denied(err) {
		return finding{source: source, state: Denied}
	}
	return finding{source: source, state: Absent}
}
