package ftd_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

func TestEncoderRefuses(t *testing.T) {
	long := func(n int) []byte { return []byte(strings.Repeat("x", n)) }
	tests := []struct {
		name, item, problem string
		fid                 ftd.FID
		put                 func(*ftd.Encoder)
	}{
		{
			"text over its length", "UserID", "longer than 18 bytes", ftd.FIDLogoutRequest,
			func(e *ftd.Encoder) { e.LogoutRequest(&ftd.LogoutRequest{UserID: long(19)}) },
		},
		{
			"bytes count, not characters", "BrokerID", "longer than 10 bytes", ftd.FIDLogoutRequest,
			func(e *ftd.Encoder) { e.LogoutRequest(&ftd.LogoutRequest{BrokerID: []byte("中文中文")}) },
		},
		{
			"spaces over its length", "UserID", "longer", ftd.FIDLogoutRequest,
			func(e *ftd.Encoder) { e.LogoutRequest(&ftd.LogoutRequest{UserID: bytes.Repeat([]byte(" "), 19)}) },
		},
		{
			"password of spaces", "Password", "ends in a space", ftd.FIDLoginRequest,
			func(e *ftd.Encoder) { e.LoginRequest(&ftd.LoginRequest{Password: []byte("   ")}) },
		},
		{
			"password that ends in a space", "Password", "ends in a space", ftd.FIDLoginRequest,
			func(e *ftd.Encoder) { e.LoginRequest(&ftd.LoginRequest{Password: []byte("secret ")}) },
		},
		{
			"control character", "SystemName", "control", ftd.FIDLoginResponse,
			func(e *ftd.Encoder) { e.LoginResponse(&ftd.LoginResponse{SystemName: []byte("a\x00")}) },
		},
		{
			"invalid UTF-8", "ForceExitMsg", "UTF-8", ftd.FIDForceExit,
			func(e *ftd.Encoder) { e.ForceExit(&ftd.ForceExit{Msg: []byte("\xff")}) },
		},
		{
			"heartbeat over", "HeartbeatSeconds", "3 digits", ftd.FIDLoginRequest,
			func(e *ftd.Encoder) { e.LoginRequest(&ftd.LoginRequest{HeartbeatSeconds: 1000}) },
		},
		{
			"heartbeat negative", "HeartbeatSeconds", "3 digits", ftd.FIDLoginRequest,
			func(e *ftd.Encoder) { e.LoginRequest(&ftd.LoginRequest{HeartbeatSeconds: -1}) },
		},
		{
			"port over", "PublicPort", "5 digits", ftd.FIDLoginResponse,
			func(e *ftd.Encoder) { e.LoginResponse(&ftd.LoginResponse{PublicPort: 100000}) },
		},
		{
			"code negative", "ErrorCode", "negative", ftd.FIDError,
			func(e *ftd.Encoder) { e.Error(&ftd.Error{Code: -1}) },
		},
		{
			"code over what decodes", "ErrorCode", "too large", ftd.FIDError,
			func(e *ftd.Encoder) { e.Error(&ftd.Error{Code: 1 << 31}) },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dst := append(make([]byte, 0, 1024), "before"...)
			e := ftd.Begin(dst, ftd.TIDUserLogin)
			tt.put(&e)
			e.AuthInfo(new(ftd.AuthInfo)) // must not hide the first error
			out, err := e.End()
			wantFieldError(t, err, tt.fid, tt.item, tt.problem)
			if string(out) != "before" {
				t.Errorf("returned %q, want dst as it was", out)
			}
		})
	}
}

func TestEncoderFieldTwice(t *testing.T) {
	e := ftd.Begin(nil, ftd.TIDUserLogout)
	e.LogoutRequest(new(ftd.LogoutRequest))
	e.LogoutRequest(new(ftd.LogoutRequest))
	if out, err := e.End(); err != ftd.FaultFieldTwice || len(out) != 0 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

// TestEncoderBodyEdge: the longest ciphertext that fits beside a LoginRequest, and one
// byte more.
func TestEncoderBodyEdge(t *testing.T) {
	const longest = 4096 - 16 - (6 + 106) - (6 + 9)
	for _, tt := range []struct {
		n    int
		want error
	}{{longest, nil}, {longest + 1, ftd.FaultBodyLong}, {1 << 17, ftd.FaultBodyLong}} {
		e := ftd.Begin(nil, ftd.TIDUserLogin)
		e.LoginRequest(new(ftd.LoginRequest))
		e.TerminalInfo(&ftd.TerminalInfo{Ciphertext: make([]byte, tt.n)})
		out, err := e.End()
		if err != tt.want {
			t.Errorf("%d bytes: error %v, want %v", tt.n, err, tt.want)
		}
		if err == nil && len(out) != 4+4096 {
			t.Errorf("frame of %d bytes", len(out))
		}
	}
}

// TestEncoderKeepsTheCallersBytes: several frames go into one buffer.
func TestEncoderKeepsTheCallersBytes(t *testing.T) {
	buf := ftd.AppendHeartbeat(nil)
	for range 3 {
		e := ftd.Begin(buf, ftd.TIDUserLogout)
		e.LogoutRequest(&ftd.LogoutRequest{BrokerID: []byte("9999"), UserID: []byte("1")})
		var err error
		if buf, err = e.End(); err != nil {
			t.Fatal(err)
		}
	}
	frames := 0
	for len(buf) > 0 {
		_, n, err := ftd.DecodeFrame(buf, ftd.MaxBodyLen)
		if err != nil || n == 0 {
			t.Fatalf("frame %d: %d, %v", frames, n, err)
		}
		buf = buf[n:]
		frames++
	}
	if frames != 4 {
		t.Errorf("%d frames, want 4", frames)
	}
}
