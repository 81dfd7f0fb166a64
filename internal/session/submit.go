package session

import (
	"bytes"
	"strconv"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Bytes of the fields of a submission as docs/protocol.md has them, as far as its RecordID is made of them, and where their items begin.
const (
	submitUserAt     = 10                // behind BrokerID
	submitIDAt       = submitUserAt + 18 // behind UserID
	submitIDLen      = 36
	submitRequestLen = submitIDAt + submitIDLen // without Attempt

	relayedIPAt        = 30                   // behind AppID
	relayedTimeAt      = relayedIPAt + 39 + 5 // behind PublicIP and PublicPort
	relayedTerminalLen = relayedTimeAt + 19 + 1

	infoCiphertextAt = 8 + 1 // of TerminalInfo, behind KeyVersion and AbnormalFlag
)

// submitCheck is one line of the order of checks of a submission (docs/protocol.md).
type submitCheck struct {
	why     reason.Reason
	refuses func(submitCase) bool
}

// submitCase is what the session's checks look at. It is a value: what is reached by a pointer would escape to the heap
// with each event.
type submitCase struct {
	appType  byte
	state    State
	draining bool
	full     bool // the window is
}

// submitChecks are those that the session makes, in their order, once a submission is well-formed and the relay
// authenticated. The gateway makes the others.
var submitChecks = [...]submitCheck{
	{reason.WrongMode, func(c submitCase) bool { return c.appType != ftd.OperatorRelay }},
	{reason.PasswordFirst, func(c submitCase) bool { return c.state == PasswordOnly }},
	{reason.NotLoggedIn, func(c submitCase) bool { return c.state != LoggedIn }},
	{reason.Draining, func(c submitCase) bool { return c.draining }},
	{reason.RelayWindow, func(c submitCase) bool { return c.full }},
}

// SubmitChecks are the reasons for which the session refuses a submission, in the order in which it looks for them.
func SubmitChecks() []reason.Reason {
	all := make([]reason.Reason, 0, len(submitChecks))
	for _, c := range submitChecks {
		all = append(all, c.why)
	}
	return all
}

// submit takes an operator relay's report of one terminal.
func (s *Session) submit(m ftd.Message, ev *Event, fx *Effects) {
	a := &fx.Submit
	if err := a.decode(m); err != nil {
		s.malformed(err, fx)
		return
	}
	if s.state < Authenticated {
		s.malformed(ftd.FaultUnknownTID, fx)
		return
	}
	fx.SubmitID = a.Request.SubmitID
	a.Arrived = ev.Now
	a.AppID, a.Operator, a.BrokerID = s.appID.bytes(), s.userID.bytes(), s.brokerID.bytes()
	if why := s.maySubmit(ev.Draining); why != reason.OK {
		s.refuse(fx, OpSubmit, why)
		fx.UserID = a.Request.UserID
		if why == reason.RelayWindow && s.relaying().flooded(ev.Now) {
			fx.Do, fx.Close = DoNothing, reason.RelayFlood
		}
		return
	}
	s.relay.unanswered++
	a.LoggedIn = s.relay.loginTime
	fx.Do, fx.Op = DoSubmit, OpSubmit
}

func (s *Session) maySubmit(draining bool) reason.Reason {
	c := submitCase{s.appType, s.state, draining, s.relay == nil || s.relay.unanswered >= s.relay.window}
	for i := range submitChecks {
		if submitChecks[i].refuses(c) {
			return submitChecks[i].why
		}
	}
	return reason.OK
}

// decode reads the fields of a submission. The error is a Fault; an illegal item is noted for the gateway.
func (a *SubmitAttempt) decode(m ftd.Message) error {
	request, ok1 := m.Field(ftd.FIDSubmitRequest)
	relayed, ok2 := m.Field(ftd.FIDRelayedTerminal)
	terminal, ok3 := m.Field(ftd.FIDTerminalInfo)
	if !ok1 || !ok2 || !ok3 {
		return ftd.FaultFieldMissing
	}
	var info ftd.TerminalInfo
	wrong := a.Request.Decode(request)
	wrongInfo := info.Decode(terminal)
	for _, err := range [...]error{wrong, wrongInfo} {
		if fault, is := err.(ftd.Fault); is {
			return fault
		}
	}
	a.Info = TerminalInfo{info.KeyVersion, info.AbnormalFlag, info.Ciphertext}
	switch {
	case wrong != nil:
		a.Illegal = itemOf(wrong)
	case !isAccount(a.Request.UserID):
		a.Illegal = "SubmitRequest.UserID"
	case a.Request.Attempt != ftd.AttemptFirst && a.Request.Attempt != ftd.AttemptAgain:
		a.Illegal = "SubmitRequest.Attempt"
	case wrongInfo != nil:
		a.Illegal = itemOf(wrongInfo)
	case bytes.IndexByte(info.KeyVersion, regulation.Separator) >= 0:
		a.Illegal = "TerminalInfo.KeyVersion"
	}
	a.request, a.terminal = request[:submitRequestLen], terminal
	tag, _ := m.Field(ftd.FIDTerminalTag)
	return a.Visit.decodeRelayed(relayed, tag)
}

// submitDone answers a submission that was on its way, in any order.
func (s *Session) submitDone(ev *Event, fx *Effects) {
	s.relaying().leaveWindow()
	if !ev.Outcome.Reason.Accepted() {
		s.refuseSubmit(OpSubmit, ev, fx)
		return
	}
	e := ftd.Begin(fx.Wire, ftd.TIDTerminalSubmit)
	s.putSubmitted(&e, ev)
	putVia(&e, &ev.Outcome.Submitted.Via)
	putSuccess(&e, ev.Now)
	fx.end(&e)
}

// putSubmitted adds the SubmitResponse field.
func (s *Session) putSubmitted(e *ftd.Encoder, ev *Event) {
	var (
		account  [regulation.MaxAccountLen]byte
		day      [len("20060102")]byte
		recordID [36]byte
	)
	r := ev.Outcome.Submitted
	e.SubmitResponse(&ftd.SubmitResponse{
		BrokerID:     s.brokerID.bytes(),
		UserID:       append(account[:0], r.Account...),
		UserType:     byte(r.UserType),
		TradingDay:   strconv.AppendInt(day[:0], int64(r.TradingDay), 10),
		SubmitID:     ev.SubmitID,
		RecordID:     appendUUID(recordID[:0], r.RecordID),
		AbnormalFlag: byte(r.Flag),
	})
}

// refuseSubmit answers a submission, or the end of one, with what it is about and Error. No code of the answer ends the session, since
// many customers are behind it; too many refusals that are not the front's own fault do.
func (s *Session) refuseSubmit(op Op, ev *Event, fx *Effects) {
	e := ftd.Begin(fx.Wire, opTIDs[op])
	putSubmitRef(&e, ev.SubmitID)
	putRefusal(&e, ev.Now, ev.Outcome)
	fx.end(&e)
	switch {
	case s.appType != ftd.OperatorRelay:
		if s.overspent(ev.Now) {
			fx.Close = reason.RefusalFlood
		}
	case isOurs(ev.Outcome):
	case s.relaying().overspent(ev.Now):
		fx.Close = reason.RelayRefusals
	}
}

// isOurs reports whether a submission was refused for want of something at the front, or at the one above a relay agent: that is no
// flood of the relay's, and must not cost it the connection with all its customers. A new reason of that kind belongs here.
func isOurs(o *Outcome) bool {
	switch o.Reason {
	case reason.UpstreamRefused:
		code := o.wireCode()
		return code == 7 || code == 8 || code == 90
	case reason.NoValidKey, reason.Draining, reason.Overloaded, reason.UpstreamAway, reason.LoginDeadline, reason.SubmitFault,
		reason.CoreFull, reason.StoreUnavailable, reason.StoreUnconfirmed, reason.StoreInDoubt, reason.StoreFailed, reason.StoreFull:
		return true
	}
	return false
}

// putSubmitRef adds the SubmitRef field. What no text can be is sent back as an empty one.
func putSubmitRef(e *ftd.Encoder, submitID []byte) {
	if len(submitID) > submitIDLen || !ftd.IsText(submitID) {
		submitID = nil
	}
	e.SubmitRef(&ftd.SubmitRef{SubmitID: submitID})
}

// endTerminal takes the relay's word that a terminal has gone.
func (s *Session) endTerminal(m ftd.Message, fx *Effects) {
	raw, ok := m.Field(ftd.FIDSubmitRef)
	if !ok {
		s.malformed(ftd.FaultFieldMissing, fx)
		return
	}
	var ref ftd.SubmitRef
	err := ref.Decode(raw)
	if _, isFault := err.(ftd.Fault); isFault {
		s.malformed(err, fx)
		return
	}
	if s.state < Authenticated {
		s.malformed(ftd.FaultUnknownTID, fx)
		return
	}
	fx.SubmitID = ref.SubmitID
	fx.Submit = SubmitAttempt{AppID: s.appID.bytes(), Operator: s.userID.bytes()}
	fx.Submit.Request.SubmitID = ref.SubmitID
	switch {
	case s.appType != ftd.OperatorRelay:
		s.refuse(fx, OpSubmitEnd, reason.WrongMode)
	case s.state == PasswordOnly:
		s.refuse(fx, OpSubmitEnd, reason.PasswordFirst)
	case s.state != LoggedIn:
		s.refuse(fx, OpSubmitEnd, reason.NotLoggedIn)
	case err != nil:
		s.refuseItem(fx, OpSubmitEnd, err, "")
	default:
		fx.Do, fx.Op = DoEndTerminal, OpSubmitEnd
		fx.AppID, fx.UserID = s.AppID(), s.UserID()
	}
}

// terminalEnded answers endTerminal.
func (s *Session) terminalEnded(ev *Event, fx *Effects) {
	if !ev.Outcome.Reason.Accepted() {
		s.refuseSubmit(OpSubmitEnd, ev, fx)
		return
	}
	if ev.Outcome.Surplus && s.relaying().surplusFlood(ev.Now) {
		fx.Close = reason.RelayFlood
		return
	}
	e := ftd.Begin(fx.Wire, ftd.TIDTerminalEnd)
	putSubmitRef(&e, ev.SubmitID)
	putSuccess(&e, ev.Now)
	fx.end(&e)
}

// exitTerminal tells the relay that one terminal of it is to go. A relay that does not expect that would take it for the
// end of its own session: it is told nothing, and its terminal stays.
func (s *Session) exitTerminal(ev *Event, fx *Effects) {
	if !s.EndsOne() {
		return
	}
	e := ftd.Begin(fx.Wire, ftd.TIDForceExit)
	e.Raw(ftd.FIDForceExit, ev.ForceExit[:min(len(ev.ForceExit), maxExitData-ftd.FieldHeaderLen-submitIDLen)])
	putSubmitRef(&e, ev.SubmitID)
	fx.end(&e)
}

// Clone copies what aliases the frame and the session, in one allocation beside the attempt's own, and puts Content
// together.
func (a *SubmitAttempt) Clone() *SubmitAttempt {
	c := *a
	others := [...]*[]byte{&c.AppID, &c.Operator, &c.BrokerID, &c.Visit.Tag.MAC, &c.Visit.Tag.Tag}
	total := submitRequestLen + relayedTerminalLen + len(a.terminal) + lengthOf(others[:])
	buf := append(make([]byte, 0, total), a.request...)
	buf = append(append(buf, a.Visit.Field...), a.terminal...)
	c.Content = buf[:len(buf):len(buf)]
	c.alias()
	moveInto(buf, others[:])
	return &c
}

// alias lets the items point into Content, which has them as on the wire.
func (a *SubmitAttempt) alias() {
	request, rest := a.Content[:submitRequestLen], a.Content[submitRequestLen:]
	relayed, terminal := rest[:relayedTerminalLen:relayedTerminalLen], rest[relayedTerminalLen:]
	at := func(field []byte, offset int, item *[]byte) {
		*item = field[offset : offset+len(*item) : offset+len(*item)]
	}
	at(request, 0, &a.Request.BrokerID)
	at(request, submitUserAt, &a.Request.UserID)
	at(request, submitIDAt, &a.Request.SubmitID)
	told := &a.Visit.Told
	at(relayed, 0, &told.AppID)
	at(relayed, relayedIPAt, &told.PublicIP)
	at(relayed, relayedTimeAt, &told.LoginTime)
	a.Visit.Field = relayed
	at(terminal, 0, &a.Info.KeyVersion)
	at(terminal, infoCiphertextAt, &a.Info.Ciphertext)
	a.request, a.terminal = nil, nil
}
