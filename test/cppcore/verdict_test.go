package cppcore

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/tradefront/tradefront/internal/ftd"
)

// verdict is what programs/vectors.cc is to answer to "V" and these bytes, by package ftd.
func verdict(b []byte) string {
	f, n, err := ftd.DecodeFrame(b, ftd.MaxBodyLen)
	switch {
	case err != nil:
		return "fault " + wordOf(err)
	case n == 0:
		return "incomplete"
	}
	var s strings.Builder
	fmt.Fprintf(&s, "frame %d %d", f.Type, n)
	tag, tagged := f.Ext.Session()
	if tagged {
		fmt.Fprintf(&s, " session %d %d", tag.FrontID, tag.SessionID)
	}
	if audience, ok := f.Ext.Lookup(ftd.TagAudience); ok {
		fmt.Fprintf(&s, " audience %x", audience)
	}
	if f.IsHeartbeat() {
		s.WriteString(" heartbeat")
	}
	if f.Type != ftd.FrameFTDC {
		return s.String()
	}
	h, err := ftd.DecodeHeader(f.Body)
	if err != nil {
		return s.String() + " header " + wordOf(err)
	}
	fmt.Fprintf(&s, " message %d %c %d %d", h.TID, h.Chain, h.SequenceSeries, h.SequenceNumber)
	m, err := ftd.DecodeMessage(f.Body)
	if err != nil {
		return s.String() + " " + wordOf(err)
	}
	e := ftd.Begin(nil, h.TID)
	if tagged {
		e = ftd.BeginSession(nil, h.TID, tag)
	}
	e.Sequence(h.SequenceSeries, h.SequenceNumber)
	whole := true
	for fields := m.Fields; len(fields) > 0; {
		fid, data, rest := fields.Next()
		fields = rest
		items, err := decode(fid, data, &e)
		if err != nil {
			whole = false
			items = " fault " + wordOf(err)
		}
		fmt.Fprintf(&s, " [%d%s]", uint32(fid), items)
	}
	if !whole {
		return s.String()
	}
	again, err := e.End()
	if err != nil {
		return s.String() + " = " + wordOf(err)
	}
	return s.String() + " = " + hex.EncodeToString(again)
}

func wordOf(err error) string {
	var fault ftd.Fault
	var item *ftd.FieldError
	switch {
	case errors.As(err, &fault):
		return fault.Word()
	case errors.As(err, &item):
		return "item " + item.Item
	}
	return err.Error()
}

// decode prints the items of a field, and appends the field to e again.
func decode(fid ftd.FID, data []byte, e *ftd.Encoder) (items string, err error) {
	switch fid {
	case ftd.FIDError:
		var f ftd.Error
		return decoded(f.Decode(data), func() { e.Error(&f) }, func() []any { return []any{f.Code, f.Text, f.TimeStamp} })
	case ftd.FIDForceExit:
		var f ftd.ForceExit
		return decoded(f.Decode(data), func() { e.ForceExit(&f) }, func() []any { return []any{f.Code, f.Msg} })
	case ftd.FIDErrorTargetSequence:
		var f ftd.ErrorTargetSequence
		return decoded(f.Decode(data), func() { e.ErrorTargetSequence(&f) }, func() []any { return []any{int(f.Series), f.Number} })
	case ftd.FIDLoginRequest:
		return decodeLogin(data, e)
	case ftd.FIDResumePoints:
		var f ftd.ResumePoints
		return decoded(f.Decode(data), func() { e.ResumePoints(&f) }, func() []any { return []any{f.All()} })
	case ftd.FIDPasswordUpdate:
		var f ftd.PasswordUpdate
		return decoded(f.Decode(data), func() { e.PasswordUpdate(&f) },
			func() []any { return []any{f.BrokerID, f.UserID, f.OldPassword, f.NewPassword} })
	}
	return decodeLink(fid, data, e)
}

// decodeLink is decode for the link's own fields.
func decodeLink(fid ftd.FID, data []byte, e *ftd.Encoder) (items string, err error) {
	switch fid {
	case ftd.FIDLinkIdentity:
		var f ftd.LinkIdentity
		return decoded(f.Decode(data), func() { e.LinkIdentity(&f) },
			func() []any {
				return []any{f.Protocol, f.FrontID, f.Process, f.BrokerID, f.Version, f.MaxSessions, f.Business}
			})
	case ftd.FIDLinkAccept:
		var f ftd.LinkAccept
		return decoded(f.Decode(data), func() { e.LinkAccept(&f) },
			func() []any {
				return []any{f.CoreID, f.Instance, f.Term, byte(f.State), f.TradingDay, f.HeartbeatSeconds, f.Credit}
			})
	case ftd.FIDRelayedTerminal:
		var f ftd.RelayedTerminal
		return decoded(f.Decode(data), func() { e.RelayedTerminal(&f) },
			func() []any { return []any{f.AppID, f.PublicIP, f.PublicPort, f.LoginTime, f.TerminalType} })
	case ftd.FIDSubmitResponse:
		var f ftd.SubmitResponse
		return decoded(f.Decode(data), func() { e.SubmitResponse(&f) }, func() []any {
			return []any{f.BrokerID, f.UserID, f.UserType, f.TradingDay, f.SubmitID, f.RecordID, f.AbnormalFlag}
		})
	case ftd.FIDSubmitRef:
		var f ftd.SubmitRef
		return decoded(f.Decode(data), func() { e.SubmitRef(&f) }, func() []any { return []any{f.SubmitID} })
	case ftd.FIDSessionContext:
		var f ftd.SessionContext
		return decoded(f.Decode(data), func() { e.SessionContext(&f) },
			func() []any { return []any{f.AppID, f.AppType, f.PublicIP, f.PublicPort, f.Instant, f.RelayAppID} })
	case ftd.FIDVerifyResult:
		var f ftd.VerifyResult
		return decoded(f.Decode(data), func() { e.VerifyResult(&f) },
			func() []any { return []any{f.UserID, f.UserType, f.Restriction, f.LastLogin, f.LastIP, f.Notice} })
	case ftd.FIDSessionRecord:
		var f ftd.SessionRecord
		return decoded(f.Decode(data), func() { e.SessionRecord(&f) },
			func() []any { return []any{f.RecordID, f.LoginTime, f.TradingDay, f.AbnormalFlag} })
	case ftd.FIDReason:
		var f ftd.Reason
		return decoded(f.Decode(data), func() { e.Reason(&f) }, func() []any { return []any{byte(f.Code), f.Text} })
	case ftd.FIDResumeSession:
		var f ftd.ResumeSession
		return decoded(f.Decode(data), func() { e.ResumeSession(&f) }, func() []any { return []any{f.UserID, f.RecordID, f.Delivered.All()} })
	case ftd.FIDLinkCredit:
		var f ftd.LinkCredit
		return decoded(f.Decode(data), func() { e.LinkCredit(&f) }, func() []any { return []any{f.Frames} })
	}
	e.Raw(fid, data)
	return " " + hex.EncodeToString(data), nil
}

const (
	loginLen = 10 + 18 + 40 + 3 + 35
	oneTime  = 40
)

// decodeLogin knows the item that a terminal may append, which package ftd passes over.
func decodeLogin(data []byte, e *ftd.Encoder) (items string, err error) {
	var f ftd.LoginRequest
	if err := f.Decode(data); err != nil {
		return "", err
	}
	encoded, _ := ftd.Begin(nil, 1), 0
	encoded.LoginRequest(&f)
	frame, err := encoded.End()
	if err != nil {
		return "", err
	}
	canonical := bytes.Clone(frame[len(frame)-loginLen:])
	items = show(f.BrokerID, f.UserID, f.Password, f.HeartbeatSeconds, f.Remark)
	if len(data) >= loginLen+oneTime {
		var p ftd.PasswordUpdate // its last item has the form of that item
		if err := p.Decode(append(bytes.Repeat([]byte{' '}, 10+18+40), data[loginLen:loginLen+oneTime]...)); err != nil {
			return "", &ftd.FieldError{FID: ftd.FIDLoginRequest, Item: "OneTimePassword"}
		}
		if len(p.NewPassword) > 0 {
			items += fmt.Sprintf(" +%x", p.NewPassword)
			canonical = append(canonical, data[loginLen:loginLen+oneTime]...)
		}
	}
	e.Raw(ftd.FIDLoginRequest, canonical)
	return items, nil
}

func decoded(err error, again func(), items func() []any) (string, error) {
	if err != nil {
		return "", err
	}
	again()
	return show(items()...), nil
}

// show prints items as programs/vectors.cc does.
func show(items ...any) string {
	var s strings.Builder
	for _, item := range items {
		switch v := item.(type) {
		case []byte:
			if len(v) == 0 {
				s.WriteString(" -")
			} else {
				fmt.Fprintf(&s, " %x", v)
			}
		case byte:
			fmt.Fprintf(&s, " %02x", v)
		case []ftd.Point:
			for _, p := range v {
				fmt.Fprintf(&s, " %d/%d", p.Series, p.Number)
			}
		default:
			fmt.Fprintf(&s, " %d", v)
		}
	}
	return s.String()
}
