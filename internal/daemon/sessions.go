package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
)

// Session is one that is logged in, as the page /sessions of the admin listener and `session list` show it.
type Session struct {
	FrontID   int32     `json:"front_id"`
	SessionID int32     `json:"session_id"`
	Account   string    `json:"account"`
	AppID     string    `json:"app_id"`
	Address   string    `json:"address"`
	Since     time.Time `json:"since"`
	State     string    `json:"state"`
	Sent      uint64    `json:"frames_sent"`     // by the terminal
	Received  uint64    `json:"frames_received"` // by the terminal
	Relay     bool      `json:"relay"`           // a relay's; Address is the relay's
	Terminals int       `json:"terminals"`       // that an operator relay has reported on it, and that have not ended
}

// EndSession is what `session end` asks for.
type EndSession struct {
	SessionID int32  `json:"session_id"`
	Text      string `json:"text"` // what the terminal is told
	By        string `json:"by"`   // who asks
	// Terminal is the SubmitID of the terminal to end, of an operator relay's session that goes on; empty for the whole session.
	Terminal string `json:"terminal,omitempty"`
}

// SessionEnded is what it is told.
type SessionEnded struct {
	Session  Session `json:"session"`
	Terminal string  `json:"terminal,omitempty"` // the SubmitID, if that terminal alone was ended
	Account  string  `json:"account,omitempty"`  // whose terminal it was
}

// sessionPatience bounds how long the event loops may take to tell their sessions.
const sessionPatience = 2 * time.Second

// serveSessions adds the pages and the action of sessions to the admin listener.
func (d *Daemon) serveSessions() {
	d.admin.PageOf("sessions", "who is logged in, JSON", func(ctx context.Context) (any, error) { return d.sessions(ctx, masked) })
	d.admin.PageOf("sessions/full", "the same with whole addresses", func(ctx context.Context) (any, error) { return d.sessions(ctx, inFull) })
	d.admin.Action("sessions/end", "ends a session (POST; the command is: tradefront session end)", d.endSession)
}

// sessions are those that are logged in, the oldest first: all of them, or an error. Who is missing would be taken for logged out.
func (d *Daemon) sessions(ctx context.Context, show func(netip.Prefix) string) ([]Session, error) {
	list := []Session{}
	if !d.serving.Load() {
		return nil, errStarting()
	}
	ctx, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	all, err := d.front.Sessions(ctx)
	if err != nil {
		return nil, loopsSilent(err)
	}
	for i := range all {
		if !all[i].LoggedIn.IsZero() {
			list = append(list, d.shownSession(&all[i], show))
		}
	}
	slices.SortFunc(list, func(a, b Session) int { return a.Since.Compare(b.Since) })
	return list, nil
}

// errStarting says that there is no front to ask yet.
func errStarting() error {
	return &ops.Refusal{Status: http.StatusServiceUnavailable, Problem: "the front is starting"}
}

// loopsSilent says that it is not known which sessions there are.
func loopsSilent(err error) error {
	return &ops.Refusal{Status: http.StatusServiceUnavailable, Problem: "an event loop of the front did not answer, and there may be sessions that it has: " +
		"ask again; if that fails too, look at /readyz of this front: " + err.Error()}
}

func (d *Daemon) shownSession(s *front.SessionInfo, show func(netip.Prefix) string) Session {
	addr := s.Address.Addr()
	shown := Session{
		FrontID: d.cfg.Front.ID, SessionID: s.SessionID, Account: s.Account, AppID: s.AppID,
		Address: show(netip.PrefixFrom(addr, addr.BitLen())), Since: s.LoggedIn.In(regulation.Zone).Truncate(time.Second),
		State: s.State.String(), Sent: s.Frames.Received, Received: s.Frames.Sent,
		Relay: s.Relays,
	}
	if d.path.Gateway != nil { // an agent has none
		shown.Terminals = d.path.Gateway.Terminals(s.SessionID)
	}
	return shown
}

// endSession tells a terminal that its session is over, and ends it. The audit log says who asked.
func (d *Daemon) endSession(ctx context.Context, body []byte) (any, error) {
	var request EndSession
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, &ops.Refusal{Status: http.StatusBadRequest, Problem: "the request is no JSON of an EndSession"}
	}
	if err := checkBy(request.By); err != nil {
		return nil, &ops.Refusal{Status: http.StatusBadRequest, Problem: err.Error()}
	}
	if r, remote := ops.RemoteOf(ctx); remote { // what the front knows comes before what the asker says
		request.By = fmt.Sprintf("admin user %s from %v: %s", r.User, r.From, request.By)
	}
	if !d.serving.Load() {
		return nil, errStarting()
	}
	if err := regulation.CheckItem("text", request.Text, maxExitText); err != nil {
		return nil, &ops.Refusal{Status: http.StatusBadRequest, Problem: err.Error()}
	}
	all, err := d.front.Sessions(ctx)
	if err != nil {
		return nil, loopsSilent(err)
	}
	i := slices.IndexFunc(all, func(s front.SessionInfo) bool { return s.SessionID == request.SessionID && !s.LoggedIn.IsZero() })
	if i < 0 {
		return nil, d.noSession(request.SessionID)
	}
	if request.Terminal != "" {
		return d.endTerminal(ctx, &all[i], &request)
	}
	found, err := d.front.EndSession(ctx, request.SessionID, request.Text)
	switch {
	case err != nil:
		return nil, loopsSilent(err)
	case !found:
		return nil, d.noSession(request.SessionID)
	}
	d.path.Audit.Log(d.sessionEnd(&all[i], &request))
	return SessionEnded{Session: d.shownSession(&all[i], masked)}, nil
}

// maxBy bounds who asks, in bytes: a user, the user who logged in, and a host.
const maxBy = 400

// checkBy refuses a name that is not one line of plain text: it is shown to operators, and is in the audit log.
func checkBy(by string) error {
	switch {
	case len(by) > maxBy:
		return fmt.Errorf("by: %d bytes, at most %d are taken", len(by), maxBy)
	case !utf8.ValidString(by):
		return errors.New("by: it is no UTF-8")
	case strings.ContainsFunc(by, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("by: it has a character that cannot be printed")
	}
	return nil
}

func (d *Daemon) noSession(id int32) error {
	return &ops.Refusal{
		Status: http.StatusNotFound, Problem: fmt.Sprintf("front %d has no session %d: see tradefront session list", d.cfg.Front.ID, id),
	}
}

// sessionEnd is the audit line of what an operator ended.
func (d *Daemon) sessionEnd(s *front.SessionInfo, request *EndSession) logs.Entry {
	return logs.Entry{
		Time: d.now(), Event: logs.EventSessionEnd, Reason: reason.EndedByOperator.String(), FrontID: d.cfg.Front.ID, SessionID: s.SessionID,
		AppID: s.AppID, Account: s.Account, Address: s.Address.Addr(), Port: s.Address.Port(), By: request.By, Text: request.Text,
	}
}

// endTerminal tells an operator relay to end one terminal. Its session goes on, and the record of the terminal stays.
func (d *Daemon) endTerminal(ctx context.Context, s *front.SessionInfo, request *EndSession) (any, error) {
	if d.path.Gateway == nil {
		return nil, &ops.Refusal{Status: http.StatusNotFound, Problem: "a relay agent ends terminals by their own sessions: leave --terminal out"}
	}
	id, ok := relay.ParseSubmitID([]byte(request.Terminal))
	if !ok {
		return nil, &ops.Refusal{Status: http.StatusBadRequest, Problem: fmt.Sprintf("%q is no SubmitID: the audit log has them as submit_id", request.Terminal)}
	}
	account, through, there := d.path.Gateway.Terminal(s.SessionID, id)
	if !there {
		return nil, &ops.Refusal{Status: http.StatusNotFound, Problem: fmt.Sprintf(
			"session %d has no terminal of submission %s: it has ended, or was reported on another connection of its relay", s.SessionID, request.Terminal)}
	}
	told, err := d.front.EndTerminal(ctx, s.SessionID, uuid.UUID(id), request.Text)
	switch {
	case err != nil:
		return nil, loopsSilent(err)
	case !told:
		return nil, &ops.Refusal{Status: http.StatusConflict, Problem: fmt.Sprintf(
			"relay %s was not told at its login that one terminal may be ended: if its vendor says that it knows SubmitRef, add it to relay.terminal_exits, "+
				"reload, and let it log in again; or end its whole session without --terminal", through)}
	}
	e := d.sessionEnd(s, request)
	e.Account, e.Operator, e.SubmitID, e.RelayAppID, e.RelayMode = string(account), s.Account, request.Terminal, string(through), "3"
	d.path.Audit.Log(e)
	return SessionEnded{Session: d.shownSession(s, masked), Terminal: request.Terminal, Account: string(account)}, nil
}

// maxExitText is the room of ForceExitMsg, in bytes.
const maxExitText = 100
