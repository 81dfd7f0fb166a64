package session

import (
	"math"
	"net/netip"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Outcome is the gateway's decision on what Effects.Do asked for.
type Outcome struct {
	Reason  reason.Reason
	Ref     reason.Ref // set unless Reason is OK
	AppType byte       // of DoVerify, when OK
	Receipt *Receipt   // of DoLogin, when OK: the record is durable
	// Submitted is that of DoSubmit, when OK: the record is durable.
	Submitted *SubmitReceipt
	Surplus   bool // of DoEndTerminal, when OK: no terminal of that submission was there to be ended

	Partly bool // of DoPass: the core has got the first parts of the message, and does not get the rest

	// Code and Text are what a trading core refused with; 0 and "" leave both to Reason.
	Code int
	Text string
	// Session is the session at the core: of a login that was accepted, or of one that was refused because
	// the password must be changed first. nil without a trading core.
	Session core.Session
	// Lost says that the core went away after the record was durable: the login is answered, and the
	// terminal sent away to log in again.
	Lost bool
}

// wireCode is the code that the terminal gets: the core's own, if it is one that ErrorCode can have.
func (o *Outcome) wireCode() int {
	if o.Code > 0 && o.Code <= math.MaxInt32 {
		return o.Code
	}
	return o.Reason.Code()
}

// Receipt is what was recorded about a login. The terminal is shown exactly this.
type Receipt struct {
	RecordID   uuid.UUID
	Account    regulation.Account
	UserType   regulation.UserType
	TradingDay calendar.TradingDay
	LoginTime  time.Time      // printed in UTC+8, whole seconds
	Public     netip.AddrPort // the terminal's address and port
	Flag       regulation.AbnormalFlag
	FrontID    int32
	SessionID  int32
	SystemName string // at most 40 bytes

	LastLogin, LastIP, Notice string // as core.User

	Via   *Via            // of a relayed login: through what it came
	Terms *ftd.RelayTerms // of an operator relay's own login: what it may ask
}

// Via is items 6 to 9 of the supplement string, as recorded.
type Via struct {
	AppID     regulation.AppID
	Addr      netip.AddrPort
	LoginTime time.Time
}

// SubmitReceipt is what was recorded of a submission. The relay is shown exactly this.
type SubmitReceipt struct {
	RecordID   uuid.UUID
	Account    regulation.Account
	UserType   regulation.UserType
	TradingDay calendar.TradingDay
	Flag       regulation.AbnormalFlag
	Via        Via
}

// Bytes of what a core tells the customer, at most.
const lastLoginLen, lastIPLen, noticeLen = 19, 39, 100

// putReceipt adds the LoginResponse field. The broker is the one that this session
// authenticated for: the gateway admits no other.
func (s *Session) putReceipt(e *ftd.Encoder, r *Receipt) {
	var (
		account  [regulation.MaxAccountLen]byte
		day      [len("20060102")]byte
		instant  [regulation.TimeLen]byte
		addr     [regulation.MaxAddrLen]byte
		recordID [36]byte
		system   [40]byte
		told     [lastLoginLen + lastIPLen + noticeLen]byte
	)
	lastLogin := append(told[:0], r.LastLogin...)
	lastIP := append(told[len(lastLogin):len(lastLogin)], r.LastIP...)
	notice := append(told[len(lastLogin)+len(lastIP):len(lastLogin)+len(lastIP)], r.Notice...)
	e.LoginResponse(&ftd.LoginResponse{
		BrokerID:     s.brokerID.bytes(),
		UserID:       append(account[:0], r.Account...),
		UserType:     byte(r.UserType),
		TradingDay:   strconv.AppendInt(day[:0], int64(r.TradingDay), 10),
		LoginTime:    r.LoginTime.In(regulation.Zone).AppendFormat(instant[:0], regulation.TimeLayout),
		PublicIP:     regulation.AppendAddr(addr[:0], r.Public.Addr()),
		PublicPort:   int(r.Public.Port()),
		AbnormalFlag: byte(r.Flag),
		FrontID:      r.FrontID,
		SessionID:    r.SessionID,
		RecordID:     appendUUID(recordID[:0], r.RecordID),
		SystemName:   append(system[:0], r.SystemName...),
		LastLogin:    lastLogin,
		LastIP:       lastIP,
		Notice:       notice,
	})
}

// appendUUID appends id in its usual text, without an allocation.
func appendUUID(dst []byte, id uuid.UUID) []byte {
	const digits = "0123456789abcdef"
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[b>>4], digits[b&0xF])
	}
	return dst
}
