package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// The AppTypes of AuthResult.
const (
	AppDirect        = '1'
	AppInvestorRelay = '2' // 多对多: LoginVia
	AppOperatorRelay = '3' // 一对多: Relay
)

// TerminalOffline is the TerminalType of an order by telephone, which alone may come without an address.
const TerminalOffline = ftd.TerminalOffline

// RelayedTerminal is what the relay nearest the terminal saw of it.
type RelayedTerminal struct {
	AppID      string         // of the terminal's software, which that relay has verified; at most 30 bytes
	PublicAddr netip.AddrPort // where the terminal came from, without a zone
	LoginTime  time.Time      // when its login arrived at that relay; sent in whole seconds, UTC+8
	Type       byte           // code of 4.2.3 a, '1' to '7'; 0 for not told, which is sent as '0'

	Tag *TerminalTag // nil for none
}

// TerminalTag is personal data that some firms ask relays for. It is no part of a report.
type TerminalTag struct {
	MAC string // at most 40 bytes
	Tag string // UUID|phone, at most 150 bytes
}

// RelayRecorded is what the front recorded of the relay itself: items 6 to 9 of the supplement.
type RelayRecorded struct {
	AppID     string
	Addr      netip.AddrPort // the relay as the front saw it; invalid if the front does not know it any more
	LoginTime time.Time      // whole seconds, UTC+8
}

// RelayTerms is what an operator relay may ask of the front, in the answer to the operator's login.
type RelayTerms struct {
	Window         int           // submissions that may be unanswered
	Rate           int           // submissions a second
	Burst          int           // submissions at once
	MaxTerminalAge time.Duration // after which a terminal's LoginTime is too old
	TerminalExits  bool          // the front may end a single terminal
}

// Submission is what an operator relay reports of one terminal's login.
type Submission struct {
	UserID       string // the customer's account, at most 18 bytes
	Terminal     RelayedTerminal
	KeyVersion   string // of the key that Ciphertext is encrypted under, at most 8 bytes
	AbnormalFlag byte   // 异常标识: the terminal's own, or the relay's where that found more
	Ciphertext   []byte // the terminal's, untouched

	// Passed is set where a relay below this one reported the terminal, nil else.
	Passed *Passed
}

// Passed is what a relay below this one sent in its own submission. It goes on unchanged, so that a submission that the relay
// below sends again is one record at the front.
type Passed struct {
	SubmitID SubmitID // as the relay below drew it
	Again    bool     // the relay below has sent it before
	Terminal []byte   // the data of its RelayedTerminal field, 94 bytes; Submission.Terminal has the Tag alone
}

// Receipt is what the front recorded of a submission.
type Receipt struct {
	SubmitID     SubmitID // of the submission that was recorded
	RecordID     string   // UUID, the receipt of the record
	UserID       string
	UserType     byte   // '2': the operator acts for the customer
	TradingDay   string // YYYYMMDD, the day whose report the record belongs to
	AbnormalFlag byte   // 异常标识 as recorded, which may differ from the terminal's
	Relay        RelayRecorded
	Answered     time.Time // when the front answered, whole seconds, UTC+8; zero if it does not say
}

// LoginVia logs a customer in as Login does, through a relay of type AppInvestorRelay: via is what the relay saw of
// the customer's terminal, whose terminal information is in req. LoginResult.PublicAddr and LoginTime are then the
// terminal's, and LoginResult.Relay is what was recorded of the relay.
func (c *Conn) LoginVia(ctx context.Context, req LoginRequest, via RelayedTerminal) (LoginResult, error) {
	return c.login(ctx, &req, &via)
}

// AppendLoginVia appends a login through a relay to dst, as AppendLogin does.
func (m *Machine) AppendLoginVia(dst []byte, req *LoginRequest, via *RelayedTerminal) ([]byte, error) {
	return m.appendLogin(dst, req, via)
}

// AppendSubmit appends the submission id to dst; again says that it was sent before. It is answered by
// Submitted or SubmitRefused, in any order, and may be sent while an answer is awaited.
func (m *Machine) AppendSubmit(dst []byte, id SubmitID, again bool, s *Submission) ([]byte, error) {
	if m.current.period == 0 {
		return dst, ErrNotLoggedIn
	}
	return appendSubmit(dst, m.current.broker, id, again, s)
}

func appendSubmit(dst []byte, broker string, id SubmitID, again bool, s *Submission) ([]byte, error) {
	var text [submitIDLen]byte
	id.put(text[:])
	attempt := byte(ftd.AttemptFirst)
	if again {
		attempt = ftd.AttemptAgain
	}
	e := ftd.Begin(dst, ftd.TIDTerminalSubmit)
	e.SubmitRequest(&ftd.SubmitRequest{
		BrokerID: []byte(broker), UserID: []byte(s.UserID), SubmitID: text[:], Attempt: attempt,
	})
	if s.Passed != nil {
		e.Raw(ftd.FIDRelayedTerminal, s.Passed.Terminal)
		putTag(&e, s.Terminal.Tag)
	} else if err := putRelayedTerminal(&e, &s.Terminal); err != nil {
		return dst, err
	}
	e.TerminalInfo(&ftd.TerminalInfo{
		KeyVersion: []byte(s.KeyVersion), AbnormalFlag: s.AbnormalFlag, Ciphertext: s.Ciphertext,
	})
	out, err := e.End()
	if err != nil {
		return dst, fmt.Errorf("client: %w", err)
	}
	return out, nil
}

// AppendTerminalEnd appends to dst that the terminal of the submission id has gone. It is answered by
// TerminalEnded, and may be sent while an answer is awaited.
func (m *Machine) AppendTerminalEnd(dst []byte, id SubmitID) ([]byte, error) {
	if m.current.period == 0 {
		return dst, ErrNotLoggedIn
	}
	return appendTerminalEnd(dst, id)
}

func appendTerminalEnd(dst []byte, id SubmitID) ([]byte, error) {
	var text [submitIDLen]byte
	id.put(text[:])
	e := ftd.Begin(dst, ftd.TIDTerminalEnd)
	e.SubmitRef(&ftd.SubmitRef{SubmitID: text[:]})
	return e.End()
}

// putRelayedTerminal appends what the relay saw. What the front would refuse for its form is refused here, with a
// text that names it; whether it is true, only the relay knows.
func putRelayedTerminal(e *ftd.Encoder, t *RelayedTerminal) error {
	kind := t.Type
	if kind == 0 {
		kind = '0'
	}
	addr := t.PublicAddr.Addr().Unmap()
	switch {
	case kind < '0' || kind > '7':
		return fmt.Errorf("client: terminal type %q, want '0' to '7'", kind)
	case t.AppID == "":
		return errors.New("client: the terminal's AppID is empty")
	case t.LoginTime.Year() < 2000 || t.LoginTime.Year() > 9998:
		return errors.New("client: the terminal's LoginTime is missing: when did its login arrive at the relay?")
	case addr.Zone() != "":
		return errors.New("client: the terminal's address has a zone, so it is not public")
	case addr.IsValid() && t.PublicAddr.Port() == 0:
		return errors.New("client: the terminal's port is 0")
	case !addr.IsValid() && (kind != TerminalOffline || t.PublicAddr.Port() != 0):
		return errors.New("client: the terminal's address is missing, which only an order by telephone may lack")
	}
	f := ftd.RelayedTerminal{
		AppID: []byte(t.AppID), PublicPort: int(t.PublicAddr.Port()), TerminalType: kind,
		LoginTime: t.LoginTime.In(zone).AppendFormat(nil, time.DateTime),
	}
	if addr.IsValid() {
		f.PublicIP = addr.AppendTo(nil)
	}
	e.RelayedTerminal(&f)
	putTag(e, t.Tag)
	return nil
}

func putTag(e *ftd.Encoder, t *TerminalTag) {
	if t != nil {
		e.TerminalTag(&ftd.TerminalTag{MAC: []byte(t.MAC), Tag: []byte(t.Tag)})
	}
}
