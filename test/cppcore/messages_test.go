package cppcore

import (
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

const (
	recordID   = "5f0c2d4e-1111-4222-8333-444455556666"
	tradingDay = "20261127"
)

func end(t testing.TB, e *ftd.Encoder) []byte {
	t.Helper()
	frame, err := e.End()
	if err != nil {
		t.Fatal("this test made an illegal frame: ", err)
	}
	return frame
}

func linkLogin(t testing.TB, front int32, process string) []byte {
	t.Helper()
	e := ftd.Begin(nil, ftd.TIDLinkLogin)
	e.LinkIdentity(&ftd.LinkIdentity{
		Protocol: ftd.LinkProtocol, FrontID: front, Process: []byte(process), BrokerID: []byte("9999"),
		Version: []byte("test"), MaxSessions: 1000, Business: '1',
	})
	return end(t, &e)
}

func sessionVerify(t testing.TB, tag ftd.SessionTag, user, password string) []byte {
	t.Helper()
	e := ftd.BeginSession(nil, ftd.TIDSessionVerify, tag)
	e.LoginRequest(&ftd.LoginRequest{BrokerID: []byte("9999"), UserID: []byte(user), Password: []byte(password)})
	e.SessionContext(&ftd.SessionContext{
		AppID: []byte("vendor_soft_1.0"), AppType: '1', PublicIP: []byte("203.0.113.9"), PublicPort: 40000,
		Instant: []byte("2026-11-27 10:00:00"),
	})
	return end(t, &e)
}

func sessionOpen(t testing.TB, tag ftd.SessionTag, resume ftd.ResumePoints) []byte {
	t.Helper()
	e := ftd.BeginSession(nil, ftd.TIDSessionOpen, tag)
	e.SessionRecord(&ftd.SessionRecord{
		RecordID: []byte(recordID), LoginTime: []byte("2026-11-27 10:00:00"), TradingDay: []byte(tradingDay),
		AbnormalFlag: '0',
	})
	if resume.Count > 0 {
		e.ResumePoints(&resume)
	}
	return end(t, &e)
}

func sessionEnd(t testing.TB, tid ftd.TID, tag ftd.SessionTag) []byte {
	t.Helper()
	e := ftd.BeginSession(nil, tid, tag)
	e.Reason(&ftd.Reason{Code: ftd.ReasonLogout})
	return end(t, &e)
}

// business is a terminal's message with one field that no program knows.
func business(t testing.TB, tag ftd.SessionTag, tid ftd.TID, chain byte, number uint32, data []byte) []byte {
	t.Helper()
	e := ftd.BeginSession(nil, tid, tag)
	e.Sequence(0, number)
	e.Raw(0x0003, data)
	frame := end(t, &e)
	frame[ftd.SessionHeaderLen+5] = chain
	return frame
}

func linkCredit(t testing.TB, frames int32) []byte {
	t.Helper()
	e := ftd.Begin(nil, ftd.TIDLinkCredit)
	e.LinkCredit(&ftd.LinkCredit{Frames: frames})
	return end(t, &e)
}

func sessionResume(t testing.TB, tag ftd.SessionTag, user string, delivered ftd.ResumePoints) []byte {
	t.Helper()
	e := ftd.BeginSession(nil, ftd.TIDSessionResume, tag)
	e.ResumeSession(&ftd.ResumeSession{UserID: []byte(user), RecordID: []byte(recordID), Delivered: delivered})
	return end(t, &e)
}

func points(p ...ftd.Point) (r ftd.ResumePoints) {
	r.Count = copy(r.Points[:], p)
	return r
}
