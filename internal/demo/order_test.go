package demo

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
)

// message is one of a trading core's, as a terminal's handler gets it.
func message(t *testing.T, tid ftd.TID, number uint32, fields func(*ftd.Encoder)) client.Message {
	t.Helper()
	e := ftd.Begin(nil, tid)
	fields(&e)
	frame, err := e.End()
	if err != nil {
		t.Fatal(err)
	}
	return client.Message{TID: uint32(tid), Chain: 'S', Number: number, Body: frame[ftd.FrameHeaderLen:]}
}

func TestAnswersOfOrders(t *testing.T) {
	accepted := func(e *ftd.Encoder) {
		e.Raw(coresim.FIDOrderID, []byte("000000000042"))
		e.Error(&ftd.Error{Code: 0, TimeStamp: []byte("20260105090000")})
	}
	refused := func(e *ftd.Encoder) { e.Error(&ftd.Error{Code: 90, TimeStamp: []byte("20260105090000")}) }
	for _, c := range []struct {
		name   string
		tid    ftd.TID
		fields func(*ftd.Encoder)
		id     int
		code   int
		failed bool
	}{
		{"accepted", coresim.TIDOrderInsert, accepted, 42, 0, false},
		{"refused by the core", coresim.TIDOrderInsert, refused, 0, 90, true},
		{"refused by the front", ftd.TIDError, refused, 0, 90, true},
		{"without its field", coresim.TIDOrderInsert, func(*ftd.Encoder) {}, 0, 0, true},
		{"a short field", coresim.TIDOrderInsert, func(e *ftd.Encoder) { e.Raw(coresim.FIDOrderID, []byte("42")) }, 0, 0, true},
	} {
		i := newInbox("mine")
		i.receive(message(t, c.tid, 7, c.fields))
		a := <-i.answers
		var refusal *client.Error
		code := 0
		if errors.As(a.err, &refusal) {
			code = refusal.Code
		}
		if a.number != 7 || a.orderID != c.id || (a.err != nil) != c.failed || code != c.code {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
}

// Fills of the account's other terminals come too; only its own are counted, and no number of them blocks the reader.
func TestAnInboxNeverBlocks(t *testing.T) {
	i := newInbox("mine")
	fill := func(ref string) client.Message {
		// TradeID, OrderID, UserID, OrderRef, InstrumentID, Direction, Price, Volume, Remaining
		data := fmt.Appendf(nil, "%012d%012d%-18s%-24s%-30s%c%010d%08d%08d", 1, 2, "u", ref, "SIM2612", coresim.Buy, 1, 1, 0)
		return message(t, coresim.TIDTradeInsertSingle, 1, func(e *ftd.Encoder) { e.Raw(coresim.FIDTrade, data) })
	}
	for range 2 * inboxFlow {
		i.receive(fill("mine"))
		i.receive(fill("other"))
		i.receive(message(t, coresim.TIDOrderInsert, 1, func(*ftd.Encoder) {}))
	}
	i.receive(message(t, coresim.TIDTradeInsertSingle, 1, func(*ftd.Encoder) {})) // no trade in it
	if i.own.Load() != 2*inboxFlow || len(i.fills) != inboxFlow || len(i.answers) != inboxAnswers {
		t.Errorf("%d own, %d kept, %d answers", i.own.Load(), len(i.fills), len(i.answers))
	}
}

// A front that says nothing fails the scene: nothing is shown as sent or received.
func TestPlayTradeAgainstADeafFront(t *testing.T) {
	f := firm(t, deafFront(t))
	f.Accounts = append(f.Accounts, f.Accounts[0])
	told := 0
	answers, err := PlayTrade(t.Context(), f, func(Said) { told++ })
	var closed *client.ClosedError
	if !errors.As(err, &closed) || told != 0 || len(answers) != 0 {
		t.Errorf("%v, %d told, %d answers", err, told, len(answers))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := PlayTrade(ctx, f, func(Said) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
