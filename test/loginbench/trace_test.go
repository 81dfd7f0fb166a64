//go:build linux

package loginbench

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
)

// trace is a file of strace's, as the options in traced make it.
type trace struct{ calls []call }

// call is one system call on a descriptor.
type call struct {
	name, path   string
	data         []byte
	begun, ended int // lines; ended is 0 of a call that the trace does not see return, or that failed
}

// before reports whether c had returned when other began.
func (c *call) before(other *call) bool { return c.ended > 0 && c.ended < other.begun }

var (
	// 1234 write(7<\x2f\x61>, "\x41\x42", 2) = 2, or without its end: 1234 fsync(7<\x2f\x61> <unfinished ...>
	callLine    = regexp.MustCompile(`^(\d+) +(\w+)\(\d+<([^>]*)>(.*)$`)
	resumedLine = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	uuidText    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

func parseTrace(r io.Reader) (*trace, error) {
	tr := &trace{}
	open := map[string]int{} // thread → its call that has not returned
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if err == io.EOF && line == "" {
			return tr, nil
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		line = strings.TrimSuffix(line, "\n")
		if words := callLine.FindStringSubmatch(line); words != nil {
			c := call{name: words[2], begun: n}
			path, err := textOfCall(`"` + words[3] + `"`)
			if err == nil {
				c.data, err = textOfCall(words[4])
			}
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			c.path = string(path)
			if strings.Contains(line, "<unfinished ...>") {
				open[words[1]] = len(tr.calls)
			} else if succeeded(line) {
				c.ended = n
			}
			tr.calls = append(tr.calls, c)
		} else if words := resumedLine.FindStringSubmatch(line); words != nil {
			if i, is := open[words[1]]; is && succeeded(line) {
				tr.calls[i].ended = n
			}
			delete(open, words[1])
		}
	}
}

// succeeded reports whether a call returned something that is no error.
func succeeded(line string) bool {
	i := strings.LastIndex(line, "= ")
	return i >= 0 && !strings.HasPrefix(line[i+2:], "-1") && !strings.HasPrefix(line[i+2:], "?")
}

// textOfCall is what the strings of a call are: -xx writes each byte in hexadecimal.
func textOfCall(arguments string) ([]byte, error) {
	var data []byte
	parts := strings.Split(arguments, `"`)
	for i := 1; i < len(parts); i += 2 {
		part, err := hex.DecodeString(strings.ReplaceAll(parts[i], `\x`, ""))
		if err != nil || i+1 == len(parts) || strings.HasPrefix(parts[i+1], "...") {
			return nil, fmt.Errorf("a string that is not whole: %w", err)
		}
		data = append(data, part...)
	}
	return data, nil
}

// recordIDOf is the RecordID in an answer to a terminal; nil of any other call.
func recordIDOf(c *call) []byte {
	if !strings.HasPrefix(c.path, "socket:") && !strings.HasPrefix(c.path, "TCP") {
		return nil
	}
	return uuidText.Find(c.data)
}

func rawUUID(text []byte) []byte {
	raw, err := hex.DecodeString(strings.ReplaceAll(string(text), "-", ""))
	if err != nil {
		panic(err) // uuidText matches nothing else
	}
	return raw
}

// The judge finds each way to answer too early.
func TestJudgeOfOrder(t *testing.T) {
	t.Parallel()
	const id = "01980000-0000-7000-8000-0123456789ab"
	asHex := func(b []byte) string {
		var s strings.Builder
		for _, x := range b {
			fmt.Fprintf(&s, `\x%02x`, x)
		}
		return s.String()
	}
	named := func(path string) string { return asHex([]byte(path)) }
	audit := `7 write(5<` + named("/x/audit.jsonl") + `>, "` + asHex([]byte(`{"record":"`+id+`"}`)) + `", 60) = 60`
	wal := `6<` + named("/x/t.db-wal") + `>`
	page := `7 pwrite64(` + wal + `, "` + asHex(append([]byte("row"), rawUUID([]byte(id))...)) + `", 19, 0) = 19`
	answer := `8 write(9<` + named("socket:[77]") + `>, "` + asHex([]byte("OK "+id)) + `", 39) = 39`
	sync, failed := `7 fsync(`+wal+`) = 0`, `7 fsync(`+wal+`) = -1 EIO (Input/output error)`
	syncBegins, syncEnds := `7 fsync(`+wal+` <unfinished ...>`, `7 <... fsync resumed>) = 0`
	for name, c := range map[string]struct {
		lines  []string
		faults int
	}{
		"in order":                        {[]string{page, sync, audit, answer}, 0},
		"the audit line first":            {[]string{audit, page, sync, answer}, 0},
		"a sync in two lines":             {[]string{page, syncBegins, audit, syncEnds, answer}, 0},
		"no sync":                         {[]string{page, audit, answer}, 1},
		"a sync that failed":              {[]string{page, failed, audit, answer}, 1},
		"a sync before the page":          {[]string{sync, page, audit, answer}, 1},
		"a sync after the answer":         {[]string{page, audit, answer, sync}, 1},
		"a sync that had not returned":    {[]string{page, syncBegins, audit, answer, syncEnds}, 1},
		"the sync of another file":        {[]string{page, strings.Replace(sync, named("-wal"), "", 1), audit, answer}, 1},
		"a page of another record":        {[]string{strings.Replace(page, `\xab`, `\xac`, 1), sync, audit, answer}, 1},
		"no audit line":                   {[]string{page, sync, answer}, 1},
		"the audit line after the answer": {[]string{page, sync, answer, audit}, 1},
		"neither":                         {[]string{answer, page, sync, audit}, 2},
	} {
		tr, err := parseTrace(bytes.NewBufferString(strings.Join(c.lines, "\n") + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if answers, faults := judgeOrder(tr); answers != 1 || len(faults) != c.faults {
			t.Errorf("%s: %d answers, faults %q; want 1 and %d faults", name, answers, faults, c.faults)
		}
	}
	if _, err := parseTrace(strings.NewReader(`7 write(5<` + named("/x/audit.jsonl") + `>, "` + asHex([]byte("cut")) + `"..., 60) = 60`)); err == nil {
		t.Error("a string that strace cut off is taken for whole")
	}
}
