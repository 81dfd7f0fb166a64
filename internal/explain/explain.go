package explain

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/calendar"
)

const (
	maxRounds  = 4   // a reference of an agent leads to the front's, that to a RecordID, and that to an unanswered line
	maxVisits  = 20  // of one key
	maxEntries = 200 // of one visit

	// sameVisit is how far lines of one connection may lie from one that names the key: a session of a trading day and
	// its night.
	sameVisit = 24 * time.Hour
)

// Options are what is looked for and where.
type Options struct {
	Key     string   // a reference, a RecordID or a SubmitID
	Audit   []string // audit logs of fronts and relay agents
	Records Records  // nil if no store is asked
	// StoreErr is why the store that is to be asked could not be opened; Records is nil then.
	StoreErr error
	Reports  []string // report files
	// Archives are asked for records that the store has not; nil if none are named.
	Archives Archives
	// Archived names the files that the ledger has of an archived day; it may be nil.
	Archived func(ctx context.Context, day calendar.TradingDay) ([]string, error)
	// Reading is told how many bytes were read of how many, in all rounds together; it may be nil.
	Reading func(done, total int64)
}

// Result is what was found.
type Result struct {
	Key     string   `json:"key"`
	Visits  []Visit  `json:"visits"`
	More    int      `json:"more_visits,omitempty"` // that were found beyond those
	Records []Record `json:"records,omitempty"`
	// Warnings name what could not be read.
	Warnings []string `json:"warnings,omitempty"`
	// StoreErr is why the store was not read, for the advice behind it; a warning says it, too.
	StoreErr error `json:"-"`
	logs     int   // how many audit logs were read, those that the configuration or an archive names too
}

// NotFound is the error of a key that is nowhere, nil else.
func (r *Result) NotFound() error {
	if len(r.Visits) > 0 || slices.ContainsFunc(r.Records, func(r Record) bool { return r.Stored || r.Archive != "" }) {
		return nil
	}
	logs := "1 audit log"
	if r.logs != 1 {
		logs = fmt.Sprintf("%d audit logs", r.logs)
	}
	return fmt.Errorf("%s is in none of %s: name the logs of all fronts and relay agents, also those from before the last rotation", r.Key, logs)
}

// Visit is what one front or agent wrote about one login, in the order of time.
type Visit struct {
	Entries []auditlog.Entry `json:"entries"`
	// Why is about the entry that the key names: the last of them.
	Why Why `json:"why"`
}

// IsReference reports whether a key that ParseKey gave is a reference.
func IsReference(key string) bool { return reference.MatchString(key) }

// errBadKey says what a key looks like.
var errBadKey = errors.New("want the six characters after \"ref\" of an answer, or a RecordID or SubmitID")

var reference = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{6}$`)

// ParseKey forgives how a person writes a reference, RecordID or SubmitID down, and gives it as audit logs have it.
func ParseKey(s string) (string, error) {
	s = strings.Trim(strings.TrimSpace(s), "[]")
	s = strings.TrimSpace(strings.TrimPrefix(s, "ref"))
	if up := strings.ToUpper(s); reference.MatchString(up) {
		return up, nil
	}
	if id, err := uuid.Parse(s); err == nil {
		return id.String(), nil
	}
	return "", fmt.Errorf("%q is no reference: %w", s, errBadKey)
}

// Run looks the key up.
func Run(ctx context.Context, opt Options) (*Result, error) {
	key, err := ParseKey(opt.Key)
	if err != nil {
		return nil, err
	}
	if len(opt.Audit) == 0 && opt.Archives == nil {
		return nil, errors.New("want at least one audit log")
	}
	s := &search{ctx: ctx, opt: &opt, keys: map[string]bool{key: true}, result: &Result{Key: key, logs: len(opt.Audit)}}
	if err := s.findNames(); err != nil {
		return nil, err
	}
	if err := s.findVisits(); err != nil {
		return nil, err
	}
	if opt.StoreErr != nil && !s.leaves(opt.StoreErr) {
		return nil, opt.StoreErr
	}
	if err := s.findRecords(); err != nil {
		return nil, err
	}
	return s.result, nil
}

// search is one run.
type search struct {
	ctx     context.Context
	opt     *Options
	result  *Result
	keys    map[string]bool  // every name of the login that is known
	anchors []auditlog.Entry // lines that have one of them
	size    int64            // of all logs
	rounds  int64            // in which they are read, as far as is known
	done    int64
}

// findNames reads the logs until no line brings another name.
func (s *search) findNames() error {
	for round := range maxRounds {
		before := len(s.keys)
		s.anchors, s.rounds = nil, int64(round)+2 // this one, and that for the visits
		var found []string
		err := s.read(round == 0, func(e *auditlog.Entry) {
			if named(e, s.keys) {
				s.anchors = append(s.anchors, *e)
				found = append(found, names(e)...)
			}
		}, s.mayName)
		if err != nil {
			return err
		}
		for _, name := range found {
			if name != "" {
				s.keys[name] = true
			}
		}
		if len(s.keys) == before {
			return nil
		}
	}
	return nil
}

// mayName is a quick look that spares most lines the parser.
func (s *search) mayName(raw []byte) bool {
	for key := range s.keys {
		if bytes.Contains(raw, []byte(key)) {
			return true
		}
	}
	return false
}

// findVisits reads the logs once more for the other lines of the connections that were found.
func (s *search) findVisits() error {
	visits := make(map[line]*Visit)
	anchors := make(map[line][]auditlog.Entry)
	for _, a := range s.anchors {
		anchors[lineOf(&a)] = append(anchors[lineOf(&a)], a)
	}
	err := s.read(false, func(e *auditlog.Entry) {
		at := anchors[lineOf(e)]
		if len(at) == 0 || !named(e, s.keys) && (isOther(e) || !slices.ContainsFunc(at, func(a auditlog.Entry) bool {
			return a.Time.Sub(e.Time).Abs() <= sameVisit
		})) {
			return
		}
		v := visits[lineOf(e)]
		if v == nil {
			v = &Visit{}
			visits[lineOf(e)] = v
		}
		if len(v.Entries) < maxEntries || named(e, s.keys) {
			v.Entries = append(v.Entries, *e)
		}
	}, func([]byte) bool { return len(anchors) > 0 })
	if err != nil {
		return err
	}
	for _, v := range visits {
		slices.SortStableFunc(v.Entries, func(a, b auditlog.Entry) int { return a.Time.Compare(b.Time) })
		v.Entries = slices.CompactFunc(v.Entries, func(a, b auditlog.Entry) bool { // two copies of one log
			a.Where, b.Where = "", ""
			return reflect.DeepEqual(&a, &b)
		})
		v.Why = s.whyOf(v)
		s.result.Visits = append(s.result.Visits, *v)
	}
	slices.SortFunc(s.result.Visits, func(a, b Visit) int {
		return cmp.Or(a.Entries[0].Time.Compare(b.Entries[0].Time), strings.Compare(a.Entries[0].Where, b.Entries[0].Where))
	})
	if n := len(s.result.Visits); n > maxVisits {
		s.result.More, s.result.Visits = n-maxVisits, s.result.Visits[n-maxVisits:]
	}
	return nil
}

// isOther reports whether an entry is about one terminal of many on its connection.
func isOther(e *auditlog.Entry) bool { return e.SubmitID != "" }

// whyOf explains the last entry that the key names.
func (s *search) whyOf(v *Visit) Why {
	why := Why{}
	for i := range v.Entries {
		if e := &v.Entries[i]; named(e, s.keys) {
			why = whyOf(e)
		}
	}
	return why
}

// read gives every entry of every log whose raw line wanted takes. Files that cannot be opened are an error in the first
// round; what cannot be read later is a warning there.
func (s *search) read(first bool, each func(e *auditlog.Entry), wanted func([]byte) bool) error {
	for _, path := range s.opt.Audit {
		if info, err := os.Stat(path); first && err == nil {
			s.size += info.Size()
		}
	}
	for _, path := range s.opt.Audit {
		if err := s.readFile(path, first, each, wanted); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) readFile(path string, first bool, each func(e *auditlog.Entry), wanted func([]byte) bool) (err error) {
	lines, err := auditlog.OpenLines(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lines.Close()) }()
	before := s.done
	defer func() { s.done = before + lines.Offset() }()
	for {
		raw, err := lines.Next()
		switch {
		case errors.Is(err, io.EOF):
			if text := lines.Problem(); text != "" { // what is looked for may have been in such a line
				s.warn(first, errors.New(text))
			}
			return nil
		case err != nil:
			s.warn(first, err)
			return nil
		}
		if lines.Lines()%1024 == 0 {
			if s.opt.Reading != nil {
				total := s.rounds * s.size
				s.opt.Reading(min(before+lines.Offset(), total), total) // a log may have grown
			}
			if err := s.ctx.Err(); err != nil {
				return err
			}
		}
		if !wanted(raw) {
			continue
		}
		if e, ok := auditlog.Parse(raw, lines.Place()); ok {
			each(&e)
		} else {
			lines.Damage()
		}
	}
}

func (s *search) warn(first bool, err error) {
	if first {
		s.result.Warnings = append(s.result.Warnings, err.Error())
	}
}
