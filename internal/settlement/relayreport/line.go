package relayreport

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/supplement"
)

// auditLine are the fields of a line that matter here; logs.Entry writes them.
type auditLine struct {
	Time              time.Time `json:"time"`
	Event             string    `json:"event"`
	Reason            string    `json:"reason"`
	RecordID          string    `json:"record_id"`
	TradingDay        string    `json:"trading_day"`
	AppID             string    `json:"app_id"`
	Account           string    `json:"account"`
	Flag              string    `json:"flag"`
	TerminalProblem   string    `json:"terminal_problem"`
	RelayAppID        string    `json:"relay_app_id"`
	Operator          string    `json:"operator"`
	TerminalAddress   string    `json:"terminal_address"`
	TerminalPort      int       `json:"terminal_port"`
	TerminalLoginTime string    `json:"terminal_login_time"`
	TerminalApp       string    `json:"terminal_app"`
}

// told is what an accepted line says of one terminal behind a relay.
type told struct {
	ID          uuid.UUID
	At          time.Time // when it arrived, milliseconds
	Relay       string
	Submitted   bool // by an operator relay
	Again       bool // the relay said that it had sent it before
	AppID       string
	Account     string
	Operator    string
	Addr        netip.AddrPort // invalid of an order by telephone
	LoginTime   time.Time      // at the relay
	Flag        byte
	Unlisted    bool // its AppID is taken at a relay with terminal_apps: audit alone
	Replayed    bool // the front had seen the ciphertext before, of another visit
	directApp   string
	otherDay    bool
	aboutRelays bool
}

// parse reads one line without its LF. aboutRelays says whether it is one that counts; directApp is the AppID of a direct
// login.
func parse(line []byte, day calendar.TradingDay) (t told, err error) {
	var l auditLine
	if err := json.Unmarshal(line, &l); err != nil {
		if auditlog.IsTorn(line) {
			return t, auditlog.ErrTorn
		}
		return t, fmt.Errorf("not an entry: %w", err)
	}
	if l.Event == "" {
		return t, errors.New("not an entry: no event")
	}
	t.Again = l.Reason == reason.Resubmitted.String()
	accepted := l.Reason == reason.OK.String() || t.Again
	t.Submitted = l.Event == logs.EventSubmit
	switch {
	case !accepted || l.Event != logs.EventLogin && !t.Submitted:
		return t, nil
	case l.RelayAppID == "":
		t.directApp = l.AppID
		return t, nil
	case l.TerminalLoginTime == "": // an operator's own login
		return t, nil
	}
	if t.otherDay = l.TradingDay != day.String(); t.otherDay {
		return t, nil
	}
	t.aboutRelays = true
	return t, t.fill(&l)
}

func (t *told) fill(l *auditLine) (err error) {
	if t.ID, err = uuid.Parse(l.RecordID); err != nil {
		return fmt.Errorf("%s without a RecordID", l.Event)
	}
	if t.LoginTime, err = parseTime(l.TerminalLoginTime); err != nil {
		return fmt.Errorf("terminal_login_time: %w", err)
	}
	if l.TerminalAddress != "" {
		addr, err := netip.ParseAddr(l.TerminalAddress)
		if err != nil {
			return fmt.Errorf("terminal_address: %w", err)
		}
		t.Addr = netip.AddrPortFrom(addr.Unmap(), uint16(l.TerminalPort))
	}
	t.At, t.Relay, t.AppID, t.Account, t.Operator = l.Time, l.RelayAppID, l.AppID, l.Account, l.Operator
	if len(l.Flag) == 1 {
		t.Flag = l.Flag[0]
	}
	t.Unlisted = l.TerminalApp != ""
	t.Replayed = l.TerminalProblem == supplement.TerminalInfoReplayed.String()
	for _, text := range []string{t.Relay, t.AppID, t.Account, t.Operator} {
		if len(text) > maxText {
			return fmt.Errorf("a text of %d bytes", len(text))
		}
	}
	return nil
}

// maxText is more than any text has that a front writes.
const maxText = 200

// parseTime reads the two forms in which logs have times.
func parseTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	return time.ParseInLocation(regulation.TimeLayout, s, regulation.Zone)
}
