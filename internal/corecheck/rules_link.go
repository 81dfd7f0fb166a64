package corecheck

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
)

// longestHeartbeat is what the heartbeat rule waits for at most.
const longestHeartbeat = 30

func linkAccept(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	p.accept, p.linked = *f.accept, true
	return nil
}

func acceptItems(p *probe) *outcome {
	a := &p.accept
	_, noUUID := uuid.ParseBytes(a.Instance)
	_, noDay := time.Parse("20060102", string(a.TradingDay))
	switch {
	case len(a.CoreID) == 0:
		return failf("an empty CoreID")
	case noUUID != nil || len(a.Instance) != 36:
		return failf("Instance %q", a.Instance)
	case a.Term < 0:
		return failf("Term %d", a.Term)
	case a.State != ftd.CoreInitialising && a.State != ftd.CoreActive && a.State != ftd.CoreStandby:
		return failf("State %q", byte(a.State))
	case noDay != nil && a.State == ftd.CoreActive: // one that starts, or is standby, may not know its day yet
		return failf("TradingDay %q", a.TradingDay)
	case a.Credit < ftd.UnlimitedCredit:
		return failf("Credit %d", a.Credit)
	}
	return nil
}

func coreWaits(p *probe) *outcome {
	f, err := p.dial(identity{front: p.FrontID})
	if err != nil {
		return failed(err)
	}
	if g, err := f.quiet(func(*frame) bool { return true }); g != nil {
		return failf("%v", g)
	} else if err != nil {
		return failf("the link ended at once: %v", err)
	}
	return nil
}

func otherProtocol(p *probe) *outcome {
	f, err := p.dial(identity{front: p.FrontID})
	if err != nil {
		return failed(err)
	}
	g, err := f.login(999)
	if err != nil {
		return failed(f.closed())
	}
	code, err := g.code()
	if err != nil || code == 0 {
		return failf("%v", g)
	}
	return nil
}

// heartbeat: one comes wherever a period passed without another frame. A core that sends other frames all the time owes none.
func heartbeat(p *probe) *outcome {
	seconds := p.accept.HeartbeatSeconds
	if seconds == 0 {
		seconds = 5
	}
	if seconds > longestHeartbeat {
		return skipf("HeartbeatSeconds is %d: too long to wait for", seconds)
	}
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	due := time.Duration(seconds)*time.Second + p.Quiet + time.Second/2
	beats := 0
	for end := time.Now().Add(3 * due); beats < 2; {
		g, err := f.within(due, func(*frame) bool { return true })
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return failf("nothing within %v: after three HeartbeatSeconds of that a front closes the link", due)
		case err != nil:
			return failf("the link ended: %v", err)
		case g.heartbeat:
			beats++
		case time.Now().After(end):
			return skipf("%d heartbeats among other frames for %v, the last of which is %v: try it while the core broadcasts nothing", beats, 3*due, g)
		}
	}
	return nil
}

// frontSilent: the core closes a link on which nothing came for three heartbeats.
func frontSilent(p *probe) *outcome {
	seconds := p.accept.HeartbeatSeconds
	if seconds == 0 {
		seconds = 5
	}
	if 3*seconds > longestHeartbeat {
		return skipf("HeartbeatSeconds is %d: three are too long to wait for", seconds)
	}
	f, err := p.silent(identity{front: p.FrontID})
	if err != nil {
		return failed(err)
	}
	dead := time.Duration(3*seconds)*time.Second + p.Timeout
	if _, err := f.within(dead, func(*frame) bool { return false }); errors.Is(err, os.ErrDeadlineExceeded) {
		return failf("the link stayed open for %v without a byte of the front's", dead)
	}
	return nil
}

// clientCertificate: a front without a certificate is not let in, by TLS or by an Error.
func clientCertificate(p *probe) *outcome {
	f, err := p.dialBy(p.Anonymous, identity{front: p.FrontID})
	if err != nil {
		return nil // the handshake failed
	}
	if err := f.sendLogin(ftd.LinkProtocol); err != nil {
		return nil
	}
	g, err := f.within(p.Timeout, func(g *frame) bool { return !g.heartbeat })
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return failf("the link stayed open for %v", p.Timeout)
	case err != nil:
		return nil // the core closed it
	}
	if code, err := g.code(); err != nil || code == 0 {
		return failf("%v", g)
	}
	return nil
}

func secondFront(p *probe) *outcome {
	a, err := p.first()
	if err != nil {
		return failed(err)
	}
	b, err := p.second()
	if err != nil {
		return failf("the second front: %v", err)
	}
	x, y := a.accept, b.accept
	if string(x.CoreID) != string(y.CoreID) || string(x.Instance) != string(y.Instance) || x.Term != y.Term {
		return failf("%s %s %d, and %s %s %d", x.CoreID, x.Instance, x.Term, y.CoreID, y.Instance, y.Term)
	}
	return nil
}

// viaVerify sends what change makes of a SessionVerify, and wants it answered.
func (p *probe) viaVerify(change func(f *front, wire []byte) error) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	s := f.session()
	wire, err := s.verifyFrame(p.Account, p.Password)
	if err != nil {
		return failed(err)
	}
	if err := change(f, wire); err != nil {
		return failed(err)
	}
	g, err := s.answer()
	if err != nil {
		return failed(err)
	}
	if code, err := g.code(); err != nil || code != 0 {
		return failf("%v", g)
	}
	return nil
}

func framePieces(p *probe) *outcome {
	return p.viaVerify(func(f *front, wire []byte) error {
		for i := range wire {
			if err := f.send(wire[i : i+1]); err != nil {
				return err
			}
		}
		return nil
	})
}

func framesAtOnce(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	a, b := f.session(), f.session()
	wire, err := a.verifyFrame(p.Account, p.Password)
	if err != nil {
		return failed(err)
	}
	more, err := b.verifyFrame(p.noAccount(), "no password")
	if err != nil {
		return failed(err)
	}
	if err := f.send(append(wire, more...)); err != nil {
		return failed(err)
	}
	for _, s := range []*session{a, b} {
		if _, err := s.answer(); err != nil {
			return failed(err)
		}
	}
	return nil
}

func frameTypes(p *probe) *outcome {
	return p.viaVerify(func(f *front, wire []byte) error {
		return f.send(append([]byte{9, 0, 0, 3, 1, 2, 3, 2, 0, 0, 1, 9}, wire...))
	})
}

func unknownTag(p *probe) *outcome {
	return p.viaVerify(func(f *front, wire []byte) error {
		g, _, err := ftd.DecodeFrame(wire, ftd.MaxBodyLen)
		if err != nil {
			return err
		}
		longer, err := ftd.AppendFrame(nil, g.Type, append([]byte{0x7F, 2, 'a', 'b'}, g.Ext...), g.Body)
		if err != nil {
			return err
		}
		return f.send(longer)
	})
}

func unknownField(p *probe) *outcome {
	return p.viaVerify(func(f *front, wire []byte) error {
		return f.send(withFields(wire, func(e *ftd.Encoder) { e.Raw(0x0000EEEE, []byte("new")) }, nil))
	})
}

func longerField(p *probe) *outcome {
	return p.viaVerify(func(f *front, wire []byte) error { return f.send(withFields(wire, nil, []byte("new"))) })
}

// withFields builds a frame anew: with more fields at its beginning, and more bytes at the end of each field.
func withFields(wire []byte, more func(*ftd.Encoder), tail []byte) []byte {
	g, _, err := ftd.DecodeFrame(wire, ftd.MaxBodyLen)
	must(err)
	m, err := ftd.DecodeMessage(g.Body)
	must(err)
	tag, _ := g.Ext.Session()
	e := ftd.BeginSession(nil, m.TID, tag)
	if more != nil {
		more(&e)
	}
	for f := m.Fields; len(f) > 0; {
		fid, data, rest := f.Next()
		e.Raw(fid, append(append([]byte(nil), data...), tail...))
		f = rest
	}
	out, err := e.End()
	must(err)
	return out
}

// must is for frames that this package built itself.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("a frame of corecheck's own: %v", err))
	}
}
