package e2e

import (
	"bytes"
	"context"
	wire "encoding/binary"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/await"
)

const (
	tidOrder = uint32(coresim.TIDOrderInsert)
	tidTrade = uint32(coresim.TIDTradeInsertSingle)
	tidState = uint32(coresim.TIDMarketStatus)
)

// TestCoreDay: two customers log in through the core, trade, read a broadcast, send what is large or looks like the
// front's own messages, and log out; the report has their two logins and nothing else.
func TestCoreDay(t *testing.T) {
	t.Parallel()
	core := newCore(t, "a", twoCustomers, "")
	s := linked(t, []*coreProcess{core}, "", "")
	d := s.serveReady()
	texts := map[string]string{alice: terminalText + "-a", bob: terminalText + "-b"}
	a, b := d.trade(t), d.trade(t)
	told, err := a.login(s, alice, password, texts[alice], client.ResumePoint{Series: 1})
	if err != nil || told.LastLogin != "2026-01-02 09:00:00" || told.LastIP != "198.51.100.9" || told.Notice != "保证金不足" {
		t.Fatalf("%v: the core told %+v", err, told)
	}
	if _, err := b.login(s, bob, password, texts[bob], client.ResumePoint{Series: 2}); err != nil {
		t.Fatal(err)
	}

	a.expect(tidOrder, 0, a.order("a-1", coresim.Sell))
	n := b.order("b-1", coresim.Buy)
	filled(t, b, 2, 1, n)
	filled(t, a, 1, 1, 0)

	core.do("broadcast B 夜盘开市")
	for _, m := range []*trader{a, b} {
		if got := m.expect(tidState, 0xFF00, 1); !bytes.Contains(got.Body, []byte("夜盘开市")) {
			t.Errorf("the broadcast was %q", got.Body)
		}
	}

	chain(t, a)
	for name, body := range strangeBodies() {
		sent := bytes.Clone(body)
		number := a.send(client.Outgoing{Body: body})
		wire.BigEndian.PutUint32(sent[8:], number)
		got := a.next()
		if !bytes.Equal(got.Body, sent) {
			t.Errorf("%s: %d bytes went out and %d other ones came back", name, len(sent), len(got.Body))
		}
	}

	for _, m := range []*trader{a, b} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if err := m.Logout(ctx); err != nil {
			t.Error(err)
		}
		cancel()
	}
	await.True(t, "the core knows of both logouts", func() bool { return core.saw().Closes["1"] == 2 })
	core.wantNoViolation()
	d.stop()

	lines := s.records()
	var got []string
	for _, l := range lines {
		got = append(got, l.terminal())
	}
	slices.Sort(got)
	if want := []string{texts[alice], texts[bob]}; !slices.Equal(got, want) {
		t.Errorf("the report has %q, want %q", got, want)
	}
	day := s.days(nil)[0]
	r := s.reconcile(0, "--day", day, "--report", filepath.Join(s.dir, "0001clientinfo"+day+".txt"), "--audit", filepath.Join(s.dir, "audit.jsonl"))
	if !r.Complete || r.Answered != 2 || r.Stored != 2 || r.Reported != 2 {
		t.Errorf("reconcile: %+v", r)
	}
}

// filled wants the fill with that number on the trader's private flow, and the answer to its order if order is not 0, in either order.
func filled(t *testing.T, m *trader, series uint16, number, order uint32) {
	t.Helper()
	want := 1
	if order > 0 {
		want = 2
	}
	for range want {
		switch got := m.next(); {
		case got.TID == tidOrder && got.Number == order && got.Series == 0 && got.Err() == nil:
		case got.TID == tidTrade && got.Series == series && got.Number == number:
			var trade coresim.Trade
			if data, ok := got.Field(uint32(coresim.FIDTrade)); !ok || trade.Decode(data) != nil || trade.Price != 3500 || trade.Volume != 1 {
				t.Errorf("the fill is %+v", trade)
			}
		default:
			t.Fatalf("got TID %#x, series %d, number %d, %v", got.TID, got.Series, got.Number, got.Err())
		}
	}
}

// chain sends one message in three parts, of which all come back under its number.
func chain(t *testing.T, m *trader) {
	t.Helper()
	data := make([]byte, 4096-ftd.MessageHeaderLen-ftd.FieldHeaderLen)
	var number uint32
	for i, part := range []byte{'F', 'C', 'L'} {
		n := m.send(client.Outgoing{TID: echoTID, Chain: part, Fields: []client.Field{{FID: 0x7001, Data: data}}})
		if i > 0 && n != number {
			t.Errorf("part %c has number %d, and the first one %d", part, n, number)
		}
		number = n
	}
	for _, part := range []byte{'F', 'C', 'L'} {
		if got := m.expect(echoTID, 0, number); got.Chain != part || len(got.Body) != 4096 {
			t.Errorf("part %c came back as %c with %d bytes", part, got.Chain, len(got.Body))
		}
	}
}

// strangeBodies are bodies of business messages at which the front must not look. Their numbers are the client's.
func strangeBodies() map[string][]byte {
	body := func(count uint16, content []byte) []byte {
		b := make([]byte, ftd.MessageHeaderLen, ftd.MessageHeaderLen+len(content))
		b[0], b[5] = 2, 'S'
		wire.BigEndian.PutUint32(b[1:], echoTID)
		wire.BigEndian.PutUint16(b[12:], count)
		wire.BigEndian.PutUint16(b[14:], uint16(len(content)))
		return append(b, content...)
	}
	tag := ftd.SessionTag{FrontID: 1, SessionID: 1}
	kick := ftd.BeginSession(nil, ftd.TIDSessionKick, tag)
	kick.ForceExit(&ftd.ForceExit{Code: '1', Msg: []byte("not yours")})
	frame, err := kick.End()
	if err != nil {
		panic(err)
	}
	closing := ftd.BeginSession(nil, ftd.TIDSessionClose, tag)
	closing.Reason(&ftd.Reason{Code: '1'})
	fields, err := closing.End()
	if err != nil {
		panic(err)
	}
	return map[string][]byte{
		"4,096 bytes":                  body(1, bytes.Repeat([]byte{0xA5}, 4096-ftd.MessageHeaderLen)),
		"a whole SessionKick in it":    body(1, frame),
		"the field Reason":             body(1, fields[ftd.FrameHeaderLen+10+ftd.MessageHeaderLen:]),
		"more fields counted than are": body(0xFFFF, []byte{0, 0, 0, 5, 0xFF, 0xFF}),
		"a heartbeat":                  body(0, []byte{0, 2, 0, 0, 4, 0}),
		"nothing":                      body(0, nil),
	}
}
