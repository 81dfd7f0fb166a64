package coresim

import (
	"errors"
	"strconv"

	"github.com/tradefront/tradefront/internal/ftd"
)

// Messages and fields of the toy book; see the package comment.
const (
	TIDOrderInsert       ftd.TID = 0x00000003
	TIDTradeInsertSingle ftd.TID = 0x00001001
	TIDMarketStatus      ftd.TID = 0x00001101

	FIDOrder   ftd.FID = 0x0000A001
	FIDOrderID ftd.FID = 0x0000A002
	FIDTrade   ftd.FID = 0x0000A003
	FIDStatus  ftd.FID = 0x0000A004
)

// Directions of an order.
const (
	Buy  = '0'
	Sell = '1'
)

const (
	orderLen   = 24 + 30 + 1 + 10 + 8 // and the account, if there is one
	accountLen = 18
	idLen      = 12
	tradeLen   = idLen + idLen + 18 + 24 + 30 + 1 + 10 + 8 + 8
	statusLen  = 30 + 10 + 60
)

var (
	errLong   = errors.New("an item is longer than its place")
	errNumber = errors.New("want decimal digits")
	errShort  = errors.New("the field is shorter than its items")
)

// Order is the field SimOrder: what a terminal asks for.
type Order struct {
	Ref        string // the terminal's own; not empty: a second order of the user's with it is counted
	Instrument string
	Direction  byte // Buy or Sell
	Price      int  // in ticks, 1 and above
	Volume     int  // 1 to MaxVolume
	// Account is the customer for whom an operator orders, at the end of the field; "" for the one who is logged in.
	Account string
}

// Decode reads the data of a field.
func (o *Order) Decode(data []byte) error {
	if len(data) < orderLen {
		return errShort
	}
	r := reader{data: data}
	o.Ref, o.Instrument, o.Direction = r.text(24), r.text(30), r.text(1)[0]
	o.Price, o.Volume = r.number(10), r.number(8)
	if o.Account = ""; len(data) >= orderLen+accountLen {
		o.Account = r.text(accountLen)
	}
	return r.err
}

// Encode is the data of a field.
func (o *Order) Encode() ([]byte, error) {
	w := writer{}
	w.text(24, o.Ref)
	w.text(30, o.Instrument)
	w.data = append(w.data, o.Direction)
	w.number(10, o.Price)
	w.number(8, o.Volume)
	if o.Account != "" {
		w.text(accountLen, o.Account)
	}
	return w.data, w.err
}

// Trade is the field SimTrade: a fill of one order.
type Trade struct {
	TradeID, OrderID int
	User             string
	Ref              string
	Instrument       string
	Direction        byte
	Price            int
	Volume           int
	Remaining        int // of the order
}

// Decode reads the data of a field.
func (t *Trade) Decode(data []byte) error {
	if len(data) < tradeLen {
		return errShort
	}
	r := reader{data: data}
	t.TradeID, t.OrderID, t.User, t.Ref = r.number(idLen), r.number(idLen), r.text(18), r.text(24)
	t.Instrument, t.Direction = r.text(30), r.text(1)[0]
	t.Price, t.Volume, t.Remaining = r.number(10), r.number(8), r.number(8)
	return r.err
}

func (t *Trade) encode() ([]byte, error) {
	w := writer{data: make([]byte, 0, tradeLen)}
	w.number(idLen, t.TradeID)
	w.number(idLen, t.OrderID)
	w.text(18, t.User)
	w.text(24, t.Ref)
	w.text(30, t.Instrument)
	w.data = append(w.data, t.Direction)
	w.number(10, t.Price)
	w.number(8, t.Volume)
	w.number(8, t.Remaining)
	return w.data, w.err
}

// Status is the field SimStatus: a broadcast.
type Status struct {
	Instrument string
	LastPrice  int // of the last trade, 0 before the first
	Text       string
}

// Decode reads the data of a field.
func (s *Status) Decode(data []byte) error {
	if len(data) < statusLen {
		return errShort
	}
	r := reader{data: data}
	s.Instrument, s.LastPrice, s.Text = r.text(30), r.number(10), r.text(60)
	return r.err
}

func (s *Status) append(m *ftd.Encoder) error {
	w := writer{}
	w.text(30, s.Instrument)
	w.number(10, s.LastPrice)
	w.text(60, s.Text)
	m.Raw(FIDStatus, w.data)
	return w.err
}

// OrderID reads the data of the field SimOrderID.
func OrderID(data []byte) (int, error) {
	if len(data) < idLen {
		return 0, errShort
	}
	r := reader{data: data}
	id := r.number(idLen)
	return id, r.err
}

// reader and writer are the items of these fields: text padded with spaces, digits with zeros.
type reader struct {
	data []byte
	err  error
}

func (r *reader) raw(n int) []byte {
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

// text keeps one byte at least as it is, for items of one.
func (r *reader) text(n int) string {
	if n == 1 {
		return string(r.raw(1))
	}
	return trim(r.raw(n))
}

func (r *reader) number(n int) (v int) {
	for _, c := range r.raw(n) {
		if c < '0' || c > '9' {
			r.err = errNumber
			return 0
		}
		v = v*10 + int(c-'0')
	}
	return v
}

type writer struct {
	data []byte
	err  error
}

func (w *writer) text(n int, s string) {
	if len(s) > n {
		w.err = errLong
		return
	}
	w.data = append(w.data, s...)
	for range n - len(s) {
		w.data = append(w.data, ' ')
	}
}

func (w *writer) number(n, v int) {
	var scratch [20]byte
	digits := strconv.AppendInt(scratch[:0], int64(v), 10)
	if v < 0 || len(digits) > n {
		w.err = errLong
		return
	}
	for range n - len(digits) {
		w.data = append(w.data, '0')
	}
	w.data = append(w.data, digits...)
}

// order takes OrderInsert: it is answered first, its fills follow.
func (l *link) order(s *session, h ftd.Header, whole [][]byte) {
	e := l.e
	e.count.Orders++
	var o Order
	id, fills, code := 0, []fill(nil), codeField
	switch good := fieldAmong(whole, FIDOrder, &o) && e.acceptable(&o); {
	case good && !s.mayOrder(o.Account, e.o.ReportedOnly):
		e.count.OrdersUnreported++
		code = codeNoRight
	case good:
		id, fills, code = e.place(s.account, &o)
	}
	l.answer(s.tag(), h, func(m *ftd.Encoder) {
		if code == codeOK {
			w := writer{}
			w.number(idLen, id)
			m.Raw(FIDOrderID, w.data)
		}
		m.Error(e.failure(code))
	})
	if code != codeOK {
		e.count.OrdersRefused++
	}
	for i := range fills {
		e.report(&fills[i])
	}
}

func (e *engine) acceptable(o *Order) bool {
	return o.Ref != "" && o.Instrument == e.o.Instrument && (o.Direction == Buy || o.Direction == Sell) &&
		o.Price >= 1 && o.Volume >= 1 && o.Volume <= MaxVolume
}

// place gives an order to the book.
func (e *engine) place(a *account, o *Order) (id int, fills []fill, code int) {
	ref := orderRef{a.User, o.Ref}
	if _, twice := e.refs[ref]; twice {
		e.count.DuplicateOrders++
		return 0, nil, codeField
	}
	if len(e.refs) < MaxRemembered {
		e.refs[ref] = struct{}{}
	}
	id, fills, ok := e.book.insert(a, o)
	if !ok {
		return 0, nil, codeBusy
	}
	return id, fills, codeOK
}

// report sends both sides of a fill on their private flows.
func (e *engine) report(f *fill) {
	e.count.Trades++
	for _, side := range []*resting{&f.taker, &f.maker} {
		t := Trade{
			TradeID: f.id, OrderID: side.id, User: side.account.User, Ref: side.ref, Instrument: e.o.Instrument,
			Direction: side.direction, Price: f.price, Volume: f.volume, Remaining: side.volume,
		}
		data, err := t.encode()
		if err != nil {
			continue
		}
		m := ftd.Begin(nil, TIDTradeInsertSingle)
		m.Raw(FIDTrade, data)
		frame, err := m.End()
		if err != nil {
			continue
		}
		body := frame[ftd.FrameHeaderLen:]
		side.account.flow.append(body)
		e.count.Fills++
		for s := range side.account.sessions {
			e.deliver(s, body)
		}
	}
}
