package agent

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// upper is the fronts of an investor agent: by address, what each connection in its turn finds. An address without a script
// refuses the connection.
type upper struct {
	mu      sync.Mutex
	scripts map[string][]func(*link)
	dialed  []string
	running sync.WaitGroup
}

// link is one connection, as its front sees it.
type link struct {
	net.Conn
	buf []byte
}

func (u *upper) dial(_ context.Context, _, address string) (net.Conn, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.dialed = append(u.dialed, address)
	if len(u.scripts[address]) == 0 {
		return nil, errors.New("connection refused")
	}
	play := u.scripts[address][0]
	u.scripts[address] = u.scripts[address][1:]
	here, there := net.Pipe()
	u.running.Go(func() {
		defer there.Close()
		play(&link{Conn: there})
	})
	return here, nil
}

func (u *upper) connections() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.dialed)
}

// investor is an agent with those fronts.
func investor(t *testing.T, scripts map[string][]func(*link)) (*office, *upper) {
	t.Helper()
	f, u := open(t, options(false)), &upper{scripts: scripts}
	f.dial = u.dial
	t.Cleanup(u.running.Wait)
	return f, u
}

// next is the next frame; false once the connection has ended.
func (l *link) next() (ftd.Frame, bool) {
	for {
		frame, n, err := ftd.DecodeFrame(l.buf, ftd.MaxBodyLen)
		if err != nil {
			panic(err)
		}
		if n > 0 {
			frame.Body = bytes.Clone(frame.Body)
			l.buf = l.buf[n:]
			return frame, true
		}
		chunk := make([]byte, 4096)
		got, err := l.Read(chunk)
		if err != nil {
			return ftd.Frame{}, false
		}
		l.buf = append(l.buf, chunk[:got]...)
	}
}

// message is the next message.
func (l *link) message() (m ftd.Message, ok bool) {
	for {
		frame, ok := l.next()
		if !ok {
			return ftd.Message{}, false
		}
		if frame.Type == ftd.FrameFTDC {
			m, err := ftd.DecodeMessage(frame.Body)
			if err != nil {
				panic(err)
			}
			return m, true
		}
	}
}

func (l *link) send(tid ftd.TID, fields ...func(*ftd.Encoder)) {
	_, _ = l.Write(terminaltest.Message(tid, fields...))
}

func said(code int) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		text := "正确"
		if code != 0 {
			text = "front says no [ref UPREF1]"
		}
		e.Error(&ftd.Error{Code: code, Text: []byte(text), TimeStamp: []byte("20260105084500")})
	}
}

// admit lets the relay authenticate as one of that type.
func (l *link) admit(appType byte) {
	l.message()
	l.send(ftd.TIDAuthenticate, func(e *ftd.Encoder) { e.AuthChallenge(new(ftd.AuthChallenge)) }, said(0))
	l.message()
	l.send(ftd.TIDAuthenticate, func(e *ftd.Encoder) { e.AuthResult(&ftd.AuthResult{AppID: []byte("a_relay_1"), AppType: appType}) }, said(0))
}

func response(e *ftd.Encoder) {
	e.LoginResponse(&ftd.LoginResponse{
		BrokerID: []byte(broker), UserID: []byte("88888888"), UserType: '1', TradingDay: []byte("20260105"), LoginTime: []byte("2026-01-05 08:44:58"),
		PublicIP: []byte("203.0.113.7"), PublicPort: 50001, AbnormalFlag: '0', FrontID: 7, SessionID: 9, RecordID: []byte(record),
		SystemName: []byte("the front"), Notice: []byte("welcome"),
	})
}

func recorded(e *ftd.Encoder) {
	e.RelayRecorded(&ftd.RelayRecorded{
		RelayAppID: []byte("a_relay_1"), RelayIP: []byte("198.51.100.4"), RelayPort: 41022, RelayLoginTime: []byte("2026-01-05 08:30:00"),
	})
}

// takes lets a terminal in, then plays the rest.
func takes(rest ...func(*link)) func(*link) {
	return func(l *link) {
		l.admit('2')
		if _, ok := l.message(); !ok {
			return
		}
		l.send(ftd.TIDUserLogin, response, recorded, said(0))
		for _, play := range rest {
			play(l)
		}
	}
}

// answers plays the authentication and answers the login.
func answers(fields ...func(*ftd.Encoder)) func(*link) {
	return func(l *link) {
		l.admit('2')
		if _, ok := l.message(); ok {
			l.send(ftd.TIDUserLogin, fields...)
		}
	}
}

// hold reads until the connection ends.
func hold(l *link) {
	for {
		if _, ok := l.next(); !ok {
			return
		}
	}
}

const within = time.Second
