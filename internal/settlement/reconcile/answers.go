package reconcile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/extsort"
	"github.com/tradefront/tradefront/internal/regulation"
)

// logged is one audit entry in the sort, fixed width, integers big-endian:
//
//	RecordID 16 | entryKind 1 | hash of the line 8 | file 2 | line 8 | trading day 4 | 异常标识 1
type logged []byte

const (
	loggedHash = 17
	loggedFile = 25
	loggedLine = 27
	loggedDay  = 35
	loggedFlag = 39
	loggedLen  = 40
)

func appendLogged(dst []byte, e entry, line [sha256.Size]byte, file uint16, number int64) logged {
	dst = append(append(dst, e.id[:]...), byte(e.what))
	dst = append(dst, line[:loggedFile-loggedHash]...)
	dst = binary.BigEndian.AppendUint16(dst, file)
	dst = binary.BigEndian.AppendUint64(dst, uint64(number))
	return append(binary.BigEndian.AppendUint32(dst, uint32(e.day)), byte(e.flag))
}

func (l logged) id() uuid.UUID   { return uuid.UUID(l[:16]) }
func (l logged) what() entryKind { return entryKind(l[16]) }
func (l logged) file() uint16    { return binary.BigEndian.Uint16(l[loggedFile:]) }
func (l logged) line() int64     { return int64(binary.BigEndian.Uint64(l[loggedLine:])) }
func (l logged) day() calendar.TradingDay {
	return calendar.TradingDay(binary.BigEndian.Uint32(l[loggedDay:]))
}

// flag is the 异常标识 that was answered, 0 if the entry has none.
func (l logged) flag() regulation.AbnormalFlag { return regulation.AbnormalFlag(l[loggedFlag]) }

// answer is all that the audit logs say about one RecordID.
type answer struct {
	id          uuid.UUID
	logins      int64 // login entries; 1 if all is well
	submissions int64 // answers to a submission: as many as the relay sent it
	again       bool  // one of them says that the relay sent it again
	unanswered  bool
	copies      int64 // entries that another file has too, byte for byte

	first, second mark // places of the first two answers, or else of the unanswered one
	// days are the trading days that the answers name, with the first that does: none if there is only an unanswered one, and
	// two of a submission that was sent again after its day had ended.
	days [maxAnswerDays]dayMark
}

// lookupBatch is how many RecordIDs are looked up at once.
const lookupBatch = 1000

// maxAnswerDays: a SubmitID is taken for a day at most, and so comes on two days.
const maxAnswerDays = 2

// dayMark is a trading day that an answer names.
type dayMark struct {
	day calendar.TradingDay // 0 for none
	at  mark
}

// on is where the RecordID was answered as one of that day.
func (g *answer) on(day calendar.TradingDay) (at mark, ok bool) {
	for _, d := range g.days {
		if d.day == day && day != 0 {
			return d.at, true
		}
	}
	return mark{}, false
}

// onAny is where the RecordID was answered as one of these days, and which.
func (g *answer) onAny(days []calendar.TradingDay) (as calendar.TradingDay, at mark, ok bool) {
	for _, day := range days {
		if at, ok = g.on(day); ok {
			return day, at, true
		}
	}
	return 0, mark{}, false
}

// other is a day that is none of these, 0 if the answers name none.
func (g *answer) other(days []calendar.TradingDay) calendar.TradingDay {
	for _, d := range g.days {
		if !slices.Contains(days, d.day) {
			return d.day
		}
	}
	return 0
}

// otherFlag is the first of the entries of a group that answered another 异常标识 than flag, as a login of one of these days or, with
// none, of any; nil if there is none.
func otherFlag(group []byte, flag regulation.AbnormalFlag, days []calendar.TradingDay) logged {
	for ; len(group) > 0; group = group[loggedLen:] {
		l := logged(group[:loggedLen])
		if l.flag() != 0 && l.flag() != flag && (days == nil || slices.Contains(days, l.day())) {
			return l
		}
	}
	return nil
}

// mark is a line of an audit log.
type mark struct {
	file uint16
	line int64
}

// answers groups the sorted entries by RecordID.
type answers struct {
	sorted *extsort.Reader
	next   logged // the first of the next group; nil at the end
	group  []byte // the entries of the group that was taken last
}

func newAnswers(sorted *extsort.Reader) (*answers, error) {
	a := &answers{sorted: sorted}
	return a, a.advance()
}

func (a *answers) advance() error {
	rec, err := a.sorted.Next()
	if errors.Is(err, io.EOF) {
		a.next = nil
		return nil
	}
	if err == nil && len(rec) != loggedLen {
		err = fmt.Errorf("%w: an audit entry of %d bytes", extsort.ErrDamaged, len(rec))
	}
	a.next = rec
	return err
}

// take returns the next answer; ok is false after the last.
func (a *answers) take() (group answer, ok bool, err error) {
	if a.next == nil {
		return answer{}, false, nil
	}
	group.id, a.group = a.next.id(), a.group[:0]
	var c copies
	for a.next != nil && a.next.id() == group.id {
		group.count(a.next, &c)
		a.group = append(a.group, a.next...)
		if err := a.advance(); err != nil {
			return answer{}, false, err
		}
	}
	return group, true, nil
}

// batch returns the next answers, at most lookupBatch; none at the end.
func (a *answers) batch() (groups []answer, err error) {
	for len(groups) < lookupBatch {
		group, ok, err := a.take()
		if err != nil || !ok {
			return groups, err
		}
		groups = append(groups, group)
	}
	return groups, nil
}

func (g *answer) count(l logged, c *copies) {
	here := mark{l.file(), l.line()}
	if l.what() == isUnanswered {
		if g.answers() == 0 && !g.unanswered {
			g.first = here
		}
		g.unanswered = true
		return
	}
	if !c.isNew(l) {
		g.copies++
		return
	}
	if l.what() == aLogin {
		g.logins++
	} else {
		g.submissions++
		g.again = g.again || l.what() == aResubmission
	}
	switch g.answers() {
	case 1:
		g.first = here
	case 2:
		g.second = here
	}
	g.name(l.day(), here)
}

func (g *answer) answers() int64 { return g.logins + g.submissions }

// name notes a day, if there is room: of more than two days, which cannot be, the first are kept.
func (g *answer) name(day calendar.TradingDay, at mark) {
	for i := range g.days {
		if d := &g.days[i]; d.day == 0 || d.day == day {
			if d.day == 0 {
				*d = dayMark{day, at}
			}
			return
		}
	}
}

// copies distinguishes entries from copies of them. Lines come sorted by hash, then by file: of
// equal lines, as many are entries as the file with most of them has.
type copies struct {
	hash       [loggedFile - loggedHash]byte
	file       uint16
	any        bool
	here, most int64 // equal lines in this file, and at most in any file so far
}

func (c *copies) isNew(l logged) bool {
	hash := l[loggedHash:loggedFile]
	switch {
	case !c.any || !bytes.Equal(hash, c.hash[:]):
		*c = copies{any: true, file: l.file()}
		copy(c.hash[:], hash)
	case l.file() != c.file:
		c.file, c.here = l.file(), 0
	}
	c.here++
	if c.here > c.most {
		c.most = c.here
		return true
	}
	return false
}
