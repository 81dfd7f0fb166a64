package ftd_test

import (
	"encoding/binary"
	"strings"
	"unicode"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/ftd"
)

// field is any field of the protocol.
type field interface{ Decode(data []byte) error }

// kind is what the tests need to know about one field; the lengths are those of
// docs/protocol.md and docs/core.md, written down a second time on purpose.
type kind struct {
	minLen int
	fresh  func() field
	draw   func(*rapid.T) field
	encode func(*ftd.Encoder, field)
}

var kinds = map[ftd.FID]kind{
	ftd.FIDError: {130, func() field { return new(ftd.Error) }, func(t *rapid.T) field {
		return &ftd.Error{Code: rapid.IntRange(0, 1<<31-1).Draw(t, "code"), Text: text(t, 100), TimeStamp: text(t, 20)}
	}, func(e *ftd.Encoder, f field) { e.Error(f.(*ftd.Error)) }},

	ftd.FIDForceExit: {101, func() field { return new(ftd.ForceExit) }, func(t *rapid.T) field {
		return &ftd.ForceExit{Code: rapid.Byte().Draw(t, "code"), Msg: text(t, 100)}
	}, func(e *ftd.Encoder, f field) { e.ForceExit(f.(*ftd.ForceExit)) }},

	ftd.FIDAuthIdentity: {50, func() field { return new(ftd.AuthIdentity) }, func(t *rapid.T) field {
		return &ftd.AuthIdentity{BrokerID: text(t, 10), AppID: text(t, 30), ProductInfo: text(t, 10)}
	}, func(e *ftd.Encoder, f field) { e.AuthIdentity(f.(*ftd.AuthIdentity)) }},

	ftd.FIDAuthInfo: {128, func() field { return new(ftd.AuthInfo) }, func(t *rapid.T) field {
		return &ftd.AuthInfo{AuthInfo: [128]byte(blob(t, 128, 128))}
	}, func(e *ftd.Encoder, f field) { e.AuthInfo(f.(*ftd.AuthInfo)) }},

	ftd.FIDAuthChallenge: {128, func() field { return new(ftd.AuthChallenge) }, func(t *rapid.T) field {
		return &ftd.AuthChallenge{TimeStamp: [128]byte(blob(t, 128, 128))}
	}, func(e *ftd.Encoder, f field) { e.AuthChallenge(f.(*ftd.AuthChallenge)) }},

	ftd.FIDAuthResult: {31, func() field { return new(ftd.AuthResult) }, func(t *rapid.T) field {
		return &ftd.AuthResult{AppID: text(t, 30), AppType: rapid.Byte().Draw(t, "type")}
	}, func(e *ftd.Encoder, f field) { e.AuthResult(f.(*ftd.AuthResult)) }},

	ftd.FIDLoginRequest: {106, func() field { return new(ftd.LoginRequest) }, func(t *rapid.T) field {
		return &ftd.LoginRequest{
			BrokerID: text(t, 10), UserID: text(t, 18), Password: text(t, 40),
			HeartbeatSeconds: rapid.IntRange(0, 999).Draw(t, "heartbeat"), Remark: text(t, 35),
		}
	}, func(e *ftd.Encoder, f field) { e.LoginRequest(f.(*ftd.LoginRequest)) }},

	ftd.FIDTerminalInfo: {9, func() field { return new(ftd.TerminalInfo) }, func(t *rapid.T) field {
		return &ftd.TerminalInfo{
			KeyVersion: text(t, 8), AbnormalFlag: rapid.Byte().Draw(t, "flag"), Ciphertext: blob(t, 0, 300),
		}
	}, func(e *ftd.Encoder, f field) { e.TerminalInfo(f.(*ftd.TerminalInfo)) }},

	ftd.FIDLoginResponse: {185, func() field { return new(ftd.LoginResponse) }, func(t *rapid.T) field {
		return &ftd.LoginResponse{
			BrokerID: text(t, 10), UserID: text(t, 18), UserType: rapid.Byte().Draw(t, "type"),
			TradingDay: text(t, 8), LoginTime: text(t, 19), PublicIP: text(t, 39),
			PublicPort:   rapid.IntRange(0, 99999).Draw(t, "port"),
			AbnormalFlag: rapid.Byte().Draw(t, "flag"),
			FrontID:      rapid.Int32().Draw(t, "front"), SessionID: rapid.Int32().Draw(t, "session"),
			RecordID: text(t, 36), SystemName: text(t, 40),
			LastLogin: text(t, 19), LastIP: text(t, 39), Notice: text(t, 100),
		}
	}, func(e *ftd.Encoder, f field) { e.LoginResponse(f.(*ftd.LoginResponse)) }},

	ftd.FIDLogoutRequest: {28, func() field { return new(ftd.LogoutRequest) }, func(t *rapid.T) field {
		return &ftd.LogoutRequest{BrokerID: text(t, 10), UserID: text(t, 18)}
	}, func(e *ftd.Encoder, f field) { e.LogoutRequest(f.(*ftd.LogoutRequest)) }},

	// Relays.
	ftd.FIDRelayedTerminal: {94, func() field { return new(ftd.RelayedTerminal) }, func(t *rapid.T) field {
		return &ftd.RelayedTerminal{
			AppID: text(t, 30), PublicIP: text(t, 39), PublicPort: rapid.IntRange(0, 99999).Draw(t, "port"),
			LoginTime: text(t, 19), TerminalType: rapid.Byte().Draw(t, "type"),
		}
	}, func(e *ftd.Encoder, f field) { e.RelayedTerminal(f.(*ftd.RelayedTerminal)) }},

	ftd.FIDSubmitRequest: {65, func() field { return new(ftd.SubmitRequest) }, func(t *rapid.T) field {
		return &ftd.SubmitRequest{
			BrokerID: text(t, 10), UserID: text(t, 18), SubmitID: text(t, 36), Attempt: rapid.Byte().Draw(t, "attempt"),
		}
	}, func(e *ftd.Encoder, f field) { e.SubmitRequest(f.(*ftd.SubmitRequest)) }},

	ftd.FIDSubmitResponse: {110, func() field { return new(ftd.SubmitResponse) }, func(t *rapid.T) field {
		return &ftd.SubmitResponse{
			BrokerID: text(t, 10), UserID: text(t, 18), UserType: rapid.Byte().Draw(t, "type"), TradingDay: text(t, 8),
			SubmitID: text(t, 36), RecordID: text(t, 36), AbnormalFlag: rapid.Byte().Draw(t, "flag"),
		}
	}, func(e *ftd.Encoder, f field) { e.SubmitResponse(f.(*ftd.SubmitResponse)) }},

	ftd.FIDRelayRecorded: {93, func() field { return new(ftd.RelayRecorded) }, func(t *rapid.T) field {
		return &ftd.RelayRecorded{
			RelayAppID: text(t, 30), RelayIP: text(t, 39), RelayPort: rapid.IntRange(0, 99999).Draw(t, "port"), RelayLoginTime: text(t, 19),
		}
	}, func(e *ftd.Encoder, f field) { e.RelayRecorded(f.(*ftd.RelayRecorded)) }},

	ftd.FIDRelayTerms: {24, func() field { return new(ftd.RelayTerms) }, func(t *rapid.T) field {
		million := rapid.IntRange(0, 999999)
		return &ftd.RelayTerms{
			Window: rapid.IntRange(0, 99999).Draw(t, "window"), Rate: million.Draw(t, "rate"), Burst: million.Draw(t, "burst"),
			MaxTerminalAge: million.Draw(t, "age"), Features: rapid.Byte().Draw(t, "features"),
		}
	}, func(e *ftd.Encoder, f field) { e.RelayTerms(f.(*ftd.RelayTerms)) }},

	ftd.FIDSubmitRef: {36, func() field { return new(ftd.SubmitRef) }, func(t *rapid.T) field {
		return &ftd.SubmitRef{SubmitID: text(t, 36)}
	}, func(e *ftd.Encoder, f field) { e.SubmitRef(f.(*ftd.SubmitRef)) }},

	ftd.FIDTerminalTag: {190, func() field { return new(ftd.TerminalTag) }, func(t *rapid.T) field {
		return &ftd.TerminalTag{MAC: text(t, 40), Tag: text(t, 150)}
	}, func(e *ftd.Encoder, f field) { e.TerminalTag(f.(*ftd.TerminalTag)) }},

	// docs/core.md.
	ftd.FIDErrorTargetSequence: {6, func() field { return new(ftd.ErrorTargetSequence) }, func(t *rapid.T) field {
		return &ftd.ErrorTargetSequence{Series: rapid.Uint16().Draw(t, "series"), Number: rapid.Int32().Draw(t, "number")}
	}, func(e *ftd.Encoder, f field) { e.ErrorTargetSequence(f.(*ftd.ErrorTargetSequence)) }},

	ftd.FIDResumePoints: {6, func() field { return new(ftd.ResumePoints) }, func(t *rapid.T) field {
		p := points(t, 1)
		return &p
	}, func(e *ftd.Encoder, f field) { e.ResumePoints(f.(*ftd.ResumePoints)) }},

	ftd.FIDPasswordUpdate: {108, func() field { return new(ftd.PasswordUpdate) }, func(t *rapid.T) field {
		return &ftd.PasswordUpdate{BrokerID: text(t, 10), UserID: text(t, 18), OldPassword: text(t, 40), NewPassword: text(t, 40)}
	}, func(e *ftd.Encoder, f field) { e.PasswordUpdate(f.(*ftd.PasswordUpdate)) }},

	ftd.FIDLinkIdentity: {80, func() field { return new(ftd.LinkIdentity) }, func(t *rapid.T) field {
		return &ftd.LinkIdentity{
			Protocol: rapid.IntRange(0, 999).Draw(t, "protocol"), FrontID: rapid.Int32().Draw(t, "front"),
			Process: text(t, 36), BrokerID: text(t, 10), Version: text(t, 20),
			MaxSessions: rapid.IntRange(0, 999999).Draw(t, "sessions"), Business: rapid.Byte().Draw(t, "business"),
		}
	}, func(e *ftd.Encoder, f field) { e.LinkIdentity(f.(*ftd.LinkIdentity)) }},

	ftd.FIDLinkAccept: {76, func() field { return new(ftd.LinkAccept) }, func(t *rapid.T) field {
		return &ftd.LinkAccept{
			CoreID: text(t, 20), Instance: text(t, 36), Term: rapid.Int32().Draw(t, "term"),
			State: ftd.CoreState(rapid.Byte().Draw(t, "state")), TradingDay: text(t, 8),
			HeartbeatSeconds: rapid.IntRange(0, 999).Draw(t, "heartbeat"), Credit: rapid.Int32().Draw(t, "credit"),
		}
	}, func(e *ftd.Encoder, f field) { e.LinkAccept(f.(*ftd.LinkAccept)) }},

	ftd.FIDSessionContext: {124, func() field { return new(ftd.SessionContext) }, func(t *rapid.T) field {
		return &ftd.SessionContext{
			AppID: text(t, 30), AppType: rapid.Byte().Draw(t, "type"), PublicIP: text(t, 39),
			PublicPort: rapid.IntRange(0, 99999).Draw(t, "port"), Instant: text(t, 19), RelayAppID: text(t, 30),
		}
	}, func(e *ftd.Encoder, f field) { e.SessionContext(f.(*ftd.SessionContext)) }},

	ftd.FIDVerifyResult: {178, func() field { return new(ftd.VerifyResult) }, func(t *rapid.T) field {
		return &ftd.VerifyResult{
			UserID: text(t, 18), UserType: rapid.Byte().Draw(t, "type"), Restriction: rapid.Byte().Draw(t, "restriction"),
			LastLogin: text(t, 19), LastIP: text(t, 39), Notice: text(t, 100),
		}
	}, func(e *ftd.Encoder, f field) { e.VerifyResult(f.(*ftd.VerifyResult)) }},

	ftd.FIDSessionRecord: {64, func() field { return new(ftd.SessionRecord) }, func(t *rapid.T) field {
		return &ftd.SessionRecord{
			RecordID: text(t, 36), LoginTime: text(t, 19), TradingDay: text(t, 8), AbnormalFlag: rapid.Byte().Draw(t, "flag"),
		}
	}, func(e *ftd.Encoder, f field) { e.SessionRecord(f.(*ftd.SessionRecord)) }},

	ftd.FIDReason: {101, func() field { return new(ftd.Reason) }, func(t *rapid.T) field {
		return &ftd.Reason{Code: ftd.ReasonCode(rapid.Byte().Draw(t, "code")), Text: text(t, 100)}
	}, func(e *ftd.Encoder, f field) { e.Reason(f.(*ftd.Reason)) }},

	ftd.FIDResumeSession: {54, func() field { return new(ftd.ResumeSession) }, func(t *rapid.T) field {
		return &ftd.ResumeSession{UserID: text(t, 18), RecordID: text(t, 36), Delivered: points(t, 0)}
	}, func(e *ftd.Encoder, f field) { e.ResumeSession(f.(*ftd.ResumeSession)) }},

	ftd.FIDLinkCredit: {4, func() field { return new(ftd.LinkCredit) }, func(t *rapid.T) field {
		return &ftd.LinkCredit{Frames: rapid.Int32().Draw(t, "frames")}
	}, func(e *ftd.Encoder, f field) { e.LinkCredit(f.(*ftd.LinkCredit)) }},
}

// toTheEnd are the fields whose last item reaches to the field's end, in steps of so many bytes.
var toTheEnd = map[ftd.FID]int{ftd.FIDTerminalInfo: 1, ftd.FIDResumePoints: 6, ftd.FIDResumeSession: 6}

// points draws a run of at least minCount points.
func points(t *rapid.T, minCount int) (p ftd.ResumePoints) {
	p.Count = rapid.IntRange(minCount, ftd.MaxResumePoints).Draw(t, "points")
	for i := range p.Count {
		p.Points[i] = ftd.Point{Series: rapid.Uint16().Draw(t, "series"), Number: rapid.Int32().Draw(t, "number")}
	}
	return p
}

// knownFIDs is kinds in a fixed order, so that a failing seed stays one.
var knownFIDs = []ftd.FID{
	ftd.FIDError, ftd.FIDForceExit, ftd.FIDAuthIdentity, ftd.FIDAuthInfo, ftd.FIDAuthChallenge,
	ftd.FIDAuthResult, ftd.FIDLoginRequest, ftd.FIDTerminalInfo, ftd.FIDLoginResponse, ftd.FIDLogoutRequest,
	ftd.FIDErrorTargetSequence, ftd.FIDResumePoints, ftd.FIDPasswordUpdate,
	ftd.FIDLinkIdentity, ftd.FIDLinkAccept, ftd.FIDSessionContext, ftd.FIDVerifyResult, ftd.FIDSessionRecord,
	ftd.FIDReason, ftd.FIDResumeSession, ftd.FIDLinkCredit,
	ftd.FIDRelayedTerminal, ftd.FIDSubmitRequest, ftd.FIDSubmitResponse, ftd.FIDRelayRecorded, ftd.FIDRelayTerms,
	ftd.FIDSubmitRef, ftd.FIDTerminalTag,
}

// text draws a legal text item of at most n bytes: full length and Chinese among them.
func text(t *rapid.T, n int) []byte {
	legal := rapid.Rune().Filter(func(r rune) bool { return !unicode.IsControl(r) })
	s := rapid.OneOf(
		rapid.StringOfN(legal, 0, -1, n),
		rapid.StringOfN(rapid.RuneFrom([]rune("中文 aZ09@_.")), 0, -1, n),
		rapid.StringOfN(rapid.RuneFrom([]rune("x ")), n, n, n),
	).Draw(t, "text")
	return []byte(strings.TrimRight(s, " "))
}

func blob(t *rapid.T, minLen, maxLen int) []byte {
	return rapid.SliceOfN(rapid.Byte(), minLen, maxLen).Draw(t, "bytes")
}

// rawField is a field as the tests write it, with no help from the Encoder.
type rawField struct {
	fid  ftd.FID
	data []byte
}

// body writes a message by hand.
func body(tid ftd.TID, fields ...rawField) []byte {
	var content []byte
	for _, f := range fields {
		content = binary.BigEndian.AppendUint32(content, uint32(f.fid))
		content = binary.BigEndian.AppendUint16(content, uint16(len(f.data)))
		content = append(content, f.data...)
	}
	b := []byte{2}
	b = binary.BigEndian.AppendUint32(b, uint32(tid))
	b = append(b, 'S', 0, 0, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(fields)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(content)))
	return append(b, content...)
}
