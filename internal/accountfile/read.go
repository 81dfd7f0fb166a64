package accountfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/textfile"
)

// The bounds of a file.
const (
	MaxLines = 1_000_000
	MaxLen   = 256 << 20
	MaxShown = 100 // wrong lines that the text of an Error names
)

// Row is one account of a file: with a password, or with its hash.
type Row struct {
	Line     int
	Account  regulation.Account
	UserType regulation.UserType
	Password []byte
	Hash     string // "" until it is made
}

// Wrong is one line that cannot be taken.
type Wrong struct {
	Line    int    `json:"line"`
	Problem string `json:"problem"`
}

// Error names wrong lines.
type Error struct {
	Count int     `json:"wrong"`
	Lines []Wrong `json:"lines"` // at most MaxLines
}

// Add notes one.
func (e *Error) Add(line int, problem string) {
	if e.Count++; len(e.Lines) < MaxLines {
		e.Lines = append(e.Lines, Wrong{line, problem})
	}
}

// Sort brings the lines into the order of the file.
func (e *Error) Sort() {
	slices.SortStableFunc(e.Lines, func(a, b Wrong) int { return a.Line - b.Line })
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d wrong lines, and nothing was changed:", e.Count)
	shown := e.Lines[:min(len(e.Lines), MaxShown)]
	for _, w := range shown {
		fmt.Fprintf(&b, "\n  line %d: %s", w.Line, w.Problem)
	}
	if more := e.Count - len(shown); more > 0 {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}

// columns are where a file has what; -1 for nowhere.
type columns struct{ account, userType, password, hash, count int }

// Read reads a file whole. Wrong lines are an *Error, which names all of them; with it come the rows that are right, so that the caller can
// say what else is wrong with them. asIs takes characters that do not show as a part of a password.
func Read(data []byte, asIs bool) ([]Row, error) {
	text, err := textfile.Text(data)
	if err != nil {
		return nil, fmt.Errorf("the file %w", err)
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("the first line must name the columns, as account,user_type,password: %w", plain(err))
	}
	at, err := readHeader(header)
	if err != nil {
		return nil, err
	}
	r := reader{at: at, asIs: asIs, seen: make(map[regulation.Account]int)}
	if err := r.readRows(in); err != nil {
		return nil, err
	}
	if r.wrong.Count > 0 {
		return r.rows, &r.wrong
	}
	if len(r.rows) == 0 {
		return nil, errors.New("the file has no account: its first line names the columns, each further one has an account")
	}
	return r.rows, nil
}

// plain is a csv.ParseError without the line that it repeats.
func plain(err error) error {
	if parse, is := errors.AsType[*csv.ParseError](err); is {
		return parse.Err
	}
	return err
}

func readHeader(names []string) (columns, error) {
	at := columns{-1, -1, -1, -1, len(names)}
	places := map[string]*int{"account": &at.account, "user_type": &at.userType, "password": &at.password, "password_hash": &at.hash}
	for i, name := range names {
		place := places[name] // with a space before it the fields below have one too, and a password must not
		if place == nil {
			return at, fmt.Errorf("column %d has another name (%.20q) than account, user_type, password and password_hash; is the first line missing, "+
				"or is this what `account export` wrote, which has no passwords", i+1, shown(name))
		}
		if *place >= 0 {
			return at, fmt.Errorf("column %s is there twice", name)
		}
		*place = i
	}
	if at.account < 0 || at.password < 0 && at.hash < 0 {
		return at, errors.New("the first line must name the columns account, and password or password_hash; user_type is 1 without a column")
	}
	return at, nil
}

// shown is a column's name, or nothing of it if it may be a secret.
func shown(name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_ ") != "" {
		return "…"
	}
	return name
}

type reader struct {
	at    columns
	asIs  bool
	seen  map[regulation.Account]int // its line
	rows  []Row
	wrong Error
}

func (r *reader) readRows(in *csv.Reader) error {
	for {
		fields, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		line := 0
		if parse, is := errors.AsType[*csv.ParseError](err); is {
			line = parse.StartLine
		} else if err == nil {
			line, _ = in.FieldPos(0)
		}
		if err == nil && len(r.rows) >= MaxLines {
			return fmt.Errorf("the file has more than %d accounts", MaxLines)
		}
		if err == nil {
			err = r.take(line, fields)
		}
		if err != nil {
			r.wrong.Add(line, plain(err).Error())
		}
	}
}

func (r *reader) take(line int, fields []string) error {
	if len(fields) != r.at.count {
		return fmt.Errorf("%d columns, the first line has %d", len(fields), r.at.count)
	}
	row := Row{Line: line, UserType: regulation.UserCustomer}
	var err error
	if row.Account, err = regulation.ParseAccount(fields[r.at.account]); err != nil {
		return err
	}
	row.Account = regulation.Account(strings.Clone(string(row.Account)))
	if first, twice := r.seen[row.Account]; twice {
		return fmt.Errorf("account %s is on line %d too", row.Account, first)
	}
	r.seen[row.Account] = line
	if row.UserType, err = r.userType(fields); err != nil {
		return err
	}
	if err := r.takePassword(&row, fields); err != nil {
		return fmt.Errorf("account %s: %w", row.Account, err)
	}
	r.rows = append(r.rows, row)
	return nil
}

func (r *reader) userType(fields []string) (regulation.UserType, error) {
	if r.at.userType < 0 {
		return regulation.UserCustomer, nil
	}
	switch text := fields[r.at.userType]; text {
	case "1", "":
		return regulation.UserCustomer, nil
	case "2":
		return regulation.UserOperator, nil
	}
	return 0, errors.New("user_type is not 1 (customer) or 2 (operator)")
}

func (r *reader) takePassword(row *Row, fields []string) error {
	password, hash := "", ""
	if r.at.password >= 0 {
		password = fields[r.at.password]
	}
	if r.at.hash >= 0 {
		hash = fields[r.at.hash]
	}
	switch {
	case password != "" && hash != "":
		return errors.New("has a password and a hash, which may be another's")
	case hash != "":
		row.Hash = strings.Clone(hash)
		return local.CheckHash(hash)
	}
	row.Password = []byte(password)
	if name, hidden := textfile.Hidden(row.Password); hidden && !r.asIs {
		return fmt.Errorf("the password holds %s, which does not show; --as-is says that it belongs to it", name)
	}
	return local.CheckPassword(row.Password)
}
