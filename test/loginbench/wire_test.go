//go:build linux

package loginbench

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
)

// firm is what a server and its terminals agree on.
type firm struct {
	BrokerID, AppID, AuthCode, KeyVersion, Password string
	Accounts                                        []string
	PublicKey                                       []byte     // PEM
	Software                                        []software // what terminals take turns with; none: all have AppID
}

// software is an AppID that the firm has admitted.
type software struct{ AppID, AuthCode string }

// of is the software of a visit.
func (f *firm) of(visit int) software {
	if len(f.Software) == 0 {
		return software{f.AppID, f.AuthCode}
	}
	return f.Software[visit%len(f.Software)]
}

// ask is what a terminal's frame asks for.
type ask uint8

const (
	nothing ask = iota
	challenge
	admission
	login
)

// request is one frame of a terminal. Its slices alias the buffer that it was read from.
type request struct {
	ask      ask
	answer   []byte // of admission: the challenge's answer
	login    ftd.LoginRequest
	terminal ftd.TerminalInfo
}

// readRequest takes the first frame of buf; n is 0 if it is not complete.
func readRequest(buf []byte) (n int, r request, err error) {
	frame, n, err := ftd.DecodeFrame(buf, ftd.MaxBodyLen)
	if err != nil || n == 0 || frame.Type != ftd.FrameFTDC {
		return n, r, err
	}
	message, err := ftd.DecodeMessage(frame.Body)
	if err != nil {
		return n, r, err
	}
	switch message.TID {
	case ftd.TIDAuthenticate:
		var answered bool
		if r.answer, answered = message.Field(ftd.FIDAuthInfo); answered {
			r.ask = admission
			return n, r, nil
		}
		r.ask = challenge
		return n, r, nil
	case ftd.TIDUserLogin:
		r.ask = login
		return n, r, r.readLogin(message)
	}
	return n, r, fmt.Errorf("a message %v, which these servers do not know", message.TID)
}

func (r *request) readLogin(message ftd.Message) error {
	field, _ := message.Field(ftd.FIDLoginRequest)
	if err := r.login.Decode(field); err != nil {
		return err
	}
	field, _ = message.Field(ftd.FIDTerminalInfo)
	return r.terminal.Decode(field)
}

// recordID takes the place of the receipt of servers that store nothing.
const recordID = "01980000-0000-7000-8000-000000000000"

// answers makes the answers of one firm, as long as the front's.
type answers struct{ firm }

func (a *answers) challenge(dst []byte, random *[ftd.ChallengeLen]byte) ([]byte, error) {
	e := ftd.Begin(dst, ftd.TIDAuthenticate)
	e.AuthChallenge(&ftd.AuthChallenge{TimeStamp: *random})
	return e.End()
}

func (a *answers) admitted(dst []byte, now time.Time) ([]byte, error) {
	e := ftd.Begin(dst, ftd.TIDAuthenticate)
	e.AuthResult(&ftd.AuthResult{AppID: []byte(a.AppID), AppType: '1'})
	putOK(&e, now)
	return e.End()
}

func (a *answers) loggedIn(dst []byte, r *request, now time.Time, peer netip.AddrPort, session int32, record []byte) ([]byte, error) {
	var day [8]byte
	var instant [regulation.TimeLen]byte
	var addr [regulation.MaxAddrLen]byte
	local := now.In(regulation.Zone)
	e := ftd.Begin(dst, ftd.TIDUserLogin)
	e.LoginResponse(&ftd.LoginResponse{
		BrokerID: r.login.BrokerID, UserID: r.login.UserID, UserType: '1',
		TradingDay: local.AppendFormat(day[:0], "20060102"), LoginTime: local.AppendFormat(instant[:0], regulation.TimeLayout),
		PublicIP: regulation.AppendAddr(addr[:0], peer.Addr()), PublicPort: int(peer.Port()), AbnormalFlag: '0',
		FrontID: 1, SessionID: session, RecordID: record, SystemName: []byte("tradefront"),
	})
	putOK(&e, now)
	return e.End()
}

func putOK(e *ftd.Encoder, now time.Time) {
	var stamp [14]byte
	e.Error(&ftd.Error{Text: []byte("OK"), TimeStamp: now.In(regulation.Zone).AppendFormat(stamp[:0], "20060102150405")})
}
