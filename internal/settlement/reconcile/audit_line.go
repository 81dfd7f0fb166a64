package reconcile

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// entry is an audit line about an accepted login.
type entry struct {
	id    uuid.UUID           // uuid.Nil if the line is about something else
	what  entryKind           // if there is an id
	day   calendar.TradingDay // 0 if unanswered: such a line has none
	front int32
	at    time.Time               // zero if the line has none
	flag  regulation.AbnormalFlag // that was answered; 0 if the line has none
}

// entryKind is what such a line says.
type entryKind byte

const (
	aLogin        entryKind = iota // was answered
	isUnanswered                   // the terminal, or the relay, was gone
	aSubmission                    // of an operator relay, was answered
	aResubmission                  // the same that was sent again, was answered
)

// relayOperator is relay_mode of an operator relay.
const relayOperator = "3"

// kindOf says what a line with that event and reason is; false if it is about no record.
func kindOf(l *auditLine) (entryKind, bool) {
	ok := l.Reason == reason.OK.String()
	switch l.Event {
	case logs.EventUnanswered:
		return isUnanswered, !l.ownLogin()
	case logs.EventLogin:
		return aLogin, ok && !l.ownLogin()
	case logs.EventSubmit:
		if l.Reason == reason.Resubmitted.String() {
			return aResubmission, true
		}
		return aSubmission, ok
	}
	return 0, false
}

// ownLogin reports whether the line is an operator relay's own login of which relay.operator_record wants no record.
func (l *auditLine) ownLogin() bool { return l.RecordID == "" && l.RelayMode == relayOperator }

// auditLine are the fields of a line that matter here; logs.Entry writes them.
type auditLine struct {
	Time       time.Time `json:"time"`
	Event      string    `json:"event"`
	Reason     string    `json:"reason"`
	RecordID   string    `json:"record_id"`
	TradingDay string    `json:"trading_day"`
	FrontID    int32     `json:"front_id"`
	RelayMode  any       `json:"relay_mode"`
	Flag       any       `json:"flag"`
}

// parseEntry reads one line without its LF. An auditlog.ErrTorn is what a crash leaves.
func parseEntry(line []byte) (entry, error) {
	var l auditLine
	if err := json.Unmarshal(line, &l); err != nil {
		if auditlog.IsTorn(line) {
			return entry{}, auditlog.ErrTorn
		}
		return entry{}, fmt.Errorf("not an entry: %w", err)
	}
	if l.Event == "" {
		return entry{}, errors.New("not an entry: no event")
	}
	e := entry{front: l.FrontID, at: l.Time}
	kind, about := kindOf(&l)
	if !about {
		return e, nil
	}
	id, err := uuid.Parse(l.RecordID)
	if err != nil || id == uuid.Nil || id.String() != l.RecordID {
		return entry{}, fmt.Errorf("%s without a RecordID", l.Event)
	}
	e.id, e.what = id, kind
	if kind == isUnanswered {
		return e, nil
	}
	if e.day, err = calendar.ParseTradingDay(l.TradingDay); err != nil {
		return entry{}, fmt.Errorf("%s without a trading day: %w", l.Event, err)
	}
	if flag, _ := l.Flag.(string); len(flag) == 1 {
		e.flag = regulation.AbnormalFlag(flag[0])
	}
	return e, nil
}
