package ftd_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

// TestTextItem walks the rules of an s item on AuthIdentity.ProductInfo, an s10.
func TestTextItem(t *testing.T) {
	tests := []struct {
		name, wire, want, problem string
	}{
		{"empty", "          ", "", ""},
		{"padded", "ab        ", "ab", ""},
		{"full", "0123456789", "0123456789", ""},
		{"leading and inner spaces stay", "  a  b    ", "  a  b", ""},
		{"Chinese, not whole characters of padding", "中文测 ", "中文测", ""},
		{"no-break space is no padding", "a\u00A0       ", "a\u00A0", ""},
		{"first behind C1", "\u00A0        ", "\u00A0", ""},
		{"four-byte character", "𠮷      ", "𠮷", ""},
		{"replacement character is a character", "\uFFFD       ", "\uFFFD", ""},
		{"separator is the session's to judge", "a@b       ", "a@b", ""},
		{"NUL", "a\x00        ", "", "control"},
		{"unit separator", "a\x1f        ", "", "control"},
		{"DEL", "a\x7f        ", "", "control"},
		{"U+0080", "a\u0080       ", "", "control"},
		{"U+009F", "a\u009F       ", "", "control"},
		{"lone continuation", "a\x80        ", "", "UTF-8"},
		{"overlong", "a\xc0\xa0       ", "", "UTF-8"},
		{"cut rune", "0123456中"[:9] + " ", "", "UTF-8"},
		{"above U+10FFFF", "\xf4\x90\x80\x80      ", "", "UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if len(tt.wire) != 10 {
				t.Fatalf("the case itself has %d bytes", len(tt.wire))
			}
			data := append(bytes.Repeat([]byte(" "), 40), tt.wire...)
			var f ftd.AuthIdentity
			err := f.Decode(data)
			if tt.problem == "" {
				if err != nil || string(f.ProductInfo) != tt.want {
					t.Errorf("%q, %v; want %q", f.ProductInfo, err, tt.want)
				}
				return
			}
			wantFieldError(t, err, ftd.FIDAuthIdentity, "ProductInfo", tt.problem)
		})
	}
}

func wantFieldError(t *testing.T, err error, fid ftd.FID, item, problem string) {
	t.Helper()
	var e *ftd.FieldError
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want *FieldError", err)
	}
	if e.FID != fid || e.Item != item || !strings.Contains(e.Problem, problem) {
		t.Errorf("%+v, want %v.%s: …%s…", e, fid, item, problem)
	}
}

func TestFirstIllegalItemIsNamed(t *testing.T) {
	data := bytes.Repeat([]byte{0}, 28)
	var f ftd.LogoutRequest
	wantFieldError(t, f.Decode(data), ftd.FIDLogoutRequest, "BrokerID", "control")
}

// TestFieldErrorKeepsSecrets: an error about a password does not contain it.
func TestFieldErrorKeepsSecrets(t *testing.T) {
	e := ftd.Begin(nil, ftd.TIDUserLogin)
	e.LoginRequest(&ftd.LoginRequest{Password: []byte("hunter2\n")})
	_, err := e.End()
	wantFieldError(t, err, ftd.FIDLoginRequest, "Password", "control")
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%q tells the password", err)
	}
	if got, want := err.Error(), "LoginRequest.Password: contains a control character"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNumberItems(t *testing.T) {
	request := func(n3 string) []byte {
		return []byte(strings.Repeat(" ", 68) + n3 + strings.Repeat(" ", 35))
	}
	for wire, want := range map[string]int{"000": 0, "005": 5, "030": 30, "999": 999} {
		var f ftd.LoginRequest
		if err := f.Decode(request(wire)); err != nil || f.HeartbeatSeconds != want {
			t.Errorf("%q: %d, %v", wire, f.HeartbeatSeconds, err)
		}
	}
	for _, wire := range []string{"   ", " 30", "30 ", "-30", "+30", "3.0", "0x1", "\x0030"} {
		var f ftd.LoginRequest
		wantFieldError(t, f.Decode(request(wire)), ftd.FIDLoginRequest, "HeartbeatSeconds", "digit")
	}
}

func TestErrorCode(t *testing.T) {
	field := func(code string) []byte {
		return []byte(code + strings.Repeat(" ", 130-len(code)))
	}
	for wire, want := range map[string]int{"0": 0, "63": 63, "0063": 63, "2147483647": 1<<31 - 1} {
		var f ftd.Error
		if err := f.Decode(field(wire)); err != nil || f.Code != want {
			t.Errorf("%q: %d, %v", wire, f.Code, err)
		}
	}
	for wire, problem := range map[string]string{
		"": "empty", " 63": "digit", "-1": "digit", "6 3": "digit",
		"2147483648": "too large", "9999999999": "too large", "6\n": "control",
	} {
		var f ftd.Error
		wantFieldError(t, f.Decode(field(wire)), ftd.FIDError, "ErrorCode", problem)
	}
}

// TestAbnormalFlagIsNotJudged: any byte is a c1.
func TestAbnormalFlagIsNotJudged(t *testing.T) {
	for flag := range 256 {
		var f ftd.TerminalInfo
		data := append([]byte("1.0     "), byte(flag))
		if err := f.Decode(data); err != nil || f.AbnormalFlag != byte(flag) || len(f.Ciphertext) != 0 {
			t.Fatalf("%d: %+v, %v", flag, f, err)
		}
	}
}
