package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// front is the other end of a connection, played by a test.
type front struct {
	conn net.Conn
	buf  []byte
}

// script is what a front does with one connection; the connection is closed after it.
type script func(f *front) error

// listen plays the script for one connection on loopback, and gives the address. The
// script's error fails the test.
func listen(t *testing.T, play script) string {
	t.Helper()
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	// A test that fails before it connects must not hang.
	if err := l.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		defer l.Close()
		conn, err := l.Accept()
		if err != nil {
			done <- err
			return
		}
		defer conn.Close()
		done <- play(&front{conn: conn})
	}()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Errorf("front: %v", err)
		}
	})
	return l.Addr().String()
}

// dial connects to a front that plays the script.
func dial(t *testing.T, play script) *client.Conn {
	t.Helper()
	c, err := client.Dial(context.Background(), listen(t, play))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// frame reads one frame.
func (f *front) frame() (ftd.Frame, error) {
	for {
		frame, n, err := ftd.DecodeFrame(f.buf, ftd.MaxBodyLen)
		if err != nil {
			return ftd.Frame{}, err
		}
		if n > 0 {
			f.buf = f.buf[n:]
			return frame, nil
		}
		chunk := make([]byte, 1024)
		m, err := f.conn.Read(chunk)
		if err != nil {
			return ftd.Frame{}, err
		}
		f.buf = append(f.buf, chunk[:m]...)
	}
}

// message reads the next message, past heartbeats.
func (f *front) message() (ftd.Message, error) {
	for {
		frame, err := f.frame()
		if err != nil {
			return ftd.Message{}, err
		}
		if frame.Type == ftd.FrameFTDC {
			return ftd.DecodeMessage(frame.Body)
		}
	}
}

// send writes a message with the fields that put appends.
func (f *front) send(tid ftd.TID, put func(*ftd.Encoder)) error {
	wire, err := encode(tid, put)
	if err != nil {
		return err
	}
	_, err = f.conn.Write(wire)
	return err
}

func encode(tid ftd.TID, put func(*ftd.Encoder)) ([]byte, error) {
	e := ftd.Begin(nil, tid)
	put(&e)
	return e.End()
}

// untilClosed reads until the client closes.
func (f *front) untilClosed() error {
	for {
		if _, err := f.frame(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// answers is a script that answers requests one by one.
func answers(all ...func(*ftd.Encoder)) script {
	return func(f *front) error {
		for _, put := range all {
			m, err := f.message()
			if err != nil {
				return err
			}
			if err := f.send(m.TID, put); err != nil {
				return err
			}
		}
		return nil
	}
}

// then plays one script after another.
func then(first, second script) script {
	return func(f *front) error {
		if err := first(f); err != nil {
			return err
		}
		return second(f)
	}
}

// Answers of a front.

func challenge(e *ftd.Encoder) {
	f := ftd.AuthChallenge{}
	for i := range f.TimeStamp {
		f.TimeStamp[i] = byte(i)
	}
	e.AuthChallenge(&f)
}

func admitted(e *ftd.Encoder) {
	e.AuthResult(&ftd.AuthResult{AppID: []byte("client_demo_1.0"), AppType: '1'})
	said(0, "正确")(e)
}

func recorded(e *ftd.Encoder) { recordedAs("192.0.2.7", 50001)(e) }

func recordedAs(ip string, port int) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		r := goodResponse()
		r.PublicIP, r.PublicPort = []byte(ip), port
		e.LoginResponse(&r)
		said(0, "正确")(e)
	}
}

func goodResponse() ftd.LoginResponse {
	return ftd.LoginResponse{
		BrokerID: []byte("9999"), UserID: []byte("88888888"), UserType: '1',
		TradingDay: []byte("20260105"), LoginTime: []byte("2026-01-05 08:45:00"),
		PublicIP: []byte("192.0.2.7"), PublicPort: 50001, AbnormalFlag: '0', FrontID: 1, SessionID: 7,
		RecordID: []byte("0197fc1e-5c00-7d4e-8a3b-0123456789ab"), SystemName: []byte("示例期货"),
	}
}

// said is the Error field alone.
func said(code int, text string) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		e.Error(&ftd.Error{Code: code, Text: []byte(text), TimeStamp: []byte("20260105084500")})
	}
}

// What the tests ask for.

const authCode = "0123456789ABCDEF"

var identity = client.Identity{BrokerID: "9999", AppID: "client_demo_1.0", ProductInfo: "demo"}

func loginRequest() client.LoginRequest {
	ciphertext := make([]byte, 256)
	for i := range ciphertext {
		ciphertext[i] = byte(i)
	}
	return client.LoginRequest{
		BrokerID: "9999", UserID: "88888888", Password: "Secret123", HeartbeatSeconds: 30,
		KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: ciphertext,
	}
}
