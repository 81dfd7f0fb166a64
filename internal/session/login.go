package session

import (
	"bytes"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// login judges the form of a UserLogin, and asks to log it in. A malformed field ends the session; of several illegal items the first is
// named.
func (s *Session) login(m ftd.Message, now time.Time, fx *Effects) {
	rawRequest, ok1 := m.Field(ftd.FIDLoginRequest)
	rawTerminal, ok2 := m.Field(ftd.FIDTerminalInfo)
	if !ok1 || !ok2 {
		s.malformed(ftd.FaultFieldMissing, fx)
		return
	}
	var (
		req       ftd.LoginRequest
		terminal  ftd.TerminalInfo
		resume    ftd.ResumePoints
		illegal   error // of the first item that is
		badResume error // of resume, if that is illegal
	)
	if raw, ok := m.Field(ftd.FIDResumePoints); ok {
		badResume = resume.Decode(raw)
	}
	relayed, err := s.relayed(m, fx)
	for _, err := range [...]error{req.Decode(rawRequest), terminal.Decode(rawTerminal), badResume, err} {
		if _, isFault := err.(ftd.Fault); isFault {
			s.malformed(err, fx)
			return
		}
		if illegal == nil {
			illegal = err
		}
	}
	item := ""
	switch {
	case illegal != nil && illegal == badResume: // a field that is one item
		illegal, item = nil, ftd.FIDResumePoints.String()
	case illegal != nil:
	case !isAccount(req.UserID):
		item = "LoginRequest.UserID"
	case bytes.IndexByte(terminal.KeyVersion, regulation.Separator) >= 0:
		item = "TerminalInfo.KeyVersion"
	}
	if why := s.mayLogIn(&req, illegal != nil || item != "", relayed); why != reason.OK {
		if s.refuse(fx, OpLogin, why); why == reason.IllegalField {
			s.refuseItem(fx, OpLogin, illegal, item)
		}
		fx.UserID = req.UserID
		return
	}
	s.startLogin(rawRequest, &req, terminal, now, fx)
	fx.Login.Resume = resume
	if relayed {
		fx.Login.Relayed = &fx.relayed
	}
}

// relayed reads what a many-to-many relay tells of the terminal that logs in, if it tells anything. The error is a Fault.
func (s *Session) relayed(m ftd.Message, fx *Effects) (told bool, err error) {
	raw, told := m.Field(ftd.FIDRelayedTerminal)
	if !told {
		return false, nil
	}
	tag, _ := m.Field(ftd.FIDTerminalTag)
	return true, fx.relayed.decodeRelayed(raw, tag)
}

// mayLogIn judges what the session itself can judge: first the state, so that before
// authentication nothing of the content is told. RelayedTerminal belongs to a login through a many-to-many relay, and
// to no other; there the broker comes before the items, as in a submission.
func (s *Session) mayLogIn(req *ftd.LoginRequest, illegal, relayed bool) reason.Reason {
	otherBroker := !bytes.Equal(req.BrokerID, s.brokerID.bytes())
	switch {
	case s.state < Authenticated:
		return reason.NotAuthenticated
	case s.state == LoggingIn:
		return reason.LoginInFlight
	case s.state == PasswordOnly:
		return reason.PasswordFirst
	case s.state == LoggedIn:
		return reason.AlreadyLoggedIn
	case relayed != (s.appType == ftd.InvestorRelay):
		return reason.WrongMode
	case relayed && otherBroker:
		return reason.BrokerMismatch
	case illegal:
		return reason.IllegalField
	case otherBroker:
		return reason.BrokerMismatch
	}
	return reason.OK
}

func (s *Session) startLogin(raw []byte, req *ftd.LoginRequest, terminal ftd.TerminalInfo, now time.Time, fx *Effects) {
	s.state = LoggingIn
	s.pending = 0
	s.userID.set(req.UserID)
	s.heartbeat = HeartbeatOf(req.HeartbeatSeconds)
	fx.Do, fx.Op = DoLogin, OpLogin
	fx.Login = LoginAttempt{
		Arrived:  now,
		AppID:    s.appID.bytes(),
		AppType:  s.appType,
		UserID:   s.userID.bytes(),
		Request:  raw,
		Password: req.Password,
		Terminal: TerminalInfo{terminal.KeyVersion, terminal.AbnormalFlag, terminal.Ciphertext},
	}
}

// HeartbeatOf is the period that a LoginRequest asks for, held to the protocol's range; 0 asks for
// the default.
func HeartbeatOf(seconds int) time.Duration {
	if seconds == 0 {
		return defaultHeartbeat
	}
	return min(max(time.Duration(seconds)*time.Second, minHeartbeat), maxHeartbeat)
}

// isAccount reports whether b can be 客户内部资金账户: digits and letters (4.2.4). An
// empty one passes here and is no account to the core.
func isAccount(b []byte) bool {
	for _, c := range b {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return true
}

// loginDone takes the outcome of the login that is on its way.
func (s *Session) loginDone(ev *Event, fx *Effects) {
	if s.state != LoggingIn {
		panic("session: a login's outcome without a login")
	}
	s.heard = ev.Now // the terminal owed no heartbeat while it waited
	switch {
	case ev.Outcome.Reason == reason.OK:
		s.loggedIn(ev, fx)
	case ev.Outcome.Session != nil:
		s.state, s.since = PasswordOnly, ev.Now
		s.sendRefusal(OpLogin, ev, fx)
	default:
		s.sendRefusal(OpLogin, ev, fx)
		s.backToLogin()
	}
}

// backToLogin is where the terminal may log in again. What it asked for with the login before is not in force: it owes no
// heartbeat until a login was accepted.
func (s *Session) backToLogin() {
	s.state, s.userID, s.heartbeat, s.changes = Authenticated, text{}, defaultHeartbeat, nil
}

func (s *Session) loggedIn(ev *Event, fx *Effects) {
	s.state, s.business = LoggedIn, ev.Outcome.Session != nil
	receipt := ev.Outcome.Receipt
	if s.appType == ftd.OperatorRelay {
		s.relaying().begin(receipt)
	}
	e := ftd.Begin(fx.Wire, ftd.TIDUserLogin)
	s.putReceipt(&e, receipt)
	if receipt.Via != nil {
		putVia(&e, receipt.Via)
	}
	if receipt.Terms != nil {
		e.RelayTerms(receipt.Terms)
	}
	putSuccess(&e, ev.Now)
	fx.end(&e)
	if ev.Outcome.Lost {
		var exit [forceExitLen]byte
		s.exit(AppendForceExit(exit[:0], ExitCoreChanged, reason.CoreChangedText), reason.CoreChanged, fx)
	}
}

func (s *Session) logout(m ftd.Message, fx *Effects) {
	raw, ok := m.Field(ftd.FIDLogoutRequest)
	if !ok {
		s.malformed(ftd.FaultFieldMissing, fx)
		return
	}
	var req ftd.LogoutRequest
	err := req.Decode(raw)
	if _, isFault := err.(ftd.Fault); isFault {
		s.malformed(err, fx)
		return
	}
	switch {
	case s.state != LoggedIn && s.state != PasswordOnly:
		s.refuse(fx, OpLogout, reason.NotLoggedIn)
	case err != nil:
		s.refuseItem(fx, OpLogout, err, "")
	case !bytes.Equal(req.BrokerID, s.brokerID.bytes()):
		s.refuse(fx, OpLogout, reason.BrokerMismatch)
	case !bytes.Equal(req.UserID, s.userID.bytes()):
		s.refuse(fx, OpLogout, reason.UserMismatch)
	case s.relay != nil && s.relay.unanswered > 0:
		s.relay.leaving = true
	default:
		s.refuse(fx, OpLogout, reason.OK)
	}
}

// LoggingOut reports whether a logout waits for the answers of submissions. What comes behind it is not taken: behind a logout that is
// answered at once nothing is either.
func (s *Session) LoggingOut() bool { return s.relay != nil && s.relay.leaving }

// logOutLast asks for the answer of a logout that waited, once the last submission before it is answered. Each submission has a deadline,
// so each such logout is answered.
func (s *Session) logOutLast(fx *Effects) {
	if s.LoggingOut() && s.relay.unanswered == 0 && fx.Close == reason.StayOpen {
		s.refuse(fx, OpLogout, reason.OK)
	}
}
