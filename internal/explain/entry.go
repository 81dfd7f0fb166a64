package explain

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/auditlog"
)

// Entry is one line of an audit log, with what a reader of a visit wants to see of it.
type Entry struct {
	Where string    `json:"where"` // file:line
	Time  time.Time `json:"time"`
	Event string    `json:"event"`

	Reason          string `json:"reason"`
	Code            int    `json:"code"`
	Ref             string `json:"ref,omitempty"`
	UpstreamRef     string `json:"upstream_ref,omitempty"`
	Item            string `json:"item,omitempty"`
	RecordID        string `json:"record_id,omitempty"`
	SubmitID        string `json:"submit_id,omitempty"`
	AppID           string `json:"app_id,omitempty"`
	Account         string `json:"account,omitempty"`
	Address         string `json:"address,omitempty"`
	Port            uint16 `json:"port,omitempty"`
	Proxy           string `json:"proxy,omitempty"`
	FrontID         int32  `json:"front_id"`
	SessionID       int32  `json:"session_id"`
	TradingDay      string `json:"trading_day,omitempty"`
	Flag            string `json:"flag,omitempty"`
	TerminalProblem string `json:"terminal_problem,omitempty"`
	RelayAppID      string `json:"relay_app_id,omitempty"`
	Operator        string `json:"operator,omitempty"`
	TerminalAddress string `json:"terminal_address,omitempty"`
	TerminalPort    uint16 `json:"terminal_port,omitempty"`
	By              string `json:"by,omitempty"`
	Text            string `json:"text,omitempty"`
}

// parse reads a line; false if it is no entry.
func parse(r *auditlog.Reader, line []byte) (e Entry, ok bool) {
	if json.Unmarshal(line, &e) != nil || e.Event == "" {
		return Entry{}, false
	}
	e.Where = r.Place()
	return e, true
}

// names are what another line may name the same login by.
func (e *Entry) names() []string {
	return []string{e.Ref, e.UpstreamRef, e.RecordID, e.SubmitID}
}

// named reports whether the entry names one of keys.
func (e *Entry) named(keys map[string]bool) bool {
	for _, name := range e.names() {
		if name != "" && keys[name] {
			return true
		}
	}
	return false
}

// line is a connection: what the lines of one visit on one side have in common. SessionIDs begin anew when a front is
// restarted, so the peer's address and port are part of it.
type line struct {
	front, session int32
	address        string
	port           uint16
}

func (e *Entry) line() line { return line{e.FrontID, e.SessionID, e.Address, e.Port} }

// Side says whose line it is.
func (e *Entry) Side() string {
	if e.UpstreamRef != "" || e.FrontID == 0 {
		return "relay"
	}
	return "front"
}

// From is where the terminal was.
func (e *Entry) From() string {
	return strings.TrimSpace(cmp.Or(e.TerminalAddress, e.Address))
}
