package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/tradefront/tradefront/internal/files"
)

// maxFile is the longest calendar file in bytes: centuries of holidays.
const maxFile = 1 << 20

// Problems is everything that is wrong with a calendar file, one sentence each, with its
// line where there is one. It is never empty.
type Problems []string

func (p Problems) Error() string { return "calendar: " + strings.Join(p, "; ") }

// Load reads and parses the file at path. The error is a Problems if the file was read.
func Load(path string) (*Calendar, error) {
	data, err := files.ReadText(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("calendar: %w", err)
	}
	return Parse(data)
}

// Parse reads a calendar file. It is strict: what it does not know or what contradicts
// itself is refused, since a day that is wrong puts logins into the wrong report. The error
// is a Problems with all that was found.
func Parse(data []byte) (*Calendar, error) {
	f, problems := decode(data)
	if len(problems) == 0 {
		problems = f.check()
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return f.build(), nil
}

// file is the form of the YAML.
type file struct {
	Years []year `yaml:"years"`
}

type year struct {
	Year        int      `yaml:"year"`
	Provisional *bool    `yaml:"provisional"`
	Source      string   `yaml:"source"`
	Closed      []closed `yaml:"closed"`
	// WorkedWeekends are made up for a holiday. The exchanges stay closed.
	WorkedWeekends []date `yaml:"worked_weekends"`
}

// closed is a holiday as the notice gives it, both ends included. Weekends may be in it.
type closed struct {
	From date   `yaml:"from"`
	To   date   `yaml:"to"`
	Name string `yaml:"name"`
}

// date is a day in the file and its place. Its own fault is kept in it, because an
// error from UnmarshalYAML would hide the faults that follow.
type date struct {
	day     TradingDay
	line    int
	problem string
}

func (d *date) UnmarshalYAML(node *yaml.Node) error {
	d.line = node.Line
	// A plain 2026-01-01 is a timestamp to YAML and a string to people.
	digits := strings.ReplaceAll(node.Value, "-", "")
	if day, err := ParseTradingDay(digits); err == nil && node.Kind == yaml.ScalarNode && node.Value == dashed(day) {
		d.day = day
	} else {
		d.problem = fmt.Sprintf("line %d: want a date as 2026-01-31", node.Line)
	}
	return nil
}

// dashed is YYYY-MM-DD, the form in the file.
func dashed(d TradingDay) string { return d.Date().Format("2006-01-02") }

func decode(data []byte) (f file, problems Problems) {
	switch {
	case len(data) > maxFile:
		return f, Problems{fmt.Sprintf("the file is longer than %d bytes", maxFile)}
	case !utf8.Valid(data):
		return f, Problems{"the file is not valid UTF-8"}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err := dec.Decode(&f)
	var typed *yaml.TypeError
	switch {
	case errors.Is(err, io.EOF):
		return f, Problems{"the file is empty"}
	case errors.As(err, &typed):
		return f, plain(typed.Errors)
	case err != nil:
		return f, Problems{strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return f, Problems{"the file goes on after the first YAML document"}
	}
	return f, nil
}

// plain takes our type names out of the YAML reader's sentences: an operator cannot use them.
func plain(sentences []string) Problems {
	p := make(Problems, len(sentences))
	for i, s := range sentences {
		s, _, _ = strings.Cut(s, " in type calendar.")
		p[i] = strings.ReplaceAll(s, "calendar.", "")
	}
	return p
}
