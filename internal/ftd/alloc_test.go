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
	for name, f := range map[string]func(){
		"decoding a login":    func() { decodeLogin(t, wire, &req, &info) },
		"encoding a response": func() { dst = encodeResponse(t, dst[:0]) },
		"a heartbeat":         func() { dst = ftd.AppendHeartbeat(dst[:0]) },
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
