package core

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Core says who may log in, and takes the business of those who have. It is safe for concurrent use.
type Core interface {
	// Verify says who a is. Its refusals are *Refused; any other error means that the core could not be
	// asked. It returns soon after ctx ends, and does not use what a's slices point to after it returned.
	Verify(ctx context.Context, a *Attempt) (User, error)
	// RequestCode passes a request for a second factor's code on (TID RequestCode), of a session that has
	// asked for no login yet; body is copied. The core's answer is delivered to t. It does not wait.
	RequestCode(sessionID int32, t Terminal, body []byte) reason.Reason
	// Alive reports whether a session that Verify reserved can still be opened, as far as is known now: the core that verified it is there.
	// It does not wait.
	Alive(sessionID int32) bool
	// Abort tells that the session which Verify reserved will not be opened. It does not wait.
	Abort(sessionID int32, why ftd.ReasonCode, text string)
	// Open makes a verified session live; its record is durable. The Session is nil if this core takes no
	// business. ErrLost says that the core that verified it is not there any more: the record counts, and
	// the terminal must log in again. It does not wait.
	Open(o *Opening) (Session, error)
}

// ErrLost says that the core does not know the session any more.
var ErrLost = lostError{}

type lostError struct{}

func (lostError) Error() string { return "the core that verified the login is not there any more" }

// Attempt is a login to be verified.
type Attempt struct {
	SessionID int32
	Account   regulation.Account
	Password  []byte         // what the core need not zero; part of Request
	Request   []byte         // the LoginRequest field as the terminal sent it, the password in it
	Source    netip.AddrPort // the terminal's public address and port
	AppID     regulation.AppID
	AppType   byte
	Instant   time.Time // when the front asked; the login time is taken later
	Terminal  Terminal  // where messages to this session go

	// Via is the RelayAppID of a relayed login, "" in direct mode. Source and AppID are then the terminal's, as the
	// relay told them.
	Via regulation.AppID
	// Relayed is the RelayedTerminal field of a relayed login as the relay sent it; nil in direct mode. It is for a
	// trading core, and aliases the login like Request.
	Relayed []byte
}

// OfOperatorRelay reports whether it is an operator relay's own login: Source is the relay's address, and all its customers are
// behind it.
func (a *Attempt) OfOperatorRelay() bool { return a.AppType == ftd.OperatorRelay }

// User is who a verified attempt is.
type User struct {
	Account  regulation.Account
	UserType regulation.UserType

	// What the core tells the customer; empty if it tells nothing. At most 19, 39 and 100 bytes.
	LastLogin, LastIP, Notice string
}

// Refused is the error of an attempt that was not let in.
type Refused struct {
	Reason reason.Reason
	// Code and Text are what a trading core answered, for the terminal; 0 and "" leave both to Reason.
	Code int
	Text string
	// Session lets a customer who must change the password do that, and nothing else; nil for all others.
	// It is then closed by Session.Close like an open one.
	Session Session
}

func (e *Refused) Error() string {
	if e.Code != 0 {
		return fmt.Sprintf("login refused: %v, %d %s", e.Reason, e.Code, e.Text)
	}
	return "login refused: " + e.Reason.String()
}

// Opening is a verified session whose record is durable.
type Opening struct {
	SessionID  int32
	User       regulation.Account
	RecordID   uuid.UUID
	LoginTime  time.Time
	TradingDay calendar.TradingDay
	Flag       regulation.AbnormalFlag
	Resume     ftd.ResumePoints // what flows the terminal asked for; Count 0 for none
	Terminal   Terminal
}

// Session is one that the core knows. It is used by the owner of its connection.
type Session interface {
	// Wait reports that the core wants no more business now: what the terminal sends is to be left unread
	// and Wait to be asked again soon. When it has lasted too long it is false, and Pass refuses.
	Wait() bool
	// Pass hands over a business message with header h; body is copied. It may be written at Flush only.
	// Any reason but OK says that the core will not get it.
	Pass(h ftd.Header, body []byte) reason.Reason
	// Refused notes that the front answers a business message with header h itself, for why, and does not pass it on. It returns
	// why, or OK if another refusal of that request is on its way to the terminal, which must not get a second one.
	Refused(h ftd.Header, why reason.Reason) reason.Reason
	// Flush writes what Pass gathered.
	Flush()
	// Close tells the core that the session is over, behind what Pass took. Later calls do nothing.
	Close(why ftd.ReasonCode, text string)
}

// Terminal is the terminal of one session. Its methods are called from any goroutine and do not wait; what
// they bring reaches the terminal in the order of the calls. After the connection ended they do nothing.
type Terminal interface {
	// Deliver sends a message of the core's; body is copied.
	Deliver(body []byte)
	// Refuse tells the terminal that its business request with that number will not be answered.
	Refuse(series uint16, number uint32, why reason.Reason)
	// Exit sends ForceExit with the data of that field, and closes the connection; data is copied.
	Exit(forceExit []byte, why reason.Close)
}
