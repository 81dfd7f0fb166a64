package coresim

import "container/heap"

// book matches orders of one instrument: best price first, then the order that was there first.
type book struct {
	buys, sells side
	orders      int // how many there were: the last OrderID
	trades      int
	last        int // price of the last trade
}

// resting is an order, or what is left of it.
type resting struct {
	id        int
	account   *account
	ref       string
	direction byte
	price     int
	volume    int
}

// fill is one match; taker and maker are the orders as it left them.
type fill struct {
	id           int
	price        int
	volume       int
	taker, maker resting
}

func newBook() book { return book{sells: side{ascending: true}} }

// insert matches an order, and keeps what is left of it. ok is false if the book is full.
func (b *book) insert(a *account, o *Order) (id int, fills []fill, ok bool) {
	own, other := &b.buys, &b.sells
	if o.Direction == Sell {
		own, other = other, own
	}
	if own.Len() >= MaxResting {
		return 0, nil, false
	}
	b.orders++
	taker := resting{id: b.orders, account: a, ref: o.Ref, direction: o.Direction, price: o.Price, volume: o.Volume}
	for taker.volume > 0 && other.Len() > 0 && other.crosses(o.Price) {
		fills = append(fills, b.match(&taker, other))
	}
	if taker.volume > 0 {
		heap.Push(own, taker)
	}
	return taker.id, fills, true
}

// match fills taker against the best of the other side, at that one's price.
func (b *book) match(taker *resting, other *side) fill {
	maker := &other.orders[0]
	volume := min(taker.volume, maker.volume)
	taker.volume -= volume
	maker.volume -= volume
	b.trades++
	b.last = maker.price
	f := fill{id: b.trades, price: maker.price, volume: volume, taker: *taker, maker: *maker}
	if maker.volume == 0 {
		heap.Pop(other)
	}
	return f
}

// side is the orders of one direction as a heap, the best on top.
type side struct {
	ascending bool // the lowest price is the best: of sells
	orders    []resting
}

// crosses reports whether the best order's price is at least as good as a limit on the other side.
func (s *side) crosses(limit int) bool {
	if s.ascending {
		return s.orders[0].price <= limit
	}
	return s.orders[0].price >= limit
}

func (s *side) Len() int { return len(s.orders) }

func (s *side) Less(i, j int) bool {
	a, b := &s.orders[i], &s.orders[j]
	if a.price != b.price {
		return (a.price < b.price) == s.ascending
	}
	return a.id < b.id
}

func (s *side) Swap(i, j int) { s.orders[i], s.orders[j] = s.orders[j], s.orders[i] }

func (s *side) Push(x any) { s.orders = append(s.orders, x.(resting)) }

func (s *side) Pop() any {
	n := len(s.orders) - 1
	x := s.orders[n]
	s.orders[n] = resting{}
	s.orders = s.orders[:n]
	return x
}
