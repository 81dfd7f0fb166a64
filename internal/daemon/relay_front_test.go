package daemon

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/ports"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// relayFront is a front as a relay sees it: it takes the relay's software and operator, and answers as a test says.
type relayFront struct {
	listener net.Listener
	appType  byte
	trading  bool // a customer's messages come to a real session, of a front with a trading core that sends them back

	mu      sync.Mutex
	code    int // that logins of customers and submissions are answered with
	seen    []ftdLogin
	ended   []string // SubmitIDs of TerminalEnd
	logouts int
	conns   []net.Conn
	running sync.WaitGroup
}

// ftdLogin is a login or a submission as it came.
type ftdLogin struct {
	user, password, app, addr, at, submitID string
	port                                    int
	flag                                    byte
	ciphertext                              int
}

func startRelayFront(t *testing.T, appType byte) *relayFront {
	t.Helper()
	l, err := net.Listen("tcp", ports.Address(t)) // which agents call also after its end
	if err != nil {
		t.Fatal(err)
	}
	f := &relayFront{listener: l, appType: appType}
	f.running.Go(f.accept)
	t.Cleanup(func() {
		_ = l.Close()
		f.breakOff()
		f.running.Wait()
	})
	return f
}

func (f *relayFront) accept() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.conns = append(f.conns, conn)
		f.mu.Unlock()
		f.running.Go(func() { f.serve(conn) })
	}
}

// breakOff ends all connections.
func (f *relayFront) breakOff() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		_ = c.Close()
	}
	f.conns = nil
}

// say sends a message on all connections.
func (f *relayFront) say(frame []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		_, _ = c.Write(frame)
	}
}

func (f *relayFront) answerWith(code int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.code = code
}

func (f *relayFront) logins() []ftdLogin {
	f.mu.Lock()
	defer f.mu.Unlock()
	return copied(f.seen)
}

func copied[T any](s []T) []T { return append([]T(nil), s...) }

func (f *relayFront) endedIDs() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return copied(f.ended)
}

func (f *relayFront) serve(conn net.Conn) {
	defer conn.Close()
	var (
		buf      []byte
		customer *session.Session
	)
	chunk := make([]byte, 4096)
	for {
		frame, n, err := ftd.DecodeFrame(buf, ftd.MaxBodyLen)
		if err != nil {
			return
		}
		if n == 0 {
			got, err := conn.Read(chunk)
			if err != nil {
				return
			}
			buf = append(buf, chunk[:got]...)
			continue
		}
		if frame.Type == ftd.FrameFTDC {
			if customer != nil {
				if !trade(conn, customer, frame) {
					return
				}
				buf = bytes.Clone(buf[n:])
				continue
			}
			m, err := ftd.DecodeMessage(frame.Body)
			if err != nil {
				return
			}
			if _, err := conn.Write(f.answer(m, frame.Body)); err != nil {
				return
			}
			if f.trading && m.TID == ftd.TIDUserLogin {
				customer = tradingSession()
			}
		}
		buf = bytes.Clone(buf[n:])
	}
}

// tradingSession is of a customer who is logged in at a front with a trading core.
func tradingSession() *session.Session {
	s, err := session.Resume(&session.Settings{Refusals: 100, Business: true}, &session.Image{
		State: session.LoggedIn, Business: true, AppType: '2', Heartbeat: 30 * time.Second, BrokerID: []byte("9999"), UserID: []byte("8"),
	}, time.Now())
	if err != nil {
		panic(err)
	}
	return &s
}

// trade lets the session judge a message, and reports whether the connection goes on.
func trade(conn net.Conn, s *session.Session, frame ftd.Frame) bool {
	var fx session.Effects
	s.Step(&session.Event{Kind: session.FrameArrived, Now: time.Now(), Frame: frame}, &fx)
	switch fx.Do {
	case session.DoPass:
		fx.Wire, _ = ftd.AppendFrame(nil, ftd.FrameFTDC, nil, frame.Body)
	case session.DoNotifyDecision:
		outcome := session.Outcome{Reason: fx.Reason, Ref: reason.Ref([]byte("UPREF1"))}
		known := session.Event{Kind: session.OutcomeKnown, Now: time.Now(), Do: fx.Do, Op: fx.Op, Outcome: &outcome}
		fx.Reset()
		s.Step(&known, &fx)
	}
	_, err := conn.Write(fx.Wire)
	return err == nil && fx.Close == reason.StayOpen
}

func said(code int) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		text := "正确"
		if code != 0 {
			text = "front says no [ref UPREF1]"
		}
		e.Error(&ftd.Error{Code: code, Text: []byte(text), TimeStamp: []byte(time.Now().In(time.FixedZone("", 8*3600)).Format("20060102150405"))})
	}
}

const frontRecord = "019b7c1e-5c00-7d4e-8a3b-0123456789ab"

func (f *relayFront) answer(m ftd.Message, body []byte) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch m.TID {
	case ftd.TIDAuthenticate:
		if _, answered := m.Field(ftd.FIDAuthInfo); !answered {
			return terminaltest.Message(m.TID, func(e *ftd.Encoder) { e.AuthChallenge(new(ftd.AuthChallenge)) }, said(0))
		}
		return terminaltest.Message(m.TID, func(e *ftd.Encoder) {
			e.AuthResult(&ftd.AuthResult{AppID: []byte("abcdef_relay_1"), AppType: f.appType})
		}, said(0))
	case ftd.TIDUserLogin:
		return f.login(m)
	case ftd.TIDTerminalSubmit:
		return f.submit(m)
	case ftd.TIDTerminalEnd:
		raw, _ := m.Field(ftd.FIDSubmitRef)
		f.ended = append(f.ended, string(raw))
		return terminaltest.Message(m.TID, func(e *ftd.Encoder) { e.SubmitRef(&ftd.SubmitRef{SubmitID: raw}) }, said(0))
	case ftd.TIDPasswordUpdate:
		return terminaltest.Request(m.TID, m.SequenceNumber, said(0))
	case ftd.TIDUserLogout:
		f.logouts++
		return terminaltest.Message(m.TID, said(0))
	}
	echo, _ := ftd.AppendFrame(nil, ftd.FrameFTDC, nil, body) // of the core
	return echo
}

func (f *relayFront) note(m ftd.Message) (seen ftdLogin) {
	var (
		via  ftd.RelayedTerminal
		info ftd.TerminalInfo
	)
	raw, _ := m.Field(ftd.FIDRelayedTerminal)
	_ = via.Decode(raw)
	raw, _ = m.Field(ftd.FIDTerminalInfo)
	_ = info.Decode(raw)
	return ftdLogin{
		app: string(via.AppID), addr: string(via.PublicIP), port: via.PublicPort, at: string(via.LoginTime),
		flag: info.AbnormalFlag, ciphertext: len(info.Ciphertext),
	}
}

func recorded(e *ftd.Encoder) {
	e.RelayRecorded(&ftd.RelayRecorded{
		RelayAppID: []byte("abcdef_relay_1"), RelayIP: []byte("198.51.100.4"), RelayPort: 41022, RelayLoginTime: []byte("2026-01-05 08:30:00"),
	})
}

func (f *relayFront) login(m ftd.Message) []byte {
	var req ftd.LoginRequest
	raw, _ := m.Field(ftd.FIDLoginRequest)
	_ = req.Decode(raw)
	operator := f.appType == '3'
	if !operator {
		seen := f.note(m)
		seen.user, seen.password = string(req.UserID), string(req.Password)
		f.seen = append(f.seen, seen)
		if f.code != 0 {
			return terminaltest.Message(m.TID, said(f.code))
		}
	}
	return terminaltest.Message(m.TID, func(e *ftd.Encoder) {
		e.LoginResponse(&ftd.LoginResponse{
			BrokerID: req.BrokerID, UserID: req.UserID, UserType: '1', TradingDay: []byte("20260105"), LoginTime: []byte("2026-01-05 08:44:58"),
			PublicIP: []byte("203.0.113.7"), PublicPort: 50001, AbnormalFlag: '0', FrontID: 7, SessionID: 9, RecordID: []byte(frontRecord),
			SystemName: []byte("the front"),
		})
		if operator {
			e.RelayTerms(&ftd.RelayTerms{Window: 256, Rate: 2000, Burst: 1000, MaxTerminalAge: 3600, Features: ftd.TermsTerminalExit})
		} else {
			recorded(e)
		}
	}, said(0))
}

func (f *relayFront) submit(m ftd.Message) []byte {
	var req ftd.SubmitRequest
	raw, _ := m.Field(ftd.FIDSubmitRequest)
	_ = req.Decode(raw)
	seen := f.note(m)
	seen.user, seen.submitID = string(req.UserID), string(req.SubmitID)
	f.seen = append(f.seen, seen)
	if f.code != 0 {
		return terminaltest.Message(m.TID, func(e *ftd.Encoder) { e.SubmitRef(&ftd.SubmitRef{SubmitID: req.SubmitID}) }, said(f.code))
	}
	return terminaltest.Message(m.TID, func(e *ftd.Encoder) {
		e.SubmitResponse(&ftd.SubmitResponse{
			BrokerID: req.BrokerID, UserID: req.UserID, UserType: '2', TradingDay: []byte("20260105"), SubmitID: req.SubmitID,
			RecordID: []byte(frontRecord), AbnormalFlag: seen.flag,
		})
		recorded(e)
	}, said(0))
}
