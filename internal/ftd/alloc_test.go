package ftd_test

import (
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

// loginFrame is step 5 of a login, as a front meets it most.
func loginFrame(tb testing.TB) []byte {
	e := ftd.Begin(nil, ftd.TIDUserLogin)
	e.LoginRequest(&ftd.LoginRequest{
		BrokerID: []byte("9999"), UserID: []byte("88888888"), Password: []byte("Secret123"),
		HeartbeatSeconds: 30, Remark: []byte("测试"),
	})
	e.TerminalInfo(&ftd.TerminalInfo{KeyVersion: []byte("1.0"), AbnormalFlag: '0', Ciphertext: make([]byte, 256)})
	wire, err := e.End()
	if err != nil {
		tb.Fatal(err)
	}
	return wire
}

func decodeLogin(tb testing.TB, wire []byte, req *ftd.LoginRequest, info *ftd.TerminalInfo) {
	frame, _, err := ftd.DecodeFrame(wire, ftd.MaxBodyLen)
	if err != nil {
		tb.Fatal(err)
	}
	m, err := ftd.DecodeMessage(frame.Body)
	if err != nil {
		tb.Fatal(err)
	}
	rawRequest, ok1 := m.Field(ftd.FIDLoginRequest)
	rawInfo, ok2 := m.Field(ftd.FIDTerminalInfo)
	if !ok1 || !ok2 {
		tb.Fatal("field missing")
	}
	if err := req.Decode(rawRequest); err != nil {
		tb.Fatal(err)
	}
	if err := info.Decode(rawInfo); err != nil {
		tb.Fatal(err)
	}
}

var response = ftd.LoginResponse{
	BrokerID: []byte("9999"), UserID: []byte("88888888"), UserType: '1', TradingDay: []byte("20260105"),
	LoginTime: []byte("2026-01-05 08:45:00"), PublicIP: []byte("192.0.2.7"), PublicPort: 50001, AbnormalFlag: '0',
	FrontID: 1, SessionID: 2, RecordID: []byte("0197fc1e-5c00-7d4e-8a3b-0123456789ab"), SystemName: []byte("示例期货"),
}

var success = ftd.Error{Text: []byte("正确"), TimeStamp: []byte("20260105084500")}

func encodeResponse(tb testing.TB, dst []byte) []byte {
	e := ftd.Begin(dst, ftd.TIDUserLogin)
	e.LoginResponse(&response)
	e.Error(&success)
	out, err := e.End()
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func TestNothingIsAllocated(t *testing.T) {
	wire := loginFrame(t)
	malformed := append([]byte(nil), wire...)
	malformed[4] = 1 // message version
	var req ftd.LoginRequest
	var info ftd.TerminalInfo
	dst := make([]byte, 0, 1024)
	order := body(3, rawField{1, []byte{0x55}})
	order[11] = 1 // sequence number
	for name, f := range map[string]func(){
		"decoding a login":    func() { decodeLogin(t, wire, &req, &info) },
		"encoding a response": func() { dst = encodeResponse(t, dst[:0]) },
		"a heartbeat":         func() { dst = ftd.AppendHeartbeat(dst[:0]) },
		"a business frame": func() {
			dst = ftd.AppendSessionFrame(dst[:0], ftd.SessionTag{FrontID: 1, SessionID: 7}, order)
			frame, _, err := ftd.DecodeFrame(dst, ftd.MaxBodyLen)
			tag, ok := frame.Ext.Session()
			h, err2 := ftd.DecodeHeader(frame.Body)
			if err != nil || err2 != nil || !ok || tag.SessionID != 7 || h.SequenceNumber != 1 {
				t.Fatal(err, err2, tag, h)
			}
		},
		"a broadcast": func() {
			dst = ftd.AppendBroadcast(dst[:0], ftd.AudienceSeries, order)
			frame, _, _ := ftd.DecodeFrame(dst, ftd.MaxBodyLen)
			if to, ok := frame.Ext.Audience(); !ok || to != ftd.AudienceSeries {
				t.Fatal(to, ok)
			}
		},
		"verifying and opening a session": func() { dst = verifyAndOpen(t, dst[:0]) },
		"refusing a frame": func() {
			frame, _, _ := ftd.DecodeFrame(malformed, ftd.MaxBodyLen)
			if _, err := ftd.DecodeMessage(frame.Body); err != ftd.FaultVersion {
				t.Fatal(err)
			}
		},
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

var (
	verified = ftd.VerifyResult{UserID: []byte("88888888"), UserType: '1', Restriction: ftd.RestrictionNone, Notice: []byte("今日夜盘暂停")}
	context  = ftd.SessionContext{AppID: []byte("client_demo_1.0"), AppType: '1', PublicIP: []byte("192.0.2.7"), PublicPort: 50001}
	opened   = ftd.SessionRecord{RecordID: response.RecordID, LoginTime: response.LoginTime, TradingDay: response.TradingDay, AbnormalFlag: '0'}
	resume   = ftd.ResumePoints{Count: 2, Points: [ftd.MaxResumePoints]ftd.Point{{Series: 1001, Number: 41}, {Series: 5, Number: -1}}}
)

// verifyAndOpen is what the link does for one login, in both directions.
func verifyAndOpen(tb testing.TB, dst []byte) []byte {
	tag := ftd.SessionTag{FrontID: 1, SessionID: 7}
	e := ftd.BeginSession(dst, ftd.TIDSessionVerify, tag)
	e.SessionContext(&context)
	wire, err := e.End()
	if err != nil {
		tb.Fatal(err)
	}
	e = ftd.BeginSession(wire[:0], ftd.TIDSessionVerify, tag)
	e.VerifyResult(&verified)
	e.Error(&success)
	if wire, err = e.End(); err != nil {
		tb.Fatal(err)
	}
	frame, _, _ := ftd.DecodeFrame(wire, ftd.MaxBodyLen)
	m, err := ftd.DecodeMessage(frame.Body)
	if err != nil {
		tb.Fatal(err)
	}
	var got ftd.VerifyResult
	if data, _ := m.Field(ftd.FIDVerifyResult); got.Decode(data) != nil || got.UserType != '1' {
		tb.Fatal("the result came back otherwise")
	}
	e = ftd.BeginSession(wire[:0], ftd.TIDSessionOpen, tag)
	e.SessionRecord(&opened)
	e.ResumePoints(&resume)
	if wire, err = e.End(); err != nil {
		tb.Fatal(err)
	}
	return wire
}

func BenchmarkDecodeLogin(b *testing.B) {
	wire := loginFrame(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(wire)))
	var req ftd.LoginRequest
	var info ftd.TerminalInfo
	for b.Loop() {
		decodeLogin(b, wire, &req, &info)
	}
}

func BenchmarkEncodeLoginResponse(b *testing.B) {
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		dst = encodeResponse(b, dst[:0])
	}
	b.SetBytes(int64(len(dst)))
}
