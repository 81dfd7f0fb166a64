package relayreport

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/extsort"
	"github.com/tradefront/tradefront/internal/regulation"
)

const (
	// sortMemory is how many bytes each of the two sorts keeps in memory.
	sortMemory = 16 << 20
	// maxRelays is more relays than a firm has: with more the file is no audit log of ours.
	maxRelays = 1000
	// namesKept bounds the AppIDs and operators that are named of a relay, and the AppIDs of direct logins.
	namesKept = 10_000
	// step is how many lines lie between two looks at the context and two calls of Reading.
	step = 4096
)

// Options are what to report on.
type Options struct {
	Day     calendar.TradingDay
	Audit   []string
	TempDir string    // "" is the system's
	Now     time.Time // that the report is dated with

	Reading func(done, total int64) // bytes; may be nil
}

// Run reads the audit logs and reports. A remark is no error.
func Run(ctx context.Context, o Options) (*Report, error) {
	r := &run{
		opt: o, answers: extsort.New(o.TempDir, sortMemory), facts: extsort.New(o.TempDir, sortMemory),
		relays: map[string]int{}, direct: map[string]bool{},
		report: &Report{
			Schema: Schema, Made: o.Now.In(regulation.Zone).Format(time.RFC3339), Day: o.Day.String(),
			Audit: []File{}, Relays: []Relay{}, Warnings: []string{},
		},
	}
	defer func() { _ = errors.Join(r.answers.Close(), r.facts.Close()) }() // their files go with us in any case
	if err := r.all(ctx); err != nil {
		return nil, fmt.Errorf("relay report of %s: %w", o.Day, err)
	}
	return r.report, nil
}

// run is one report on its way.
type run struct {
	opt     Options
	report  *Report
	answers *extsort.Sorter // accepted lines, by RecordID
	facts   *extsort.Sorter

	relays map[string]int // places in list
	list   []*relay
	direct map[string]bool // AppIDs of direct logins
	many   bool            // of which there are more than namesKept
}

// relay is one on its way.
type relay struct {
	Relay
	apps, operators names
	flags           [4]int64
	ages            ages
}

// names counts names, up to namesKept of them.
type names struct {
	of     map[string]int64
	others int64
}

func (n *names) add(name string) {
	if n.of == nil {
		n.of = make(map[string]int64)
	}
	if _, known := n.of[name]; !known && len(n.of) == namesKept {
		n.others++
		return
	}
	n.of[name]++
}

// named are the names, the most frequent first.
func (n *names) named(of int64) []Named {
	all := []Named{}
	for _, name := range slices.Sorted(maps.Keys(n.of)) {
		all = append(all, Named{name, n.of[name], rounded(n.of[name], of)})
	}
	slices.SortStableFunc(all, func(a, b Named) int { return cmp.Compare(b.Count, a.Count) })
	if n.others > 0 {
		all = append(all, Named{"", n.others, rounded(n.others, of)})
	}
	return all
}

func (r *run) all(ctx context.Context) error {
	if err := extsort.CheckFolder(r.opt.TempDir); err != nil {
		return err
	}
	if err := r.readAll(ctx); err != nil {
		return err
	}
	if err := r.joinAnswers(ctx); err != nil {
		return err
	}
	if err := r.joinFacts(ctx); err != nil {
		return err
	}
	r.conclude()
	return nil
}

func (r *run) readAll(ctx context.Context) error {
	files, total, err := open(r.opt.Audit)
	defer func() {
		for _, f := range files {
			_ = f.Close() // was only read
		}
	}()
	if err != nil {
		return err
	}
	var before int64
	for _, f := range files {
		look := func() error {
			if r.opt.Reading != nil {
				r.opt.Reading(before+f.Offset(), total)
			}
			return ctx.Err()
		}
		if err := r.read(f, look); err != nil {
			return err
		}
		before += f.Offset()
	}
	return nil
}

// open opens all files before one is read, so that what can be refused is refused at once.
func open(paths []string) (files []*auditlog.Reader, total int64, err error) {
	if len(paths) == 0 {
		return nil, 0, errors.New("no audit log was named")
	}
	for _, path := range paths {
		f, err := auditlog.Open(path)
		if err != nil {
			return files, 0, err
		}
		files = append(files, f)
		total += f.Info().Size()
		for _, other := range files[:len(files)-1] {
			if os.SameFile(f.Info(), other.Info()) {
				return files, 0, fmt.Errorf("%s and %s are the same file", other.Path(), path)
			}
		}
	}
	return files, total, nil
}

func (r *run) read(f *auditlog.Reader, look func() error) error {
	read := File{Path: f.Path()}
	noise := 0 // lines in a row that are no entries
	for {
		line, err := f.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if noise == auditlog.MaxNoise {
			err = auditlog.ErrNoise
		}
		if err != nil && !errors.Is(err, auditlog.ErrLong) {
			r.warn("%s: nothing from there on was read: %v", f.Place(), err)
			break
		}
		var t told
		if err == nil {
			t, err = parse(line, r.opt.Day)
		}
		noise++
		switch {
		case errors.Is(err, auditlog.ErrTorn):
			read.Torn++
		case err != nil:
			read.Bad++
		default:
			noise = 0
			if err := r.take(&t); err != nil {
				return err
			}
		}
		if f.Lines()%step == 0 {
			if err := look(); err != nil {
				return err
			}
		}
	}
	read.Lines = f.Lines()
	r.report.Audit = append(r.report.Audit, read)
	if read.Bad > 0 {
		r.warn("%s: %d lines cannot be read and are not counted", f.Path(), read.Bad)
	}
	return look()
}

func (r *run) take(t *told) error {
	switch {
	case t.aboutRelays:
		return r.answers.Add(t.append(nil))
	case t.directApp == "":
		return nil
	}
	r.report.Direct++
	if !r.direct[t.directApp] {
		if len(r.direct) == namesKept {
			r.many = true
			return nil
		}
		r.direct[t.directApp] = true
	}
	return nil
}

// joinAnswers makes one record of the answers to each RecordID, the first of them, and its facts.
func (r *run) joinAnswers(ctx context.Context) error {
	sorted, err := r.answers.SortContext(ctx)
	if err != nil {
		return err
	}
	var before []byte
	var last uuid.UUID
	for n := 0; ; n++ {
		rec, err := sorted.Next()
		if n%step == 0 && err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if bytes.Equal(rec, before) {
			continue // the line is in two files
		}
		before = append(before[:0], rec...)
		var t told
		if err := t.read(rec); err != nil {
			return err
		}
		number, err := r.number(t.Relay)
		if err != nil {
			return err
		}
		r.list[number].Answers++
		if t.ID == last && n > 0 {
			continue
		}
		last = t.ID
		r.list[number].count(&t)
		if err := t.facts(number, r.facts.Add); err != nil {
			return err
		}
	}
}

func (r *run) number(appID string) (int, error) {
	if n, known := r.relays[appID]; known {
		return n, nil
	}
	if len(r.list) == maxRelays {
		return 0, fmt.Errorf("more than %d RelayAppIDs", maxRelays)
	}
	r.relays[appID] = len(r.list)
	r.list = append(r.list, &relay{Relay: Relay{RelayAppID: appID}})
	return len(r.list) - 1, nil
}

func (r *relay) count(t *told) {
	r.Records++
	if t.Submitted {
		r.Submitted++
		r.operators.add(t.Operator)
	} else {
		r.LoggedIn++
	}
	if !t.Addr.IsValid() {
		r.NoAddress++
	}
	if t.Replayed {
		r.Replayed++
	}
	if t.Unlisted {
		r.Unlisted++
	}
	r.apps.add(t.AppID)
	if t.Flag >= '0' && t.Flag <= '3' {
		r.flags[t.Flag-'0']++
	}
}

func (r *run) joinFacts(ctx context.Context) error {
	sorted, err := r.facts.SortContext(ctx)
	if err != nil {
		return err
	}
	var g group
	for n := 0; ; n++ {
		fact, err := sorted.Next()
		if n%step == 0 && err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if fact[2] == factAge {
			one := r.list[int(fact[0])<<8|int(fact[1])]
			one.ages.of = one.Records
			one.ages.take(&one.Relay, fact)
			continue
		}
		if !g.takes(fact) {
			r.list[g.relay].end(&g)
			g.records, g.different = 0, 0
			g.takes(fact)
		}
	}
	if g.records > 0 {
		r.list[g.relay].end(&g)
	}
	return nil
}

// conclude makes shares of the counts, and remarks of both.
func (r *run) conclude() {
	if r.many {
		r.warn("direct logins have more than %d AppIDs: which terminals' AppIDs were never seen directly is not said", namesKept)
	}
	for _, one := range r.list {
		one.finish(r.direct, r.many)
		r.report.Records += one.Records
		r.report.Relays = append(r.report.Relays, one.Relay)
	}
	slices.SortFunc(r.report.Relays, func(a, b Relay) int { return cmp.Compare(a.RelayAppID, b.RelayAppID) })
	if len(r.list) == 0 {
		r.warn("the audit logs have no login through a relay on %s", r.opt.Day)
	}
}

func (r *relay) finish(direct map[string]bool, many bool) {
	r.Operators, r.Apps = r.operators.named(r.Records), r.apps.named(r.Records)
	r.Flags, r.NeverDirect = []Named{}, []Named{}
	for i, n := range r.flags {
		r.Flags = append(r.Flags, Named{string(rune('0' + i)), n, rounded(n, r.Records)})
	}
	for _, app := range r.Apps {
		if !many && app.Name != "" && !direct[app.Name] {
			r.NeverDirect = append(r.NeverDirect, app)
		}
	}
	r.NotPublicShare = rounded(r.NotPublic, r.Records)
	for _, places := range [][]Place{r.Addresses, r.Ports} {
		for i := range places {
			places[i].AccountsShare, places[i].RecordsShare = rounded(places[i].Accounts, r.Accounts), rounded(places[i].Records, r.Records)
		}
	}
	if r.Addresses == nil {
		r.Addresses = []Place{}
	}
	if r.Ports == nil {
		r.Ports = []Place{}
	}
	r.Age.Buckets = r.ages.named()
	r.Remarks = r.remarks()
}

func (r *run) warn(format string, args ...any) {
	r.report.Warnings = append(r.report.Warnings, fmt.Sprintf(format, args...))
}
