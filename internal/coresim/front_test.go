package coresim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
)

const (
	broker = "9999"
	day    = "20260105"
)

// options are those of most tests: two customers that may trade.
func options() Options {
	return Options{TradingDay: day, Accounts: []Account{
		{User: "alice", Password: "Secret-a", LastLogin: "2026-01-04 09:00:00", LastIP: "192.0.2.1", Notice: "你好"},
		{User: "bob", Password: "Secret-b"},
	}}
}

// started is a core-sim on loopback, closed at the end of the test.
func started(t testing.TB, o Options) (*Server, string) {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-served; !errors.Is(err, ErrClosed) && !errors.Is(err, ErrCrashed) {
			t.Errorf("Serve: %v", err)
		}
	})
	return s, l.Addr().String()
}

// front is a scripted front on one connection.
type scripted struct {
	t       testing.TB
	c       net.Conn
	buf     []byte
	at      int // where the next frame of buf begins
	id      int32
	process string
	accept  ftd.LinkAccept
}

// got is a frame that came, as a copy.
type got struct {
	frame ftd.Frame
	tag   ftd.SessionTag
	h     ftd.Header
	m     ftd.Message
}

func dial(t testing.TB, address string) *scripted {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return on(t, c)
}

func on(t testing.TB, c net.Conn) *scripted {
	t.Helper()
	t.Cleanup(func() { _ = c.Close() })
	return &scripted{t: t, c: c, id: 1, process: uuid.NewString()}
}

// linked is a front that has its LinkAccept.
func linked(t testing.TB, address string) *scripted {
	t.Helper()
	f := dial(t, address)
	f.login()
	return f
}

func (f *scripted) login() {
	f.t.Helper()
	f.sendLogin('1')
	g := f.next()
	if g.m.TID != ftd.TIDLinkLogin || f.code(g) != 0 {
		f.t.Fatalf("LinkLogin was answered %v", g.m.TID)
	}
	f.field(g, ftd.FIDLinkAccept, &f.accept)
	f.accept.Instance = bytes.Clone(f.accept.Instance)
}

func (f *scripted) sendLogin(business byte) {
	f.t.Helper()
	m := ftd.Begin(nil, ftd.TIDLinkLogin)
	m.LinkIdentity(&ftd.LinkIdentity{
		Protocol: 1, FrontID: f.id, Process: []byte(f.process), BrokerID: []byte(broker), Version: []byte("test"), MaxSessions: 100, Business: business,
	})
	f.end(m)
}

func (f *scripted) tag(session int32) ftd.SessionTag {
	return ftd.SessionTag{FrontID: f.id, SessionID: session}
}

func (f *scripted) end(m ftd.Encoder) {
	f.t.Helper()
	frame, err := m.End()
	if err != nil {
		f.t.Fatal(err)
	}
	f.write(frame)
}

func (f *scripted) write(frame []byte) {
	f.t.Helper()
	if _, err := f.c.Write(frame); err != nil {
		f.t.Fatal(err)
	}
}

// next is the next frame that is no heartbeat.
func (f *scripted) next() got {
	f.t.Helper()
	g, err := f.receive()
	if err != nil {
		f.t.Fatalf("no frame came: %v", err)
	}
	return g
}

func (f *scripted) receive() (got, error) {
	_ = f.c.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		fr, n, err := ftd.DecodeFrame(f.buf[f.at:], ftd.MaxBodyLen)
		if err != nil {
			return got{}, err
		}
		if n == 0 {
			if f.at > 0 {
				f.buf, f.at = append([]byte(nil), f.buf[f.at:]...), 0
			}
			var chunk [65536]byte
			n, err := f.c.Read(chunk[:])
			f.buf = append(f.buf, chunk[:n]...)
			if err != nil && n == 0 {
				return got{}, err
			}
			continue
		}
		f.at += n
		if fr.IsHeartbeat() {
			continue
		}
		g := got{frame: fr}
		g.tag, _ = fr.Ext.Session()
		if g.h, err = ftd.DecodeHeader(fr.Body); err != nil {
			return g, err
		}
		g.m, _ = ftd.DecodeMessage(fr.Body)
		return g, nil
	}
}

func (f *scripted) field(g got, fid ftd.FID, into decoder) {
	f.t.Helper()
	data, there := g.m.Field(fid)
	if !there {
		f.t.Fatalf("%v has no %v", g.h.TID, fid)
	}
	if err := into.Decode(data); err != nil {
		f.t.Fatal(err)
	}
}

func (f *scripted) code(g got) int {
	f.t.Helper()
	var e ftd.Error
	f.field(g, ftd.FIDError, &e)
	return e.Code
}

// verify asks and returns the answer.
func (f *scripted) verify(session int32, user, password string) got {
	f.t.Helper()
	f.sendVerify(session, user, password, "")
	g := f.next()
	if g.h.TID != ftd.TIDSessionVerify || g.tag != f.tag(session) {
		f.t.Fatalf("SessionVerify was answered %v of %v", g.h.TID, g.tag)
	}
	return g
}

func (f *scripted) sendVerify(session int32, user, password, second string) {
	f.t.Helper()
	m := ftd.BeginSession(nil, ftd.TIDSessionVerify, f.tag(session))
	request := writer{}
	for _, item := range []struct {
		n    int
		text string
	}{{10, broker}, {18, user}, {40, password}, {3, "030"}, {35, ""}} {
		request.text(item.n, item.text)
	}
	if second != "" {
		request.text(40, second)
	}
	m.Raw(ftd.FIDLoginRequest, request.data)
	m.SessionContext(&ftd.SessionContext{AppID: []byte("client_test_1.0"), AppType: '1', PublicIP: []byte("192.0.2.9"), PublicPort: 50000, Instant: []byte("2026-01-05 09:00:00")})
	f.end(m)
}

func (f *scripted) open(session int32, points ...ftd.Point) string {
	f.t.Helper()
	record := uuid.NewString()
	m := ftd.BeginSession(nil, ftd.TIDSessionOpen, f.tag(session))
	m.SessionRecord(&ftd.SessionRecord{RecordID: []byte(record), LoginTime: []byte("2026-01-05 09:00:01"), TradingDay: []byte(day), AbnormalFlag: '0'})
	if len(points) > 0 {
		p := ftd.ResumePoints{Count: len(points)}
		copy(p.Points[:], points)
		m.ResumePoints(&p)
	}
	f.end(m)
	return record
}

// opened is a session of a user that may trade.
func (f *scripted) opened(session int32, user string, points ...ftd.Point) string {
	f.t.Helper()
	password := map[string]string{"alice": "Secret-a", "bob": "Secret-b"}[user]
	if g := f.verify(session, user, password); f.code(g) != 0 {
		f.t.Fatalf("%s: %d", user, f.code(g))
	}
	return f.open(session, points...)
}

func (f *scripted) reason(tid ftd.TID, session int32, code ftd.ReasonCode) {
	f.t.Helper()
	m := ftd.BeginSession(nil, tid, f.tag(session))
	m.Reason(&ftd.Reason{Code: code, Text: []byte("test")})
	f.end(m)
}

// business is a body with a field that no one knows.
func business(tid ftd.TID, chain byte, number uint32, data string) []byte {
	m := ftd.Begin(nil, tid)
	m.Sequence(0, number)
	m.Raw(0xB000, []byte(data))
	frame, err := m.End()
	if err != nil {
		panic(err)
	}
	body := frame[ftd.FrameHeaderLen:]
	body[5] = chain
	return body
}

func (f *scripted) pass(session int32, body []byte) {
	f.t.Helper()
	f.write(ftd.AppendSessionFrame(nil, f.tag(session), body))
}

// echoed sends a business message and wants it back.
func (f *scripted) echoed(session int32, body []byte) {
	f.t.Helper()
	f.pass(session, body)
	if g := f.next(); g.tag != f.tag(session) || !bytes.Equal(g.frame.Body, body) {
		f.t.Fatalf("sent %x\ngot  %x of %v", body, g.frame.Body, g.tag)
	}
}

func (f *scripted) order(session int32, number uint32, o Order) {
	f.t.Helper()
	if o.Instrument == "" {
		o.Instrument = "SIM2612"
	}
	data, err := o.Encode()
	if err != nil {
		f.t.Fatal(err)
	}
	m := ftd.BeginSession(nil, TIDOrderInsert, f.tag(session))
	m.Sequence(0, number)
	m.Raw(FIDOrder, data)
	f.end(m)
}

// ordered wants the order's answer and gives its code.
func (f *scripted) ordered(session int32, number uint32, o Order) int {
	f.t.Helper()
	f.order(session, number, o)
	g := f.next()
	if g.h.TID != TIDOrderInsert || g.h.SequenceNumber != number || g.tag != f.tag(session) {
		f.t.Fatalf("order %d was answered %v, number %d, %v", number, g.h.TID, g.h.SequenceNumber, g.tag)
	}
	return f.code(g)
}

// gone wants the connection to end.
func (f *scripted) gone() {
	f.t.Helper()
	for {
		if _, err := f.receive(); err != nil {
			if e, is := errors.AsType[net.Error](err); is && e.Timeout() {
				f.t.Fatal("the core did not end the link")
			}
			return
		}
	}
}

// settled makes sure that the core has taken all that was sent.
func (f *scripted) settled(session int32) got {
	f.t.Helper()
	f.sendVerify(session, "nobody", "x", "")
	return f.next()
}

func do(t testing.TB, s *Server, line string) string {
	t.Helper()
	answer, err := s.Do(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return answer
}

func number(g got) int32 { return int32(binary.BigEndian.Uint32(g.frame.Body[8:])) }
