package corebench

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// echoTID is a business message that core-sim sends back as it came.
const echoTID ftd.TID = 0x3001

// bodyLen is that of a business message here, in bytes.
const bodyLen = 200

// party is one end of business messages: a terminal behind a front, or a front's place at a core.
type party struct {
	net.Conn
	tag    *ftd.SessionTag // of the link; nil at a front
	number uint32          // of the last request
	in     []byte          // what is read and not looked at yet
	out    []byte
	body   [bodyLen]byte
}

func newParty(c net.Conn, tag *ftd.SessionTag) *party {
	p := &party{Conn: c, tag: tag, in: make([]byte, 0, 64<<10), out: make([]byte, 0, 64<<10)}
	p.body[0], p.body[5] = 2, ftd.ChainSingle
	binary.BigEndian.PutUint32(p.body[1:], uint32(echoTID))
	binary.BigEndian.PutUint16(p.body[12:], 1)
	binary.BigEndian.PutUint16(p.body[14:], bodyLen-ftd.MessageHeaderLen)
	binary.BigEndian.PutUint32(p.body[16:], 0x7001)
	binary.BigEndian.PutUint16(p.body[20:], bodyLen-ftd.MessageHeaderLen-ftd.FieldHeaderLen)
	return p
}

// queue adds the next request to what send will write.
func (p *party) queue() {
	p.number++
	binary.BigEndian.PutUint32(p.body[8:], p.number)
	if p.tag != nil {
		p.out = ftd.AppendSessionFrame(p.out, *p.tag, p.body[:])
		return
	}
	p.out, _ = ftd.AppendFrame(p.out, ftd.FrameFTDC, nil, p.body[:])
}

func (p *party) send() error {
	_, err := p.Write(p.out)
	p.out = p.out[:0]
	return err
}

var errRefused = errors.New("the front or the core refused a message")

// receive reads once and calls got with the number of each answer.
func (p *party) receive(got func(number uint32)) error {
	n, err := p.Read(p.in[len(p.in):cap(p.in)])
	if err != nil {
		return err
	}
	p.in = p.in[:len(p.in)+n]
	used := 0
	for {
		f, n, err := ftd.DecodeFrame(p.in[used:], ftd.MaxBodyLen)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		used += n
		if f.Type != ftd.FrameFTDC {
			continue // a heartbeat
		}
		h, err := ftd.DecodeHeader(f.Body)
		switch {
		case err != nil:
			return err
		case h.TID == echoTID:
			got(h.SequenceNumber)
		case h.TID == ftd.TIDError:
			return errRefused
		}
	}
	p.in = p.in[:copy(p.in, p.in[used:])]
	return nil
}

// roundTrip is one request and its answer.
func (p *party) roundTrip() error {
	p.queue()
	if err := p.send(); err != nil {
		return err
	}
	for back := false; !back; {
		if err := p.receive(func(number uint32) { back = number == p.number }); err != nil {
			return err
		}
	}
	return nil
}

// terminal logs in at the front.
func (s *stage) terminal(t testing.TB, user string) *party {
	t.Helper()
	c := terminaltest.Dial(t, s.front, nil)
	c.Authenticate(client.Identity{BrokerID: "9999", AppID: appID, ProductInfo: "bench"}, s.authCode)
	c.LogIn(client.LoginRequest{BrokerID: "9999", UserID: user, Password: password, HeartbeatSeconds: 120, KeyVersion: "1.0", AbnormalFlag: '1'})
	_ = c.SetDeadline(time.Time{})
	return newParty(c.Conn, nil)
}

// atCore opens a link to the core at that address, as a front does, over TLS if it is told how, and one session on it.
func atCore(t testing.TB, core string, over *tls.Config, frontID int32, user string) *party {
	t.Helper()
	c, err := net.Dial("tcp", core)
	if err != nil {
		t.Fatal(err)
	}
	if over != nil {
		c = tls.Client(c, over)
	}
	t.Cleanup(func() { _ = c.Close() })
	tag := ftd.SessionTag{FrontID: frontID, SessionID: 1}
	e := ftd.Begin(nil, ftd.TIDLinkLogin)
	e.LinkIdentity(&ftd.LinkIdentity{
		Protocol: ftd.LinkProtocol, FrontID: frontID, Process: []byte("0190a1b2-0000-7000-8000-0000000000bb"),
		BrokerID: []byte("9999"), Version: []byte("bench"), MaxSessions: 1000, Business: '1',
	})
	send(t, c, &e)
	expect(t, c, ftd.TIDLinkLogin)
	raw := ftd.Begin(nil, ftd.TIDUserLogin)
	raw.LoginRequest(&ftd.LoginRequest{BrokerID: []byte("9999"), UserID: []byte(user), Password: []byte(password)})
	frame, err := raw.End()
	if err != nil {
		t.Fatal(err)
	}
	e = ftd.BeginSession(nil, ftd.TIDSessionVerify, tag)
	e.Raw(ftd.FIDLoginRequest, frame[ftd.FrameHeaderLen+ftd.MessageHeaderLen+ftd.FieldHeaderLen:])
	e.SessionContext(&ftd.SessionContext{
		AppID: []byte(appID), AppType: '1', PublicIP: []byte("203.0.113.7"), PublicPort: 50001,
		Instant: []byte(time.Now().In(regulation.Zone).Format(regulation.TimeLayout)),
	})
	send(t, c, &e)
	expect(t, c, ftd.TIDSessionVerify)
	e = ftd.BeginSession(nil, ftd.TIDSessionOpen, tag)
	e.SessionRecord(&ftd.SessionRecord{
		RecordID:  []byte("0190a1b2-0000-7000-8000-0000000000aa"),
		LoginTime: []byte(time.Now().In(regulation.Zone).Format(regulation.TimeLayout)), TradingDay: []byte("20260105"), AbnormalFlag: '1',
	})
	send(t, c, &e)
	return newParty(c, &tag)
}

func send(t testing.TB, c net.Conn, e *ftd.Encoder) {
	t.Helper()
	frame, err := e.End()
	if err == nil {
		_, err = c.Write(frame)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// expect reads frames until a message with that TID came, which must have no error.
func expect(t testing.TB, c net.Conn, tid ftd.TID) {
	t.Helper()
	buf := make([]byte, 0, 16<<10)
	for {
		f, n, err := ftd.DecodeFrame(buf, ftd.MaxBodyLen)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			k, err := c.Read(buf[len(buf):cap(buf)])
			if err != nil {
				t.Fatalf("waiting for %v: %v", tid, err)
			}
			buf = buf[:len(buf)+k]
			continue
		}
		if f.Type == ftd.FrameFTDC {
			m, err := ftd.DecodeMessage(f.Body)
			if err != nil {
				t.Fatal(err)
			}
			if m.TID == tid {
				var e ftd.Error
				if data, has := m.Field(ftd.FIDError); has && e.Decode(data) == nil && e.Code != 0 {
					t.Fatalf("%v: %d %s", tid, e.Code, e.Text)
				}
				return
			}
		}
		buf = buf[:copy(buf, buf[n:])]
	}
}
