package link

import (
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// wantBusiness is a terminal that takes business messages alone.
type wantBusiness struct {
	t      testing.TB
	closed bool
	exits  int
}

func (w *wantBusiness) Deliver(body []byte) {
	h, err := ftd.DecodeHeader(body)
	switch {
	case w.closed:
		w.t.Error("delivered to a session that is not open")
	case err != nil || !h.TID.Business():
		w.t.Errorf("delivered %v, %v", h.TID, err)
	}
}

func (w *wantBusiness) Refuse(uint16, uint32, reason.Reason) {}

func (w *wantBusiness) Exit(data []byte, _ reason.Close) {
	var exit ftd.ForceExit
	if err := exit.Decode(data); err != nil {
		w.t.Errorf("ForceExit with %q: %v", data, err)
	}
	if w.exits++; w.exits > 1 || w.closed {
		w.t.Error("sent away twice, or a session that is not open")
	}
}

// FuzzLink: for any bytes of a core, in any pieces, nothing panics, and nothing reaches a terminal but business messages of
// an open session and one legal ForceExit.
func FuzzLink(f *testing.F) {
	_, body := business(3, 0, 1, "x")
	for _, seed := range [][]byte{
		toSession(1, body), toSession(2, body), toSession(3, body), verifyOK(1), verifyOK(3), verifyOK(4), verifyOK(5),
		message(ftd.TIDSessionKick, tagOf(1), func(e *ftd.Encoder) { e.ForceExit(&ftd.ForceExit{Code: '9'}) }),
		message(ftd.TIDSessionKick, tagOf(2), nil), ftd.AppendBroadcast(nil, 'B', body), ftd.AppendBroadcast(nil, 'D', body),
		resumeOK(1, 0), resumeOK(1, 5), ftd.AppendHeartbeat(nil),
		{1, 0, 0x10, 1},
		{2, 0, 0, 0, 99, 0, 0, 0},
		message(ftd.TIDLinkCredit, nil, func(e *ftd.Encoder) { e.LinkCredit(&ftd.LinkCredit{Frames: 3}) }),
		append(stateChange(accept(ftd.CoreStandby, instanceA, 1)), stateChange(accept(ftd.CoreActive, instanceA, 1))...),
		append(append(stateChange(accept(ftd.CoreActive, instanceB, 9)), resumeOK(1, 0)...), toSession(1, body)...),
		message(ftd.TIDRequestCode, tagOf(1), nil), message(ftd.TIDUserLogin, tagOf(1), nil), message(ftd.TIDError, tagOf(1), nil),
	} {
		f.Add(seed, uint16(0))
		f.Add(seed, uint16(5))
	}
	f.Fuzz(func(t *testing.T, data []byte, cut uint16) {
		o := testOptions(t)
		o.Logger, o.Endpoints, o.VerifyTimeout = nil, []Endpoint{{Network: "tcp", Address: "a"}}, patience
		l := New(o)
		defer stopLink(t, l)
		c := attach(t, l, sinkConn{})
		terminal, gone := &wantBusiness{t: t}, &wantBusiness{t: t, closed: true}
		s := logIn(t, l, c, 1, terminal, ftd.Point{Series: 1})
		logIn(t, l, c, 2, gone).Close(ftd.ReasonLogout, "")
		reserve(t, l, c, 3, &wantBusiness{t: t, closed: false})
		answer := ask(t, l, 4, &wantBusiness{t: t, closed: false})

		at := int(cut) % (len(data) + 1)
		used, p := c.frames(data[:at])
		if p == nil {
			_, p = c.frames(data[used:])
		}
		c.tell()
		s.Pass(ftd.Header{TID: 3, Chain: 'S', SequenceNumber: 7}, body)
		s.Flush()
		if p == nil {
			p = problemf(PeerClosed, "the test's end")
		}
		l.ended(l.endpoints[0], c, p)
		<-answer
		if r := s.Pass(ftd.Header{TID: 3}, body); r != reason.CoreAway {
			t.Errorf("passed without a core: %v", r)
		}
		s.Close(ftd.ReasonGone, "")
		terminal.closed = true
	})
}
