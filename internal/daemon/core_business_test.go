package daemon

import (
	"encoding/binary"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// TestBusinessThroughTheFront: from a terminal through front and link to the core and back, in order.
func TestBusinessThroughTheFront(t *testing.T) {
	t.Parallel()
	f := newLinkedFront(t, nil)
	f.startCore(coresim.Options{Accounts: []coresim.Account{{User: "88888888", Password: corePassword}}})
	const requests = 2000
	got := make(chan client.Message, requests)
	c, err := client.Dial(t.Context(), f.daemon.Addrs()[0].String(), client.WithHandler(func(m client.Message) {
		data, _ := m.Field(0x7777)
		m.Body = append([]byte(nil), data...)
		got <- m
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	app := f.site.Firm.Apps[0]
	if _, err := c.Authenticate(t.Context(), client.Identity{BrokerID: "9999", AppID: string(app.AppID), Cipher: app.Cipher}, app.AuthCode); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Login(t.Context(), client.LoginRequest{
		BrokerID: "9999", UserID: "88888888", Password: corePassword, KeyVersion: "1.0", AbnormalFlag: '1',
	}); err != nil {
		t.Fatal(err)
	}
	for i := range uint32(requests) {
		out := client.Outgoing{TID: 0x7001, Fields: []client.Field{{FID: 0x7777, Data: binary.BigEndian.AppendUint32(nil, i)}}}
		if _, err := c.Send(t.Context(), out); err != nil {
			t.Fatal(err)
		}
	}
	for i := range uint32(requests) {
		m := <-got
		if m.TID != 0x7001 || m.Number != i+1 || len(m.Body) != 4 || binary.BigEndian.Uint32(m.Body) != i {
			t.Fatalf("answer %d is %+v", i, m)
		}
	}
	if err := c.Logout(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestPasswordThroughTheFront: a first login changes its password on the same connection, and logs in with it; only
// that is a record.
func TestPasswordThroughTheFront(t *testing.T) {
	t.Parallel()
	f := newLinkedFront(t, nil)
	f.startCore(coresim.Options{Accounts: []coresim.Account{{User: "88888888", Password: corePassword, Restriction: "first-login"}}})
	m := f.dial()
	m.Send(loginOf("88888888", corePassword))
	m.Expect(ftd.TIDUserLogin, 140)
	m.Send(terminaltest.Request(3, 1))
	m.Expect(ftd.TIDError, 6)
	change := func(number uint32, to string) []byte {
		return terminaltest.Request(ftd.TIDPasswordUpdate, number, func(e *ftd.Encoder) {
			e.PasswordUpdate(&ftd.PasswordUpdate{
				BrokerID: []byte("9999"), UserID: []byte("88888888"), OldPassword: []byte(corePassword), NewPassword: []byte(to),
			})
		})
	}
	m.Send(change(0, corePassword)) // before the login the number is the terminal's to pick
	m.Expect(ftd.TIDPasswordUpdate, 142)
	if n := f.records(); n != 0 {
		t.Errorf("%d records before the login", n)
	}
	m.Send(change(0, "Another456"))
	m.Expect(ftd.TIDPasswordUpdate, 0)
	m.Send(loginOf("88888888", "Another456"))
	m.Expect(ftd.TIDUserLogin, 0)
	if n := f.records(); n != 1 {
		t.Errorf("%d records", n)
	}
	m.Send(terminaltest.Request(0x7001, 1))
	if reply := m.Next(); reply.TID != 0x7001 || reply.SequenceNumber != 1 {
		t.Errorf("answered %v, number %d", reply.TID, reply.SequenceNumber)
	}
}
