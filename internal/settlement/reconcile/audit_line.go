package reconcile

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/reason"
)

// entry is an audit line about an accepted login.
type entry struct {
	id         uuid.UUID           // uuid.Nil if the line is about something else
	unanswered bool                // the terminal was gone
	day        calendar.TradingDay // 0 if unanswered: such a line has none
	front      int32
	at         time.Time // zero if the line has none
}

// auditLine are the fields of a line that matter here; ops.Entry writes them.
type auditLine struct {
	Time       time.Time `json:"time"`
	Event      string    `json:"event"`
	Reason     string    `json:"reason"`
	RecordID   string    `json:"record_id"`
	TradingDay string    `json:"trading_day"`
	FrontID    int32     `json:"front_id"`
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
	e := entry{front: l.FrontID, at: l.Time}
	switch {
	case l.Event == "":
		return entry{}, errors.New("not an entry: no event")
	case l.Event == ops.EventUnanswered:
		e.unanswered = true
	case l.Event != ops.EventLogin || l.Reason != reason.OK.String():
		return e, nil
	}
	id, err := uuid.Parse(l.RecordID)
	if err != nil || id == uuid.Nil || id.String() != l.RecordID {
		return entry{}, fmt.Errorf("%s without a RecordID", l.Event)
	}
	e.id = id
	if e.unanswered {
		return e, nil
	}
	if e.day, err = calendar.ParseTradingDay(l.TradingDay); err != nil {
		return entry{}, fmt.Errorf("login without a trading day: %w", err)
	}
	return e, nil
}
