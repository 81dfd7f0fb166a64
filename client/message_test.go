package client_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// trading is a Machine that is logged in.
func trading(t *testing.T) *client.Machine {
	t.Helper()
	m := new(client.Machine)
	b, err := enter(m, nil)
	must(t, b, err)
	if _, e, err := m.Receive(frame(t, ftd.TIDUserLogin, recorded)); err != nil || e.Kind != client.LoggedIn {
		t.Fatal(e.Kind, err)
	}
	return m
}

func numbered(number uint32, put func(*ftd.Encoder)) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		e.Sequence(0, number)
		put(e)
	}
}

func TestMachineNumbersItsMessages(t *testing.T) {
	m := trading(t)
	for i, c := range []struct {
		out    client.Outgoing
		number uint32
	}{
		{client.Outgoing{TID: 3, Fields: []client.Field{{FID: 0x7777, Data: []byte("ab")}}}, 1},
		{client.Outgoing{TID: 3, Chain: 'F'}, 2},
		{client.Outgoing{TID: 3, Chain: 'C'}, 2},
		{client.Outgoing{TID: 3, Chain: 'L'}, 2},
		{client.Outgoing{Body: []byte{2, 0, 0, 0, 4, 'S', 9, 9, 9, 9, 9, 9, 0, 0, 0, 1, 0xFF}}, 3},
	} {
		b, number, err := m.AppendMessage([]byte("before"), &c.out)
		if err != nil || number != c.number || !bytes.HasPrefix(b, []byte("before")) {
			t.Fatalf("%d: number %d, %v", i, number, err)
		}
		h, err := ftd.DecodeHeader(b[len("before")+ftd.FrameHeaderLen:])
		if err != nil || h.SequenceSeries != 0 || h.SequenceNumber != c.number {
			t.Errorf("%d: %+v, %v", i, h, err)
		}
	}
	for name, out := range map[string]client.Outgoing{
		"the front's": {TID: uint32(ftd.TIDUserLogin)}, "the link's": {TID: 0x9001}, "no chain": {TID: 3, Chain: 'x'},
		"no body": {Body: []byte{2}}, "too long": {TID: 3, Fields: []client.Field{{FID: 1, Data: make([]byte, 4096)}}},
	} {
		if b, _, err := m.AppendMessage(nil, &out); err == nil || len(b) != 0 {
			t.Errorf("%s: % x", name, b)
		}
	}
	if _, number, err := m.AppendMessage(nil, &client.Outgoing{TID: 3}); number != 4 || err != nil {
		t.Errorf("after those that were not sent: number %d, %v", number, err)
	}
	if _, _, err := new(client.Machine).AppendMessage(nil, &client.Outgoing{TID: 3}); !errors.Is(err, client.ErrNotLoggedIn) {
		t.Errorf("before the login: %v", err)
	}
	if _, number, err := new(client.Machine).AppendMessage(nil, &client.Outgoing{TID: uint32(ftd.TIDRequestCode)}); err != nil || number != 0 {
		t.Errorf("a request for a code before the login: %d, %v", number, err)
	}
	if size := unsafe.Sizeof(client.Machine{}); size != 96 {
		t.Errorf("a Machine is %d bytes; doc.go says 96", size)
	}
}

// TestMessagesArrive: what answers no request of the front's is the core's, also while one is awaited.
func TestMessagesArrive(t *testing.T) {
	part := frame(t, 0x1001, nothing)
	part[ftd.FrameHeaderLen+5] = 'F'
	unread := bytes.Clone(part)
	unread[ftd.FrameHeaderLen+13] = 9 // fields that are not there
	target := func(e *ftd.Encoder) {
		e.Sequence(0, 7)
		said(90, "busy [ref ABCDEF]")(e)
		e.ErrorTargetSequence(&ftd.ErrorTargetSequence{Number: 7})
	}
	for name, b := range map[string][]byte{
		"private": frame(t, 0x1001, nothing), "part": part, "unread": unread,
		"error": frame(t, ftd.TIDError, target), "password": frame(t, ftd.TIDPasswordUpdate, said(0, "")),
	} {
		for _, leaving := range []bool{false, true} {
			m := trading(t)
			if leaving {
				out, err := leave(m, nil)
				must(t, out, err)
			}
			n, e, err := m.Receive(b)
			got := e.Message()
			if n != len(b) || err != nil || e.Kind != client.Arrived || !bytes.Equal(got.Body, b[ftd.FrameHeaderLen:]) {
				t.Fatalf("%s: %d, %v, %v", name, n, e.Kind, err)
			}
			if _, number, ok := got.Target(); ok != (name == "error") || ok && (number != 7 || got.Err().Ref != "ABCDEF") {
				t.Errorf("%s: target %d, %v, %v", name, number, ok, got.Err())
			}
			if leaving {
				if _, e, err := m.Receive(frame(t, ftd.TIDUserLogout, said(0, ""))); e.Kind != client.LoggedOut || err != nil {
					t.Errorf("%s: the logout's answer is %v, %v", name, e.Kind, err)
				}
			}
		}
	}
	var violation *client.ViolationError
	if _, _, err := new(client.Machine).Receive(frame(t, 0x1001, nothing)); !errors.As(err, &violation) {
		t.Errorf("before a login: %v", err)
	}
}

// TestAFrontWithoutACore: its Error names a request, or none if it is an old one. It is the handler's, and neither ends the connection nor
// answers the logout.
func TestAFrontWithoutACore(t *testing.T) {
	refusal := frame(t, ftd.TIDError, said(77, "no core [ref ABCDEF]"))
	for _, leaving := range []bool{false, true} {
		m := trading(t)
		if leaving {
			out, err := leave(m, nil)
			must(t, out, err)
		}
		_, e, err := m.Receive(refusal)
		got := e.Message()
		if _, _, about := got.Target(); err != nil || e.Kind != client.Arrived || about || got.Err() == nil || got.Err().Code != 77 {
			t.Fatalf("leaving %v: %v, %v, %+v", leaving, e.Kind, err, got)
		}
		if leaving {
			if _, e, err := m.Receive(frame(t, ftd.TIDUserLogout, said(0, ""))); e.Kind != client.LoggedOut || err != nil {
				t.Errorf("the logout's answer is %v, %v", e.Kind, err)
			}
		}
	}
	named := frame(t, ftd.TIDError, numbered(1, func(e *ftd.Encoder) {
		said(77, "no core [ref ABCDEF]")(e)
		e.ErrorTargetSequence(&ftd.ErrorTargetSequence{Number: 1})
	}))
	for _, refusal := range [][]byte{refusal, named} { // such a front answers a change of the password likewise
		m := trading(t)
		b, err := m.AppendPassword(nil, &client.PasswordUpdate{BrokerID: "9999", UserID: "8", OldPassword: "a", NewPassword: "b"})
		must(t, b, err)
		if _, e, err := m.Receive(refusal); e.Kind != client.Refused || err != nil || e.Refusal.Code != 77 {
			t.Errorf("the password's answer is %v, %v", e.Kind, err)
		}
	}
	var violation *client.ViolationError
	if _, _, err := trading(t).Receive(frame(t, ftd.TIDError, said(0, ""))); !errors.As(err, &violation) {
		t.Errorf("a success that answers nothing: %v", err)
	}
}

func TestMachineChangesThePassword(t *testing.T) {
	change := client.PasswordUpdate{BrokerID: "9999", UserID: "8", OldPassword: "a", NewPassword: "b"}
	for _, in := range []bool{false, true} {
		m, number := new(client.Machine), uint32(1)
		if in {
			m = trading(t)
		}
		b, err := m.AppendPassword(nil, &change)
		message, err2 := ftd.DecodeMessage(must(t, b, err)[ftd.FrameHeaderLen:])
		if err2 != nil || message.SequenceNumber != number {
			t.Fatalf("%+v, %v", message, err2)
		}
		if in {
			if _, e, err := m.Receive(frame(t, ftd.TIDPasswordUpdate, numbered(99, said(142, "")))); e.Kind != client.Arrived || err != nil {
				t.Errorf("another's answer: %v, %v", e.Kind, err)
			}
		}
		if _, e, err := m.Receive(frame(t, ftd.TIDPasswordUpdate, numbered(number, said(142, "same")))); e.Kind != client.Refused || err != nil || e.Refusal.Code != 142 {
			t.Errorf("%v, %v", e.Kind, err)
		}
		b, err = m.AppendPassword(nil, &change)
		must(t, b, err)
		number++
		if _, e, err := m.Receive(frame(t, ftd.TIDPasswordUpdate, numbered(number, said(0, "")))); e.Kind != client.PasswordChanged || err != nil {
			t.Errorf("%v, %v", e.Kind, err)
		}
		b, err = m.AppendPassword(nil, &change)
		must(t, b, err)
		number++ // a core may answer by message Error
		if _, e, err := m.Receive(frame(t, ftd.TIDError, numbered(number, said(0, "")))); e.Kind != client.PasswordChanged || err != nil {
			t.Errorf("%v, %v", e.Kind, err)
		}
	}
}

func TestResumeIsSent(t *testing.T) {
	m, req := new(client.Machine), loginRequest()
	req.Resume = []client.ResumePoint{{Series: 1, Number: 0}, {Series: 9, Number: -1}}
	b, err := m.AppendLogin(nil, &req)
	message, err2 := ftd.DecodeMessage(must(t, b, err)[ftd.FrameHeaderLen:])
	raw, _ := message.Field(ftd.FIDResumePoints)
	if err2 != nil || !bytes.Equal(raw, []byte{0, 1, 0, 0, 0, 0, 0, 9, 255, 255, 255, 255}) {
		t.Errorf("% x, %v", raw, err2)
	}
	req.Resume = make([]client.ResumePoint, 9)
	if _, err := new(client.Machine).AppendLogin(nil, &req); err == nil {
		t.Error("nine points were sent")
	}
}

// TestConnTrades: messages both ways beside a call, in their order.
func TestConnTrades(t *testing.T) {
	const orders = 200
	addr := listen(t, func(f *front) error {
		m, err := f.message()
		if err != nil {
			return err
		}
		if err := f.send(m.TID, recorded); err != nil {
			return err
		}
		for number := uint32(1); number <= orders; number++ {
			if m, err = f.message(); err != nil {
				return err
			}
			if m.SequenceNumber != number {
				return fmt.Errorf("number %d, want %d", m.SequenceNumber, number)
			}
			data, _ := m.Field(0x7777)
			if err := f.send(m.TID, numbered(number, func(e *ftd.Encoder) { e.Raw(0x7777, data) })); err != nil {
				return err
			}
		}
		if m, err = f.message(); err != nil {
			return err
		}
		return f.send(m.TID, said(0, ""))
	})
	got := make(chan uint32, orders)
	c, err := client.Dial(t.Context(), addr, client.WithHandler(func(m client.Message) {
		if data, ok := m.Field(0x7777); ok && m.TID == 3 {
			got <- binary.BigEndian.Uint32(data)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Login(t.Context(), loginRequest()); err != nil {
		t.Fatal(err)
	}
	for i := range uint32(orders) {
		data := binary.BigEndian.AppendUint32(nil, i)
		if number, err := c.Send(t.Context(), client.Outgoing{TID: 3, Fields: []client.Field{{FID: 0x7777, Data: data}}}); err != nil || number != i+1 {
			t.Fatalf("number %d, %v", number, err)
		}
	}
	for i := range uint32(orders) {
		if n := <-got; n != i {
			t.Fatalf("got %d, want %d", n, i)
		}
	}
	if err := c.Logout(context.Background()); err != nil {
		t.Error(err)
	}
}
