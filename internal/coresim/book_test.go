package coresim

import (
	"fmt"
	"math/rand"
	"sort"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

// A fill reaches both customers by their private flows, behind the answer of the order that caused it.
func TestOrdersMatchByPriceThenTime(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	f := linked(t, address)
	f.opened(1, "alice")
	f.opened(2, "bob")
	for i, o := range []Order{
		{Ref: "a1", Direction: Sell, Price: 101, Volume: 5}, {Ref: "a2", Direction: Sell, Price: 100, Volume: 3}, {Ref: "a3", Direction: Sell, Price: 100, Volume: 4},
	} {
		if code := f.ordered(1, uint32(i+1), o); code != 0 {
			t.Fatalf("%v: %d", o, code)
		}
	}
	if code := f.ordered(2, 1, Order{Ref: "b1", Direction: Buy, Price: 101, Volume: 9}); code != 0 {
		t.Fatal(code)
	}
	numbers := map[int32]int32{}
	for i, want := range []Trade{
		{1, 4, "bob", "b1", "SIM2612", Buy, 100, 3, 6},
		{1, 2, "alice", "a2", "SIM2612", Sell, 100, 3, 0},
		{2, 4, "bob", "b1", "SIM2612", Buy, 100, 4, 2},
		{2, 3, "alice", "a3", "SIM2612", Sell, 100, 4, 0},
		{3, 4, "bob", "b1", "SIM2612", Buy, 101, 2, 0},
		{3, 1, "alice", "a1", "SIM2612", Sell, 101, 2, 3},
	} {
		g := f.next()
		var got Trade
		f.field(g, FIDTrade, &got)
		session := map[string]int32{"alice": 1, "bob": 2}[want.User]
		if numbers[session]++; got != want || g.h.TID != TIDTradeInsertSingle || g.tag.SessionID != session ||
			g.h.SequenceSeries != s.Series(want.User) || number(g) != numbers[session] {
			t.Errorf("fill %d: %+v, want %+v; %v, series %d, number %d", i, got, want, g.tag, g.h.SequenceSeries, number(g))
		}
	}
	if r := s.Report(); r.Resting != 1 || r.Now().Trades != 3 || r.Now().Fills != 6 || r.Now().Orders != 4 {
		t.Errorf("%+v", r)
	}
}

func TestBadOrdersAreRefused(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	f := linked(t, address)
	f.opened(1, "alice")
	good := Order{Ref: "r", Direction: Buy, Price: 1, Volume: 1}
	if code := f.ordered(1, 1, good); code != 0 {
		t.Fatal(code)
	}
	for i, spoil := range []func(o *Order){
		func(*Order) {}, // the same reference again
		func(o *Order) { o.Ref = "" }, func(o *Order) { o.Instrument = "other" }, func(o *Order) { o.Direction = '2' },
		func(o *Order) { o.Price = 0 }, func(o *Order) { o.Volume = 0 },
	} {
		o := good
		if o.Ref = fmt.Sprint("r", i); i == 0 {
			o.Ref = "r"
		}
		spoil(&o)
		if code := f.ordered(1, uint32(i+2), o); code != codeField {
			t.Errorf("%+v: %d", o, code)
		}
	}
	f.pass(1, business(TIDOrderInsert, 'S', 50, "no order"))
	if g := f.next(); g.h.TID != TIDOrderInsert || f.code(g) != codeField {
		t.Errorf("%v", g.h)
	}
	if n := s.Report(); n.Now().DuplicateOrders != 1 || n.Now().OrdersRefused != 7 || n.Resting != 1 {
		t.Errorf("%+v", n)
	}
}

// The heap's book fills as one that looks at every order each time.
func TestBookAgainstAModel(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(1))
	a := &account{}
	for range 200 {
		b := newBook()
		var resting []resting
		for id := 1; id <= 60; id++ {
			o := Order{Ref: "r", Direction: byte(Buy + r.Intn(2)), Price: 1 + r.Intn(6), Volume: 1 + r.Intn(9)}
			_, fills, _ := b.insert(a, &o)
			got := []string{}
			for _, f := range fills {
				got = append(got, fmt.Sprint(f.maker.id, f.price, f.volume, f.taker.volume, f.maker.volume))
			}
			var want []string
			want, resting = modelled(resting, id, o)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("order %d %+v: %v, want %v", id, o, got, want)
			}
		}
		if len(resting) != b.buys.Len()+b.sells.Len() {
			t.Fatalf("%d orders are left, want %d", b.buys.Len()+b.sells.Len(), len(resting))
		}
	}
}

func modelled(all []resting, id int, o Order) (fills []string, left []resting) {
	better := func(i, j int) bool {
		if all[i].price != all[j].price {
			return (all[i].price < all[j].price) == (o.Direction == Buy)
		}
		return all[i].id < all[j].id
	}
	sort.SliceStable(all, better)
	for _, m := range all {
		crosses := m.direction != o.Direction && (o.Direction == Buy && m.price <= o.Price || o.Direction == Sell && m.price >= o.Price)
		if v := min(o.Volume, m.volume); crosses && v > 0 {
			o.Volume -= v
			m.volume -= v
			fills = append(fills, fmt.Sprint(m.id, m.price, v, o.Volume, m.volume))
		}
		if m.volume > 0 {
			left = append(left, m)
		}
	}
	if o.Volume > 0 {
		left = append(left, resting{id: id, direction: o.Direction, price: o.Price, volume: o.Volume})
	}
	return fills, left
}

// Points ask for a flow from the beginning, behind a number, or from now; others' flows are not given out.
func TestPrivateFlowIsSentAgain(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	f := linked(t, address)
	f.opened(1, "alice")
	for i := range 3 {
		f.ordered(1, uint32(2*i+1), Order{Ref: fmt.Sprint("s", i), Direction: Sell, Price: 5, Volume: 1})
		f.ordered(1, uint32(2*i+2), Order{Ref: fmt.Sprint("b", i), Direction: Buy, Price: 5, Volume: 1})
		f.next()
		f.next()
	}
	series := s.Series("alice")
	for session, c := range map[int32]struct {
		points []ftd.Point
		want   []int32
	}{
		10: {[]ftd.Point{{Series: series}}, []int32{1, 2, 3, 4, 5, 6}},
		11: {[]ftd.Point{{Series: series, Number: 4}}, []int32{5, 6}},
		12: {[]ftd.Point{{Series: series, Number: -1}}, nil},
		13: {[]ftd.Point{{Series: series, Number: 6}}, nil},
		14: {[]ftd.Point{{Series: series, Number: 99}}, nil},
		15: {[]ftd.Point{{Series: s.Series("bob")}}, nil},
		16: {nil, nil},
	} {
		f.opened(session, "alice", c.points...)
		for _, want := range c.want {
			if g := f.next(); g.tag.SessionID != session || number(g) != want || g.h.SequenceSeries != series {
				t.Errorf("%v of series %d, number %d; want %d", g.tag, g.h.SequenceSeries, number(g), want)
			}
		}
		if g := f.settled(99); g.h.TID != ftd.TIDSessionVerify {
			t.Fatalf("points %v: %v came too", c.points, g.h)
		}
		f.reason(ftd.TIDSessionClose, session, ftd.ReasonLogout)
	}
	if n := s.Report(); n.Now().ForeignSeries != 1 || n.Now().Replayed != 8 {
		t.Errorf("%+v", n)
	}
}

func TestBroadcasts(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	one, two := linked(t, address), dial(t, address)
	two.id = 2
	two.login()
	for i, line := range []string{"broadcast B the market opens", "broadcast D for those who asked"} {
		do(t, s, line)
		for _, f := range []*scripted{one, two} {
			g := f.next()
			var status Status
			f.field(g, FIDStatus, &status)
			to, ok := g.frame.Ext.Audience()
			if !ok || to != []ftd.Audience{'B', 'D'}[i] || g.h.TID != TIDMarketStatus || number(g) != 1 ||
				g.h.SequenceSeries != []uint16{seriesEverybody, seriesWanted}[i] || status.Text != line[12:] {
				t.Errorf("%s: %v %+v %+v", line, to, g.h, status)
			}
		}
	}
	one.opened(3, "alice", ftd.Point{Series: seriesWanted})
	if g := one.next(); g.tag.SessionID != 3 || g.h.SequenceSeries != seriesWanted || number(g) != 1 {
		t.Errorf("%v %+v", g.tag, g.h)
	}
}

// A flow forgets its oldest messages only, and says that they are gone.
func TestFlow(t *testing.T) {
	t.Parallel()
	f := flow{series: 9}
	for range 5 {
		f.append(business(0x1001, 'S', 0, "x"))
	}
	f.bodies, f.first = f.bodies[2:], 3 // as at MaxHistory
	for number, want := range map[int32]struct {
		n       int
		missing bool
	}{0: {3, true}, 1: {3, true}, 2: {3, false}, 4: {1, false}, 5: {0, false}, 6: {0, false}, -1: {0, false}} {
		if got, missing := f.after(number); len(got) != want.n || missing != want.missing {
			t.Errorf("after %d: %d, %v; want %+v", number, len(got), missing, want)
		}
	}
	f.reach(10)
	f.append(business(0x1001, 'S', 0, "x"))
	if got, missing := f.after(10); len(got) != 1 || missing || f.last != 11 {
		t.Errorf("%d %v %d", len(got), missing, f.last)
	}
	if got, missing := f.after(4); len(got) != 1 || !missing {
		t.Errorf("%d %v", len(got), missing)
	}
}
