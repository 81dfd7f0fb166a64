package directory

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
)

// MaxScopeLines bounds a file of grants: a relay's scope is in each front's memory.
const MaxScopeLines = 1_000_000

// maxWrongLines is how many wrong lines a ScopeFileError names; the others are counted.
const maxWrongLines = 100

// ScopeFileError names the lines of a file of grants that are none.
type ScopeFileError struct {
	Wrong int // lines
	lines []string
}

func (e *ScopeFileError) Error() string {
	text := fmt.Sprintf("%d wrong lines, and nothing was changed:\n  %s", e.Wrong, strings.Join(e.lines, "\n  "))
	if more := e.Wrong - len(e.lines); more > 0 {
		text += fmt.Sprintf("\n  and %d more", more)
	}
	return text
}

// ReadScope reads a file of grants: one a line, as relay.ParseScope has them, for each of the operators. Empty lines
// and those that begin with # are left out. All wrong lines are a *ScopeFileError.
func ReadScope(from io.Reader, id regulation.AppID, operators []regulation.Account) (grants []relay.Grant, err error) {
	var wrong ScopeFileError
	lines := bufio.NewScanner(from)
	number := 0
	for lines.Scan() {
		if number++; number > MaxScopeLines {
			return nil, fmt.Errorf("the file has more than %d lines", MaxScopeLines)
		}
		text := lines.Text()
		if number == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if text = strings.TrimSpace(text); text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		kind, value, err := relay.ParseScope(text)
		if err != nil {
			wrong.add(number, err)
			continue
		}
		for _, operator := range operators {
			grants = append(grants, relay.Grant{AppID: id, Operator: operator, Kind: kind, Value: value})
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d is longer than %d bytes: is this a file of accounts?", number+1, bufio.MaxScanTokenSize)
	} else if err != nil {
		return nil, err
	}
	if wrong.Wrong > 0 {
		return nil, &wrong
	}
	return grants, nil
}

func (e *ScopeFileError) add(line int, err error) {
	if e.Wrong++; len(e.lines) < maxWrongLines {
		e.lines = append(e.lines, fmt.Sprintf("line %d: %v", line, err))
	}
}
