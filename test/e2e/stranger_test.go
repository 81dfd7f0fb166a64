package e2e

import (
	"bytes"
	"crypto/aes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// What a stranger can do with a socket of his own: the tests of stranger_*_test.go speak
// frames, as a client that keeps to the protocol could not say these things.

// unpunished lets one address offend as often as a test needs.
const unpunished = "limits: {penalties: {sources: 0}}\n"

// stranger is one connection.
type stranger struct {
	t testing.TB
	net.Conn
	unread []byte
}

// stranger connects from an address, "" for any; with a port, from that very port.
func (d *daemon) stranger(t testing.TB, from string) *stranger {
	t.Helper()
	var dialer net.Dialer
	if from != "" {
		if !strings.Contains(from, ":") {
			from += ":0"
		}
		local, err := net.ResolveTCPAddr("tcp", from)
		if err != nil {
			t.Fatal(err)
		}
		dialer.LocalAddr = local
	}
	c, err := dialer.DialContext(t.Context(), "tcp", d.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	return &stranger{t: t, Conn: c}
}

func (s *stranger) say(frames ...[]byte) {
	s.t.Helper()
	if _, err := s.Write(bytes.Join(frames, nil)); err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		s.t.Fatal(err)
	}
}

// frame is the next frame's bytes, nil once the front has closed.
func (s *stranger) frame() []byte {
	s.t.Helper()
	for {
		f, n, err := ftd.DecodeFrame(s.unread, ftd.MaxBodyLen)
		if err != nil {
			s.t.Fatalf("the front sent % x: %v", s.unread, err)
		}
		if n > 0 {
			raw := s.unread[:n]
			s.unread = s.unread[n:]
			if f.Type == ftd.FrameFTDC {
				return raw
			}
			continue
		}
		chunk := make([]byte, 4096)
		n, err = s.Read(chunk)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET):
			return nil
		case err != nil:
			s.t.Fatal(err)
		}
		s.unread = append(s.unread, chunk[:n]...)
	}
}

// answered is one message of the front.
type answered struct {
	code      int    // -1 without an Error field, -2 if the front has closed instead
	ref       string // of a refusal
	challenge [ftd.ChallengeLen]byte
	flag      byte
	day       string
}

const closedInstead = -2

func (s *stranger) hear() (a answered) {
	s.t.Helper()
	raw := s.frame()
	if raw == nil {
		return answered{code: closedInstead}
	}
	m, err := ftd.DecodeMessage(raw[ftd.FrameHeaderLen:])
	if err != nil {
		s.t.Fatal(err)
	}
	a.code = -1
	if field, ok := m.Field(ftd.FIDError); ok {
		var e ftd.Error
		if err := e.Decode(field); err != nil {
			s.t.Fatal(err)
		}
		a.code = e.Code
		if _, ref, ok := strings.Cut(string(e.Text), "[ref "); ok {
			a.ref = strings.TrimSuffix(ref, "]")
		}
	}
	if field, ok := m.Field(ftd.FIDAuthChallenge); ok {
		copy(a.challenge[:], field)
	}
	if field, ok := m.Field(ftd.FIDLoginResponse); ok {
		var r ftd.LoginResponse
		if err := r.Decode(field); err != nil {
			s.t.Fatal(err)
		}
		a.flag, a.day = r.AbnormalFlag, string(r.TradingDay)
	}
	return a
}

// want hears one answer with that code.
func (s *stranger) want(code int) answered {
	s.t.Helper()
	a := s.hear()
	if a.code != code {
		s.t.Errorf("the front said %d, want %d", a.code, code)
	}
	return a
}

func (s *stranger) wantClosed() {
	s.t.Helper()
	if a := s.hear(); a.code != closedInstead {
		s.t.Errorf("the front said %d, want it to close", a.code)
	}
}

// What a terminal says, as frames.

func message(t testing.TB, tid ftd.TID, fields ...func(*ftd.Encoder)) []byte {
	t.Helper()
	e := ftd.Begin(nil, tid)
	for _, f := range fields {
		f(&e)
	}
	b, err := e.End()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func identityOf(app string) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		e.AuthIdentity(&ftd.AuthIdentity{BrokerID: []byte("9999"), AppID: []byte(app), ProductInfo: []byte("product")})
	}
}

func ask(t testing.TB, app string) []byte { return message(t, ftd.TIDAuthenticate, identityOf(app)) }

func answerOf(t testing.TB, app string, info [ftd.ChallengeLen]byte) []byte {
	return message(t, ftd.TIDAuthenticate, identityOf(app), func(e *ftd.Encoder) { e.AuthInfo(&ftd.AuthInfo{AuthInfo: info}) })
}

// respond is what docs/protocol.md, "The challenge", makes of a challenge.
func respond(t testing.TB, authCode string, challenge [ftd.ChallengeLen]byte) (answer [ftd.ChallengeLen]byte) {
	t.Helper()
	block, err := aes.NewCipher([]byte(authCode))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(answer); i += aes.BlockSize {
		block.Encrypt(answer[i:], challenge[i:])
	}
	return answer
}

// enter authenticates as the software of the site's first AppID.
func (s *stranger) enter(d *daemon) {
	s.t.Helper()
	s.say(ask(s.t, appID))
	challenge := s.want(-1).challenge
	s.say(answerOf(s.t, appID, respond(s.t, d.s.apps[0].AuthCode, challenge)))
	s.want(0)
}

func loginAs(t testing.TB, user, pass string, ciphertext []byte) []byte {
	return message(t, ftd.TIDUserLogin, func(e *ftd.Encoder) {
		e.LoginRequest(&ftd.LoginRequest{BrokerID: []byte("9999"), UserID: []byte(user), Password: []byte(pass), Remark: []byte("remark")})
	}, func(e *ftd.Encoder) {
		e.TerminalInfo(&ftd.TerminalInfo{KeyVersion: []byte("1.0"), AbnormalFlag: '0', Ciphertext: ciphertext})
	})
}

// auditLines are the lines of the audit log, each of which must be one JSON object.
func (s *site) auditLines() (lines []map[string]any) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, "audit.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var object map[string]any
		if err := json.Unmarshal(line, &object); err != nil {
			s.t.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, object)
	}
	return lines
}

// trueReason is what the audit log has beside a reference. The line of a refusal may be
// written a moment after its answer.
func (s *site) trueReason(ref string) string {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for _, line := range s.auditLines() {
			if line["ref"] == ref {
				return line["reason"].(string)
			}
		}
	}
	s.t.Fatalf("the audit log has no ref %q", ref)
	return ""
}
