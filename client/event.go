package client

import (
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// Request is what a terminal sends to the front. Each has one answer.
type Request uint8

// The requests, in the order of a login.
const (
	NoRequest       Request = iota
	AskChallenge            // step 1 of docs/protocol.md
	AnswerChallenge         // step 3
	RequestLogin            // step 5
	RequestLogout           // step 7
	RequestPassword         // a change of the password

	requestCount
)

var requestTIDs = [requestCount]ftd.TID{
	AskChallenge:    ftd.TIDAuthenticate,
	AnswerChallenge: ftd.TIDAuthenticate,
	RequestLogin:    ftd.TIDUserLogin,
	RequestLogout:   ftd.TIDUserLogout,
	RequestPassword: ftd.TIDPasswordUpdate,
}

// EventKind is what a frame of the front means to the terminal.
type EventKind uint8

// The kinds of events.
const (
	Ignored         EventKind = iota // a heartbeat, or a frame of a type that terminals ignore
	Challenged                       // to AskChallenge: Event.Challenge has the challenge
	Authenticated                    // to AnswerChallenge: Event.AuthResult
	LoggedIn                         // to RequestLogin: Event.LoginResult
	LoggedOut                        // to RequestLogout
	Refused                          // to any request: Event.Refusal
	PasswordChanged                  // to RequestPassword
	Arrived                          // a message of the trading core's, or what became of one to it: Event.Message
	Submitted                        // a submission was recorded: Event.Receipt
	SubmitRefused                    // a submission was refused: Event.Refusal, Event.SubmitID
	TerminalEnded                    // the front answered a TerminalEnd: Event.SubmitID, and Event.Refusal if it knows no such terminal
	TerminalExit                     // the front ends one terminal of an operator relay: Event.SubmitID, Event.Exit
)

// Event is what one frame of the front means. Its methods read the buffer that Machine.Receive was given: call them
// before it is used again.
type Event struct {
	Kind    EventKind
	Request Request    // that the event answers; NoRequest if it answers none, or a submission
	Refusal *Error     // of Refused and SubmitRefused, else nil
	field   []byte     // of the answer; Receive has checked it
	fields  ftd.Fields // of the answer to a login and of what only relays get; Receive has checked them
	body    []byte     // of Arrived
}

// ChallengeLen is the length in bytes of a challenge.
const ChallengeLen = ftd.ChallengeLen

// Challenge is the front's random number, which AppendAnswer answers.
type Challenge [ChallengeLen]byte

// Challenge is that of Challenged; of any other event it is zero.
func (e *Event) Challenge() (c Challenge) {
	if e.Kind == Challenged {
		copy(c[:], e.field)
	}
	return c
}

// AuthResult is that of Authenticated; of any other event it is zero.
func (e *Event) AuthResult() AuthResult {
	var f ftd.AuthResult
	if e.Kind != Authenticated || f.Decode(e.field) != nil {
		return AuthResult{}
	}
	return AuthResult{AppID: string(f.AppID), AppType: f.AppType}
}

// LoginResult is that of LoggedIn; of any other event it is zero.
func (e *Event) LoginResult() LoginResult {
	var f ftd.LoginResponse
	if e.Kind != LoggedIn || f.Decode(e.field) != nil {
		return LoginResult{}
	}
	loginTime, addr, err := readLoginResponse(&f)
	if err != nil {
		return LoginResult{}
	}
	r := LoginResult{
		BrokerID:     string(f.BrokerID),
		UserID:       string(f.UserID),
		UserType:     f.UserType,
		TradingDay:   string(f.TradingDay),
		LoginTime:    loginTime,
		PublicAddr:   addr,
		AbnormalFlag: f.AbnormalFlag,
		FrontID:      f.FrontID,
		SessionID:    f.SessionID,
		RecordID:     string(f.RecordID),
		SystemName:   string(f.SystemName),
		LastLogin:    string(f.LastLogin),
		LastIP:       string(f.LastIP),
		Notice:       string(f.Notice),
	}
	r.Relay, _ = readRelayRecorded(e.data(ftd.FIDRelayRecorded))
	r.Terms, _ = readRelayTerms(e.data(ftd.FIDRelayTerms))
	return r
}

// readLoginResponse gives the items their types.
func readLoginResponse(f *ftd.LoginResponse) (time.Time, netip.AddrPort, error) {
	loginTime, err := time.ParseInLocation(time.DateTime, string(f.LoginTime), zone)
	if err != nil {
		return time.Time{}, netip.AddrPort{}, illegal("LoginTime")
	}
	if _, err := time.Parse("20060102", string(f.TradingDay)); err != nil {
		return time.Time{}, netip.AddrPort{}, illegal("TradingDay")
	}
	if f.PublicPort > 65535 {
		return time.Time{}, netip.AddrPort{}, illegal("PublicPort")
	}
	if len(f.RecordID) != 36 {
		return time.Time{}, netip.AddrPort{}, illegal("RecordID")
	}
	if len(f.PublicIP) == 0 && f.PublicPort == 0 { // Receive allows it where the request named none
		return loginTime, netip.AddrPort{}, nil
	}
	addr, err := netip.ParseAddr(string(f.PublicIP))
	if err != nil {
		return time.Time{}, netip.AddrPort{}, illegal("PublicIP")
	}
	return loginTime, netip.AddrPortFrom(addr, uint16(f.PublicPort)), nil
}
