package coresim

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

// orderPart is a part of OrderInsert, with the order or without it.
func orderPart(t *testing.T, chain byte, number uint32, o *Order) []byte {
	t.Helper()
	m := ftd.Begin(nil, TIDOrderInsert)
	m.Sequence(0, number)
	m.Raw(0x7001, []byte("beside"))
	if o != nil {
		data, err := o.Encode()
		if err != nil {
			t.Fatal(err)
		}
		m.Raw(FIDOrder, data)
	}
	frame, err := m.End()
	if err != nil {
		t.Fatal(err)
	}
	body := frame[ftd.FrameHeaderLen:]
	body[5] = chain
	return body
}

// TestAMessageInPartsIsTakenOnce: with its last part, an order too; the next answer is of the next request.
func TestAMessageInPartsIsTakenOnce(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	var sent [][]byte
	for _, chain := range []byte("FCL") {
		sent = append(sent, business(0x5000, chain, 1, "part "+string(chain)))
	}
	f.pass(1, sent[0])
	f.pass(1, sent[1])
	if g := f.settled(9); g.h.TID != ftd.TIDSessionVerify || s.Report().Now().Echoes != 0 {
		t.Fatalf("answered before the last part: %+v", g.h)
	}
	f.pass(1, sent[2])
	for _, want := range sent {
		if g := f.next(); !bytes.Equal(g.frame.Body, want) {
			t.Errorf("echoed %q, want %q", g.frame.Body, want)
		}
	}
	f.pass(1, orderPart(t, 'F', 2, nil))
	f.pass(1, orderPart(t, 'C', 2, &Order{Ref: "r", Instrument: "SIM2612", Direction: Buy, Price: 1, Volume: 1}))
	f.pass(1, orderPart(t, 'L', 2, nil))
	if g := f.next(); g.h.TID != TIDOrderInsert || g.h.SequenceNumber != 2 || f.code(g) != codeOK {
		t.Errorf("the order is answered by %+v", g.h)
	}
	f.echoed(1, business(0x5000, 'S', 3, "next"))
	if n := s.Report().Now(); n.Orders != 1 || n.OrdersRefused != 0 {
		t.Errorf("%d orders, %d refused", n.Orders, n.OrdersRefused)
	}
}

// TestAMessageThatIsCutOffIsDropped: the front has refused the rest, and the terminal has that answer. The parts are no part of the next.
func TestAMessageThatIsCutOffIsDropped(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	good := Order{Ref: "r", Instrument: "SIM2612", Direction: Buy, Price: 1, Volume: 1}
	f.pass(1, orderPart(t, 'F', 1, &good))
	f.echoed(1, business(0x5000, 'S', 2, "next"))
	f.pass(1, orderPart(t, 'F', 3, &good))
	f.pass(1, orderPart(t, 'F', 4, nil))
	f.pass(1, orderPart(t, 'L', 4, nil))
	if g := f.next(); g.h.SequenceNumber != 4 || f.code(g) != codeField {
		t.Errorf("answered %+v, %d", g.h, f.code(g))
	}
	if r := s.Report(); r.Now().Orders != 1 || r.Resting != 0 {
		t.Errorf("%d orders, %d rest", r.Now().Orders, r.Resting)
	}
}

// TestAMessageInPartsIsBounded: one that is too long is refused once, and its parts are not kept.
func TestAMessageInPartsIsBounded(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	part := strings.Repeat("x", 4000)
	f.pass(1, business(0x5000, 'F', 1, part))
	for range MaxMessage / len(part) {
		f.pass(1, business(0x5000, 'C', 1, part))
	}
	f.pass(1, business(0x5000, 'L', 1, part))
	if g := f.next(); g.h.TID != 0x5000 || g.h.SequenceNumber != 1 || g.h.Chain != ftd.ChainSingle || f.code(g) != codeField {
		t.Errorf("answered %+v", g.h)
	}
	f.echoed(1, business(0x5000, 'S', 2, "next"))
	if n := s.Report().Now().Echoes; n != 1 {
		t.Errorf("%d echoes", n)
	}
}
