package auditlog

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// Entry is one line of an audit log, with what its readers look at.
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
	Closing         string `json:"closing,omitempty"`
	RightBlocks     int    `json:"right_blocks,omitempty"`
	By              string `json:"by,omitempty"`
	Text            string `json:"text,omitempty"`

	// Of event operator_action.
	Command string `json:"command,omitempty"`
	Subject string `json:"subject,omitempty"`
	Changes string `json:"changes,omitempty"`
	Grounds string `json:"why,omitempty"`

	// Of event suppressed.
	Source  string         `json:"source,omitempty"`
	Lines   int            `json:"lines,omitempty"`
	Reasons map[string]int `json:"reasons,omitempty"`
}

// Parse reads a line, of which where is the place (Reader.Place); false if it is no entry.
func Parse(line []byte, where string) (e Entry, ok bool) {
	if json.Unmarshal(line, &e) != nil || e.Event == "" {
		return Entry{}, false
	}
	e.Where = where
	return e, true
}

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

// timeKey is how each line begins.
var timeKey = []byte(`{"time":"`)

// TimeOf is the time of a line without parsing the rest of it; false if the line does not begin with a time.
func TimeOf(line []byte) (t time.Time, ok bool) {
	text, ok := bytes.CutPrefix(line, timeKey)
	if !ok {
		return time.Time{}, false
	}
	end := bytes.IndexByte(text, '"')
	if end < 0 {
		return time.Time{}, false
	}
	return t, t.UnmarshalText(text[:end]) == nil
}
