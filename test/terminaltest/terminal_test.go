package terminaltest_test

import (
	"bytes"
	"net"
	"testing"

	"go.uber.org/goleak"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/terminaltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var identity = client.Identity{BrokerID: "9999", AppID: "v_s_1"}

const authCode = "0123456789ABCDEF"

func status(code int, text string) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		e.Error(&ftd.Error{Code: code, Text: []byte(text), TimeStamp: []byte("20260105084500")})
	}
}

// play answers each write of the terminal by the next of the frames, then closes.
func play(t *testing.T, frames ...[]byte) (*terminaltest.Terminal, <-chan [][]byte) {
	here, there := net.Pipe()
	received := make(chan [][]byte, 1)
	go func() {
		defer there.Close()
		var all [][]byte
		b := make([]byte, 4096)
		for _, frame := range frames {
			n, err := there.Read(b)
			if err != nil {
				break
			}
			all = append(all, bytes.Clone(b[:n]))
			if _, err := there.Write(frame); err != nil {
				break
			}
		}
		received <- all
	}()
	return terminaltest.New(t, here), received
}

func TestHonest(t *testing.T) {
	challenge := [client.ChallengeLen]byte{7}
	request := client.LoginRequest{BrokerID: "9999", UserID: "8", Password: "p", KeyVersion: "1.0", AbnormalFlag: '0'}
	m, received := play(t,
		terminaltest.Message(ftd.TIDAuthenticate, func(e *ftd.Encoder) { e.AuthChallenge(&ftd.AuthChallenge{TimeStamp: challenge}) }),
		terminaltest.Message(ftd.TIDAuthenticate, func(e *ftd.Encoder) {
			e.AuthResult(&ftd.AuthResult{AppID: []byte("v_s_1"), AppType: '1'})
		}, status(0, "")),
		append(ftd.AppendHeartbeat(nil), terminaltest.Message(ftd.TIDUserLogin, func(e *ftd.Encoder) {
			e.LoginResponse(&ftd.LoginResponse{
				TradingDay: []byte("20260105"), LoginTime: []byte("2026-01-05 08:45:00"), PublicIP: []byte("192.0.2.7"),
				RecordID: []byte("0197fc1e-5c00-7d4e-8a3b-0123456789ab"),
			})
		}, status(0, ""))...),
		terminaltest.Message(ftd.TIDUserLogout, status(6, "not logged in [ref ABCDEF]")),
	)
	m.Authenticate(identity, authCode)
	if got := m.LogIn(request); got.TradingDay != "20260105" {
		t.Errorf("%+v", got)
	}
	m.Send(terminaltest.Logout("9999", "8"))
	if r := m.Expect(ftd.TIDUserLogout, 6); r.Ref != "ABCDEF" {
		t.Errorf("%+v", r)
	}
	m.ExpectClosed()
	want := [][]byte{
		terminaltest.Ask(identity), terminaltest.Answer(identity, terminaltest.Respond(authCode, challenge)),
		terminaltest.Login(request), terminaltest.Logout("9999", "8"),
	}
	for i, got := range <-received {
		if !bytes.Equal(got, want[i]) {
			t.Errorf("frame %d: % x, want % x", i, got, want[i])
		}
	}
}

func TestInbox(t *testing.T) {
	var b terminaltest.Inbox
	one := terminaltest.Message(ftd.TIDUserLogin, status(3, "no [ref 000001]"))
	for i := range one {
		if _, ok, err := b.Next(); ok || err != nil {
			t.Fatalf("%d bytes: %v, %v", i, ok, err)
		}
		b.Add(one[i : i+1])
	}
	b.Add([]byte{2, 0, 0, 1, 9}) // compressed: skipped
	b.Add(one)
	for range 2 {
		r, ok, err := b.Next()
		if !ok || err != nil || r.Code != 3 || r.Ref != "000001" || !bytes.Equal(r.Frame, one) {
			t.Fatalf("%+v, %v, %v", r, ok, err)
		}
	}
	b.Add([]byte("HTTP/1.1 400 Bad Request"))
	if _, ok, err := b.Next(); ok || err == nil {
		t.Error("what is no frame was taken")
	}
}
