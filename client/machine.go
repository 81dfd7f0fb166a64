package client

import (
	"errors"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// ErrPending is the error of a request while the answer to another is awaited: answers have
// no number that would match them to requests.
var ErrPending = errors.New("client: the answer to another request is awaited")

// Machine is a terminal's side of one connection, without the connection: it turns requests into
// the bytes to be sent, and received bytes into events. It has no socket, no clock and no
// goroutine, so that an event loop can drive many of them and a simulation every step. Conn is a
// Machine with a socket and timers.
//
//	out, err := m.AppendAsk(out[:0], &identity)                      // send out
//	n, event, err := m.Receive(in)                                   // Challenged
//	challenge := event.Challenge()
//	out, err = m.AppendAnswer(out[:0], &identity, authCode, &challenge) // send out
//	n, event, err = m.Receive(in[n:])                                // Authenticated, or Refused
//	out, err = m.AppendLogin(out[:0], &request)                      // and so on
//
// The zero Machine is one for a new connection. It keeps no authcode, no password and no
// challenge. It must not be used by two goroutines at once. All but AppendAnswer, LoggedIn and
// errors allocate nothing if dst has room.
//
// The driver keeps the two clocks: after a login it sends AppendHeartbeat when it has sent
// nothing for HeartbeatPeriod, and ends the connection with ErrSilent when it has received
// nothing for SilencePeriods of them.
type Machine struct {
	pending   Request
	via       bool  // the last AppendLogin was through a relay,
	noAddress bool  // and of a terminal without an address
	asked     login // of the last AppendLogin
	current   login // the last that was accepted; zero before

	dialog   uint32 // number of the last request to the trading core
	password uint32 // number of the change of the password that is pending
}

// login is what a Machine keeps of one.
type login struct {
	broker, user string
	period       time.Duration // of heartbeats
}

// SilencePeriods is how many heartbeat periods without a byte end a connection that is logged in.
const SilencePeriods = 3

// Pending is the request whose answer is awaited, or NoRequest.
func (m *Machine) Pending() Request { return m.pending }

// HeartbeatPeriod is how long the terminal may send nothing before it must send a heartbeat. It
// is 0 before a login was accepted.
func (m *Machine) HeartbeatPeriod() time.Duration { return m.current.period }

// AppendAsk appends the request for a challenge to dst. Like every request it returns dst as it
// was, and changes nothing, if there is an error: ErrPending, or an item of the argument that
// cannot be sent.
func (m *Machine) AppendAsk(dst []byte, id *Identity) ([]byte, error) {
	e := ftd.Begin(dst, ftd.TIDAuthenticate)
	putIdentity(&e, id)
	return m.end(AskChallenge, dst, &e)
}

// AppendAnswer appends the answer to a challenge to dst. The authcode is not kept.
func (m *Machine) AppendAnswer(dst []byte, id *Identity, authCode string, c *Challenge) ([]byte, error) {
	answer, err := answerChallenge(id.Cipher, authCode, (*[ftd.ChallengeLen]byte)(c))
	if err != nil {
		return dst, err
	}
	e := ftd.Begin(dst, ftd.TIDAuthenticate)
	putIdentity(&e, id)
	e.AuthInfo(&ftd.AuthInfo{AuthInfo: answer})
	return m.end(AnswerChallenge, dst, &e)
}

// AppendLogin appends a login to dst. The frame has the password in clear: the driver should
// clear it once it is sent.
func (m *Machine) AppendLogin(dst []byte, req *LoginRequest) ([]byte, error) {
	return m.appendLogin(dst, req, nil)
}

func (m *Machine) appendLogin(dst []byte, req *LoginRequest, via *RelayedTerminal) ([]byte, error) {
	e := ftd.Begin(dst, ftd.TIDUserLogin)
	e.LoginRequest(&ftd.LoginRequest{
		BrokerID:         []byte(req.BrokerID),
		UserID:           []byte(req.UserID),
		Password:         []byte(req.Password),
		HeartbeatSeconds: req.HeartbeatSeconds,
		Remark:           []byte(req.Remark),
	})
	e.TerminalInfo(&ftd.TerminalInfo{
		KeyVersion:   []byte(req.KeyVersion),
		AbnormalFlag: req.AbnormalFlag,
		Ciphertext:   req.Ciphertext,
	})
	if via != nil {
		if err := putRelayedTerminal(&e, via); err != nil {
			return dst, err
		}
	}
	if err := putResume(&e, req.Resume); err != nil {
		return dst, err
	}
	out, err := m.end(RequestLogin, dst, &e)
	if err == nil {
		m.asked = login{req.BrokerID, req.UserID, heartbeatPeriod(req.HeartbeatSeconds)}
		m.via = via != nil
		m.noAddress = via != nil && !via.PublicAddr.Addr().IsValid()
	}
	return out, err
}

// AppendLogout appends to dst the logout of the user whose login was accepted last.
func (m *Machine) AppendLogout(dst []byte) ([]byte, error) {
	e := ftd.Begin(dst, ftd.TIDUserLogout)
	e.LogoutRequest(&ftd.LogoutRequest{BrokerID: []byte(m.current.broker), UserID: []byte(m.current.user)})
	return m.end(RequestLogout, dst, &e)
}

// AppendHeartbeat appends a heartbeat to dst. It is no request: it has no answer.
func (m *Machine) AppendHeartbeat(dst []byte) []byte { return ftd.AppendHeartbeat(dst) }

func putIdentity(e *ftd.Encoder, id *Identity) {
	e.AuthIdentity(&ftd.AuthIdentity{
		BrokerID:    []byte(id.BrokerID),
		AppID:       []byte(id.AppID),
		ProductInfo: []byte(id.ProductInfo),
	})
}

// end completes the frame of a request.
func (m *Machine) end(r Request, dst []byte, e *ftd.Encoder) ([]byte, error) {
	if m.pending != NoRequest {
		return dst, ErrPending
	}
	out, err := e.End()
	if err != nil {
		return dst, fmt.Errorf("client: %w", err)
	}
	m.pending = r
	return out, nil
}

// Receive takes the first frame of buf. n is the frame's length in bytes; it is 0 if the frame
// is not complete yet, which 4,227 bytes always are.
//
// After an error the connection is over and the driver must close it: *ViolationError,
// *ForceExit, or *Error for one that answers no request before a login. A refusal of a request is no error but
// an event; after Refused to AnswerChallenge the front closes.
func (m *Machine) Receive(buf []byte) (n int, e Event, err error) {
	frame, n, err := ftd.DecodeFrame(buf, ftd.MaxBodyLen)
	if err != nil {
		return 0, Event{}, violation(err)
	}
	if n == 0 || frame.Type != ftd.FrameFTDC {
		return n, Event{}, nil
	}
	header, err := ftd.DecodeHeader(frame.Body)
	if err != nil {
		return n, Event{}, violation(err)
	}
	if m.arrives(header) {
		return n, Event{Kind: Arrived, body: frame.Body}, nil
	}
	message, err := ftd.DecodeMessage(frame.Body)
	if err != nil {
		return n, Event{}, violation(err)
	}
	switch message.TID {
	case ftd.TIDForceExit:
		e, err = forceExit(message)
		return n, e, err
	case ftd.TIDTerminalSubmit, ftd.TIDTerminalEnd:
		if m.current.period > 0 {
			e, err = receiveRelay(message)
			return n, e, err
		}
	}
	if m.refusesMessage(message) {
		return n, Event{Kind: Arrived, body: frame.Body}, nil
	}
	request := m.pending
	m.pending = NoRequest
	if request == NoRequest {
		return n, Event{}, unasked(message)
	}
	e, err = m.answerTo(request, message)
	if e.Kind == LoggedIn {
		m.current, m.dialog = m.asked, 0
	}
	return n, e, err
}

// answerTo is the event of the answer to a request.
func (m *Machine) answerTo(r Request, answer ftd.Message) (Event, error) {
	if tid := requestTIDs[r]; answer.TID != tid && answer.TID != ftd.TIDError {
		return Event{}, violation(fmt.Errorf("%v in answer to %v", answer.TID, tid))
	}
	status, hasStatus, err := statusOf(answer)
	switch {
	case err != nil:
		return Event{}, err
	case status.Code != 0:
		return Event{Kind: Refused, Request: r, Refusal: newError(&status)}, nil
	case !hasStatus && r != AskChallenge:
		return Event{}, missing(answer, ftd.FIDError)
	}
	e := Event{Kind: success[r], Request: r}
	if fid := successField[r]; fid != 0 {
		var has bool
		if e.field, has = answer.Field(fid); !has {
			return Event{}, missing(answer, fid)
		}
	}
	if err := check(r, e.field); err != nil {
		return Event{}, err
	}
	if r == RequestLogin {
		if err := m.checkLogin(answer, e.field); err != nil {
			return Event{}, err
		}
		e.fields = answer.Fields
	}
	return e, nil
}

// checkLogin looks at what a relay's login has beside that of a terminal.
func (m *Machine) checkLogin(answer ftd.Message, response []byte) error {
	var f ftd.LoginResponse
	if err := f.Decode(response); err != nil || len(f.PublicIP) == 0 && !m.noAddress {
		return violation(illegal("PublicIP"))
	}
	if m.via {
		return checkRelayRecorded(answer)
	}
	if data, has := answer.Field(ftd.FIDRelayTerms); has {
		if _, err := readRelayTerms(data); err != nil {
			return violation(err)
		}
	}
	return nil
}

// What answers a request with success.
var (
	success = [requestCount]EventKind{
		AskChallenge: Challenged, AnswerChallenge: Authenticated, RequestLogin: LoggedIn, RequestLogout: LoggedOut,
		RequestPassword: PasswordChanged,
	}
	successField = [requestCount]ftd.FID{
		AskChallenge: ftd.FIDAuthChallenge, AnswerChallenge: ftd.FIDAuthResult, RequestLogin: ftd.FIDLoginResponse,
	}
)

// check decodes the field of a success, so that the methods of Event need not fail.
func check(r Request, field []byte) error {
	var err error
	switch r {
	case AskChallenge:
		var f ftd.AuthChallenge
		err = f.Decode(field)
	case AnswerChallenge:
		var f ftd.AuthResult
		err = f.Decode(field)
	case RequestLogin:
		var f ftd.LoginResponse
		if err = f.Decode(field); err == nil {
			_, _, err = readLoginResponse(&f)
		}
	}
	if err != nil {
		return violation(err)
	}
	return nil
}

// statusOf decodes the Error field, if there is one. A message of the TID Error must have it.
func statusOf(m ftd.Message) (f ftd.Error, has bool, err error) {
	data, has := m.Field(ftd.FIDError)
	if !has && m.TID == ftd.TIDError {
		return f, false, missing(m, ftd.FIDError)
	}
	if has {
		if err := f.Decode(data); err != nil {
			return ftd.Error{}, false, violation(err)
		}
	}
	return f, has, nil
}

// unasked is the error of a message that answers no request. If it is an Error, that is the
// reason: the front refuses a terminal before it asked anything.
func unasked(m ftd.Message) error {
	if m.TID == ftd.TIDError {
		if status, _, err := statusOf(m); err == nil && status.Code != 0 {
			return newError(&status)
		}
	}
	return violation(fmt.Errorf("%v that answers no request", m.TID))
}

// forceExit ends the connection, or one terminal of an operator relay if it names that.
func forceExit(m ftd.Message) (Event, error) {
	data, has := m.Field(ftd.FIDForceExit)
	if !has {
		return Event{}, missing(m, ftd.FIDForceExit)
	}
	var f ftd.ForceExit
	if err := f.Decode(data); err != nil {
		return Event{}, violation(err)
	}
	if _, one := m.Field(ftd.FIDSubmitRef); one {
		return Event{Kind: TerminalExit, fields: m.Fields}, checkSubmitRef(m)
	}
	return Event{}, &ForceExit{Code: f.Code, Msg: string(f.Msg)}
}

func missing(m ftd.Message, fid ftd.FID) error {
	return violation(fmt.Errorf("%v without %v: %w", m.TID, fid, ftd.FaultFieldMissing))
}

// illegal is the error of an item of LoginResponse.
func illegal(item string) error { return fmt.Errorf("LoginResponse.%s cannot be read", item) }

func violation(cause error) error { return &ViolationError{Cause: cause} }

// heartbeatPeriod is the nearest that the protocol allows.
func heartbeatPeriod(seconds int) time.Duration {
	if seconds == 0 {
		seconds = DefaultHeartbeatSeconds
	}
	return time.Duration(min(max(seconds, MinHeartbeatSeconds), MaxHeartbeatSeconds)) * time.Second
}
