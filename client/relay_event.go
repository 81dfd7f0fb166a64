package client

import (
	"errors"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// SubmitID is which submission Submitted, SubmitRefused, TerminalEnded and TerminalExit are about. ok is false if the
// front named none that a relay can have sent.
func (e *Event) SubmitID() (id SubmitID, ok bool) {
	var text []byte
	switch e.Kind {
	case Submitted:
		var f ftd.SubmitResponse
		if f.Decode(e.data(ftd.FIDSubmitResponse)) == nil {
			text = f.SubmitID
		}
	case SubmitRefused, TerminalEnded, TerminalExit:
		var f ftd.SubmitRef
		if f.Decode(e.data(ftd.FIDSubmitRef)) == nil {
			text = f.SubmitID
		}
	}
	id, err := parseSubmitID(text)
	return id, err == nil
}

// Receipt is that of Submitted; of any other event it is zero.
func (e *Event) Receipt() Receipt {
	var f ftd.SubmitResponse
	if e.Kind != Submitted || f.Decode(e.data(ftd.FIDSubmitResponse)) != nil {
		return Receipt{}
	}
	id, _ := parseSubmitID(f.SubmitID)
	r := Receipt{
		SubmitID: id, RecordID: string(f.RecordID), UserID: string(f.UserID), UserType: f.UserType,
		TradingDay: string(f.TradingDay), AbnormalFlag: f.AbnormalFlag,
	}
	r.Relay, _ = readRelayRecorded(e.data(ftd.FIDRelayRecorded))
	var status ftd.Error
	if status.Decode(e.data(ftd.FIDError)) == nil {
		r.Answered = readTimeStamp(status.TimeStamp)
	}
	return r
}

// Exit is that of TerminalExit; of any other event it is nil.
func (e *Event) Exit() *ForceExit {
	var f ftd.ForceExit
	if e.Kind == TerminalExit && f.Decode(e.data(ftd.FIDForceExit)) == nil {
		return &ForceExit{Code: f.Code, Msg: string(f.Msg)}
	}
	return nil
}

// data is that of a field of the answer.
func (e *Event) data(fid ftd.FID) []byte {
	data, _ := ftd.Message{Fields: e.fields}.Field(fid)
	return data
}

// receiveRelay is the event of a message that only an operator relay gets. It answers no pending request.
func receiveRelay(m ftd.Message) (Event, error) {
	status, hasStatus, err := statusOf(m)
	switch {
	case err != nil:
		return Event{}, err
	case !hasStatus:
		return Event{}, missing(m, ftd.FIDError)
	}
	e := Event{Kind: SubmitRefused, fields: m.Fields}
	switch {
	case m.TID == ftd.TIDTerminalEnd:
		e.Kind = TerminalEnded
		err = checkSubmitRef(m)
	case status.Code != 0:
		err = checkSubmitRef(m)
	default:
		e.Kind = Submitted
		err = checkSubmitted(m)
	}
	if err != nil {
		return Event{}, err
	}
	if status.Code != 0 {
		e.Refusal = newError(&status)
	}
	return e, nil
}

func checkSubmitRef(m ftd.Message) error {
	data, has := m.Field(ftd.FIDSubmitRef)
	if !has {
		return missing(m, ftd.FIDSubmitRef)
	}
	var f ftd.SubmitRef
	if err := f.Decode(data); err != nil {
		return violation(err)
	}
	return nil
}

func checkSubmitted(m ftd.Message) error {
	data, has := m.Field(ftd.FIDSubmitResponse)
	if !has {
		return missing(m, ftd.FIDSubmitResponse)
	}
	var f ftd.SubmitResponse
	if err := f.Decode(data); err != nil {
		return violation(err)
	}
	if _, err := parseSubmitID(f.SubmitID); err != nil {
		return violation(errors.New("SubmitResponse.SubmitID is none that a relay sends"))
	}
	if len(f.RecordID) != 36 {
		return violation(errors.New("SubmitResponse.RecordID cannot be read"))
	}
	if _, err := time.Parse("20060102", string(f.TradingDay)); err != nil {
		return violation(errors.New("SubmitResponse.TradingDay cannot be read"))
	}
	return checkRelayRecorded(m)
}

func checkRelayRecorded(m ftd.Message) error {
	data, has := m.Field(ftd.FIDRelayRecorded)
	if !has {
		return missing(m, ftd.FIDRelayRecorded)
	}
	if _, err := readRelayRecorded(data); err != nil {
		return violation(err)
	}
	return nil
}

func readRelayRecorded(data []byte) (RelayRecorded, error) {
	var f ftd.RelayRecorded
	if err := f.Decode(data); err != nil {
		return RelayRecorded{}, err
	}
	at, err := time.ParseInLocation(time.DateTime, string(f.RelayLoginTime), zone)
	if err != nil {
		return RelayRecorded{}, errors.New("RelayRecorded.RelayLoginTime cannot be read")
	}
	if len(f.RelayIP) == 0 && f.RelayPort == 0 {
		return RelayRecorded{string(f.RelayAppID), netip.AddrPort{}, at}, nil
	}
	addr, err := netip.ParseAddr(string(f.RelayIP))
	if err != nil || f.RelayPort > 65535 {
		return RelayRecorded{}, errors.New("RelayRecorded has no address")
	}
	return RelayRecorded{string(f.RelayAppID), netip.AddrPortFrom(addr, uint16(f.RelayPort)), at}, nil
}

// readRelayTerms reads the terms; a number that would stop all work is the front's fault.
func readRelayTerms(data []byte) (RelayTerms, error) {
	var f ftd.RelayTerms
	if err := f.Decode(data); err != nil {
		return RelayTerms{}, err
	}
	if f.Window < 1 || f.Rate < 1 || f.Burst < 1 {
		return RelayTerms{}, errors.New("RelayTerms allow no submission")
	}
	return RelayTerms{
		Window: f.Window, Rate: f.Rate, Burst: f.Burst,
		MaxTerminalAge: time.Duration(f.MaxTerminalAge) * time.Second, TerminalExits: f.Features == ftd.TermsTerminalExit,
	}, nil
}
