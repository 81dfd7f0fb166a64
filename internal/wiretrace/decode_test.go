package wiretrace

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/test/terminaltest"
)

const password = "zX9-qW4-vB7-kL2"

var cipher = bytes.Repeat([]byte{0xC7, 0x11}, 128)

func loginFrame() []byte {
	return terminaltest.Login(client.LoginRequest{
		BrokerID: "9999", UserID: "88888888", Password: password, KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: cipher,
	})
}

// shownAs is the decoded frame as a person reads it.
func shownAs(frame []byte) string {
	var b strings.Builder
	Print(&b, &Event{Kind: KindReceived, SessionID: 1, Address: "203.0.113.7:5", Frame: decode(frame, true)}, show.English)
	return b.String()
}

func TestDecodeLogin(t *testing.T) {
	got := shownAs(loginFrame())
	for _, want := range []string{
		"203.0.113.7:5 #1  terminal → front  UserLogin (0x00000016), ",
		"0x00008005 LoginRequest, 106 bytes", "BrokerID          9999\n", "UserID            88888888\n", "Password          <hidden>\n",
		"0x00008006 TerminalInfo, 265 bytes", "KeyVersion        1.0\n", "AbnormalFlag      0\n", "Ciphertext        <256 bytes, SHA-256 ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "!!") || strings.Contains(got, password) {
		t.Errorf("a right login is shown as\n%s", got)
	}
}

// cut takes n bytes off the end of the first field, with all lengths as they are then.
func cut(frame []byte, n int) []byte {
	b := bytes.Clone(frame)
	at := ftd.FrameHeaderLen + ftd.MessageHeaderLen
	size := int(binary.BigEndian.Uint16(b[at+4:]))
	end := at + ftd.FieldHeaderLen + size
	binary.BigEndian.PutUint16(b[at+4:], uint16(size-n))
	binary.BigEndian.PutUint16(b[2:], binary.BigEndian.Uint16(b[2:])-uint16(n))
	binary.BigEndian.PutUint16(b[18:], binary.BigEndian.Uint16(b[18:])-uint16(n))
	return append(b[:end-n], b[end:]...)
}

func put(frame []byte, at int, bytes ...byte) []byte {
	b := append([]byte{}, frame...)
	copy(b[at:], bytes)
	return b
}

func TestProblemsAreNamed(t *testing.T) {
	login := loginFrame()
	ask := terminaltest.Ask(client.Identity{BrokerID: "9999", AppID: "a_b_1"})
	for name, c := range map[string]struct {
		frame []byte
		want  string
	}{
		"a short field":            {cut(ask, 1), "AuthIdentity: field_short: 49 bytes, want at least 50"},
		"a short field, hidden":    {cut(login, 10), "LoginRequest: field_short: 96 bytes, want at least 106"},
		"a version":                {put(login, 4, 1), "version: byte 0 of the message is 1, want 2"},
		"a chain":                  {put(login, 9, 0), "chain: byte 5 of the message is 0x00, want S"},
		"a content length":         {put(login, 18, 0, 1), "content_length: the header says 1 bytes, 383 are there"},
		"a field count":            {put(login, 16, 0, 3), "field_count: the header says 3 fields, 2 are there"},
		"a field over the end":     {put(login, 24, 9, 9), "LoginRequest: field_overrun: the field says 2313 bytes, 377 are left"},
		"a field twice":            {append(put(login, 20, 0, 0, 0x80, 6), []byte{}...), "TerminalInfo: field_twice"},
		"a missing field":          {put(login, 22, 0x70), "field_missing: LoginRequest"},
		"digits":                   {put(login, 26+68, 'x'), "LoginRequest.HeartbeatSeconds: want 3 decimal digits"},
		"padded with NUL":          {put(login, 26+10+17, 0), "LoginRequest.UserID: it is padded with NUL, want spaces"},
		"GBK":                      {put(login, 26+10, 0xD6, 0xD0), "LoginRequest.UserID: it is not valid UTF-8; is it GBK?"},
		"a password padded so too": {put(login, 26+28+39, 0), "LoginRequest.Password: it is padded with NUL, want spaces"},
		"an extension":             {[]byte{0, 2, 0, 0, 4, 5}, "no frame"},
		"a short message":          {[]byte{1, 0, 0, 1, 2}, "message_short: 1 bytes, want at least 16"},
		"a compressed one":         {[]byte{2, 0, 0, 1, 2}, "a frame of this type is discarded"},
	} {
		got := shownAs(c.frame)
		if name == "an extension" {
			c.want = "malformed: TLV reaches beyond the extension header: its first four bytes say type 0, extension header of 2 bytes, body of 0 bytes"
		}
		if !strings.Contains(got, "!! "+c.want+"\n") {
			t.Errorf("%s: no %q in\n%s", name, c.want, got)
		}
	}
	if got := shownAs([]byte{0, 2, 0, 0, 4, 0}); !strings.Contains(got, "heartbeat, 6 bytes\n") || strings.Contains(got, "!!") {
		t.Errorf("a heartbeat is shown as %s", got)
	}
}

// TestSecretsAreHidden: no piece of a password or ciphertext is shown, at any wrong length or number around it.
func TestSecretsAreHidden(t *testing.T) {
	login := loginFrame()
	frames := [][]byte{
		login,
		terminaltest.Message(ftd.TIDPasswordUpdate, func(e *ftd.Encoder) {
			e.PasswordUpdate(&ftd.PasswordUpdate{BrokerID: []byte("9999"), UserID: []byte("88888888"), OldPassword: []byte(password), NewPassword: []byte(password)})
		}),
		terminaltest.Message(ftd.TIDUserLogin, func(e *ftd.Encoder) {
			e.TerminalTag(&ftd.TerminalTag{MAC: []byte(password), Tag: []byte(password)})
		}),
	}
	for n := range 80 {
		frames = append(frames, cut(login, n+1))
	}
	for at := range 26 { // each byte of the headers
		for _, value := range []byte{0, 1, 2, 8, 0x7F, 0xFF} {
			frames = append(frames, put(login, at, value))
		}
	}
	for n := range len(login) {
		frames = append(frames, login[:n], login[n:])
	}
	for _, frame := range frames {
		b, err := json.Marshal(decode(frame, true))
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(password) - 4 {
			if bytes.Contains(b, []byte(password[i:i+5])) {
				t.Fatalf("%q of the password is shown of\n%X\n%s", password[i:i+5], frame, b)
			}
		}
		if bytes.Contains(b, []byte(`\u00c7`)) || bytes.Contains(b, []byte{0xC7, 0x11}) || bytes.Contains(b, []byte(`xc7`)) {
			t.Fatalf("a piece of the ciphertext is shown: %s", b)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(loginFrame())
	f.Add(terminaltest.Ask(client.Identity{BrokerID: "9999", AppID: "a_b_1"}))
	f.Add([]byte{1, 0, 0, 16, 2, 0, 0, 0, 1, 'S', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, frame []byte) {
		for _, from := range []bool{true, false} {
			d := decode(frame, from)
			if _, err := json.Marshal(d); err != nil {
				t.Error(err)
			}
			decoded, n, err := ftd.DecodeFrame(frame, ftd.MaxBodyLen)
			if err != nil || n != len(frame) || decoded.Type != ftd.FrameFTDC {
				return
			}
			// What the front takes as a message has no problem of frame and fields, and the reverse, but for what sessions look at.
			_, err = ftd.DecodeMessage(decoded.Body)
			wrong := len(d.Problems) > 0
			for _, field := range d.Fields {
				wrong = wrong || field.Problem != ""
			}
			if err != nil && !wrong && d.Chain != "F" && d.Chain != "C" && d.Chain != "L" {
				t.Errorf("%v has no problem: %+v", err, d)
			}
		}
	})
}
