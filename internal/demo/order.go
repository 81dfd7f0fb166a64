package demo

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
)

// What terminals of the crowd order: limits around basePrice, so that many match.
const (
	basePrice   = 3500 // ticks
	priceSpread = 5
	maxVolume   = 10
)

// Bounds of an inbox.
const (
	inboxFlow    = 64 // fills that wait to be looked at; more are not kept
	inboxAnswers = 1  // a terminal has one order in flight
)

// inbox takes what the trading core sends to one terminal. Its method receive never blocks the connection's reader.
type inbox struct {
	ref     string // the terminal's own OrderRef
	answers chan answer
	fills   chan Fill
	own     atomic.Int64 // fills of ref
}

// answer is what came back for an order.
type answer struct {
	number  uint32
	orderID int
	err     error // of the core or the front; nil if the order was accepted
}

// Fill is a TradeInsertSingle of core-sim, with its place in the account's private flow.
type Fill struct {
	Series uint16
	Number uint32
	Trade  coresim.Trade
}

func newInbox(ref string) *inbox {
	return &inbox{ref: ref, answers: make(chan answer, inboxAnswers), fills: make(chan Fill, inboxFlow)}
}

// receive is the client's handler.
func (i *inbox) receive(m client.Message) {
	switch ftd.TID(m.TID) {
	case coresim.TIDOrderInsert, ftd.TIDError:
		select {
		case i.answers <- answerOf(&m):
		default: // no order waits for it
		}
	case coresim.TIDTradeInsertSingle:
		f, err := fillOf(&m)
		if err != nil {
			return
		}
		if f.Trade.Ref == i.ref {
			i.own.Add(1)
		}
		select {
		case i.fills <- f:
		default:
		}
	}
}

func answerOf(m *client.Message) answer {
	a := answer{number: m.Number}
	if err := m.Err(); err != nil {
		a.err = err
		return a
	}
	data, there := m.Field(uint32(coresim.FIDOrderID))
	if !there {
		a.err = errors.New("the answer to an order has no OrderID")
		return a
	}
	a.orderID, a.err = coresim.OrderID(data)
	return a
}

func fillOf(m *client.Message) (Fill, error) {
	f := Fill{Series: m.Series, Number: m.Number}
	data, there := m.Field(uint32(coresim.FIDTrade))
	if !there {
		return f, errors.New("a trade without its field")
	}
	return f, f.Trade.Decode(data)
}

// order sends o and waits for its answer.
func (v *visitor) order(ctx context.Context, o *coresim.Order) (answer, error) {
	data, err := o.Encode()
	if err != nil {
		return answer{}, err
	}
	begin := time.Now()
	number, err := v.conn.Send(ctx, client.Outgoing{
		TID: uint32(coresim.TIDOrderInsert), Fields: []client.Field{{FID: uint32(coresim.FIDOrder), Data: data}},
	})
	if err != nil {
		return answer{}, err
	}
	select {
	case a := <-v.inbox.answers:
		if a.number != number && a.err == nil {
			a.err = fmt.Errorf("order %d got the answer of request %d", number, a.number)
		}
		v.orderTook = time.Since(begin)
		return a, a.err
	case <-v.conn.Done():
		return answer{}, v.conn.Err()
	case <-ctx.Done():
		return answer{}, fmt.Errorf("order %d: no answer: %w", number, context.Cause(ctx))
	}
}

// trade places an order of the crowd's and notes that it was accepted. A firm that trades nothing gets none.
func (v *visitor) trade(ctx context.Context) error {
	if v.firm.Instrument == "" {
		return nil
	}
	o := coresim.Order{
		Ref: v.inbox.ref, Instrument: v.firm.Instrument, Direction: coresim.Buy,
		Price: basePrice - priceSpread + v.random.IntN(2*priceSpread+1), Volume: 1 + v.random.IntN(maxVolume),
	}
	if v.random.IntN(2) == 0 {
		o.Direction = coresim.Sell
	}
	_, err := v.order(ctx, &o)
	v.ordered = err == nil
	return err
}
