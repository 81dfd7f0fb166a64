package robustness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/test/site"
)

const (
	traders = 16
	// The time between two orders of a terminal, in a long run and in the short form.
	longOrderPace, shortOrderPace = 40 * time.Millisecond, 80 * time.Millisecond
	// answerPatience bounds how long an order of a session that lives may wait for its answer, or for the front's
	// word that there will be none: longer than the longest fault of a core that its sessions survive.
	answerPatience = 30 * time.Second
	orderPrice     = 100
)

// traded are the terminals' counts. Those from Twice on must be 0.
type traded struct {
	Sent     int          `json:"orders_sent"`
	Answered int          `json:"orders_answered"` // by a core
	Refused  map[int]int  `json:"orders_refused"`  // by a front, by code
	Open     int          `json:"orders_cut_off"`  // their session ended before an answer
	Fills    int          `json:"fills"`
	Exits    map[byte]int `json:"force_exits"` // by code
	Sessions int          `json:"sessions"`

	Twice        int `json:"order_answered_twice"`
	Disorder     int `json:"answer_out_of_order"`
	FillDisorder int `json:"fill_out_of_order"`
	Silent       int `json:"order_without_answer"`
	Wrong        int `json:"wrong_answer"` // a code, a message or an end that no fault excuses
}

func (c *traded) good() bool { return c.Twice+c.Disorder+c.FillDisorder+c.Silent+c.Wrong == 0 }

// crowd is terminals that come, trade for a while, and go, through every fault.
type crowd struct {
	*ledger // of the logins
	site    *site.Site
	fronts  []string // addresses
	stop    context.CancelFunc
	wg      sync.WaitGroup
	paused  atomic.Bool

	mu    sync.Mutex
	count traded
	wrong []string // the first findings
}

func startCrowd(ctx context.Context, s *site.Site, fronts []string, seed uint64) *crowd {
	ctx, stop := context.WithCancel(ctx)
	c := &crowd{ledger: newLedger(), site: s, fronts: fronts, stop: stop, count: traded{Refused: map[int]int{}, Exits: map[byte]int{}}}
	for i := range traders {
		r := &trader{crowd: c, number: i, account: s.Users[i], random: rand.New(rand.NewPCG(seed, uint64(i)))}
		c.wg.Go(func() { r.run(ctx) })
	}
	return c
}

// end lets the sessions that are open finish.
func (c *crowd) end() {
	c.stop()
	c.wg.Wait()
}

func (c *crowd) counts() (traded, []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	count := c.count
	count.Refused, count.Exits = maps.Clone(count.Refused), maps.Clone(count.Exits)
	return count, slices.Clone(c.wrong)
}

// sentAway counts the terminals that got a ForceExit.
func (c *crowd) sentAway() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, exits := range c.count.Exits {
		n += exits
	}
	return n
}

// find counts a finding and keeps the first ones.
func (c *crowd) find(n *int, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*n++
	if len(c.wrong) < maxExamples {
		c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
	}
}

// trader is one customer, who has one terminal at a time.
type trader struct {
	*crowd
	number  int
	account demo.Account
	random  *rand.Rand
	orders  int   // references given
	fill    int32 // number of the last fill
}

func (r *trader) run(ctx context.Context) {
	for ctx.Err() == nil {
		if !r.paused.Load() {
			r.visit(ctx)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(50+r.random.IntN(150)) * time.Millisecond):
		}
	}
}

// visit is one connection: a login, orders, an end.
func (r *trader) visit(ctx context.Context) {
	s := &trading{trader: r, outcomes: map[uint32]bool{}, news: make(chan struct{}, 1)}
	call, cancel := context.WithTimeout(context.Background(), visitPatience)
	defer cancel()
	a, result, err := s.logIn(call)
	r.close(a, result, err)
	if s.conn == nil {
		return
	}
	defer s.conn.Close()
	if err != nil {
		r.judgeEnd(err)
		return
	}
	s.session = fmt.Sprintf("%d/%d of %s", result.FrontID, result.SessionID, r.account.Account)
	s.trade(ctx)
	if s.settled() {
		bye, cancel := context.WithTimeout(context.Background(), visitPatience)
		defer cancel()
		if r.random.IntN(3) > 0 {
			_ = s.conn.Logout(bye) // it may meet any fault
		}
	}
	_ = s.conn.Close()
	s.book()
}

// trading is one session of a trader.
type trading struct {
	*trader
	conn    *client.Conn
	session string

	mu       sync.Mutex
	sent     uint32          // number of the last order
	outcomes map[uint32]bool // by number: answered by the core, else refused by the front
	answered uint32          // number of the last answer of the core
	lastFill uint32
	news     chan struct{} // has one token after an outcome
}

func (s *trading) logIn(ctx context.Context) (*attempt, *client.LoginResult, error) {
	front := s.random.IntN(len(s.fronts))
	conn, err := client.Dial(ctx, s.fronts[front], client.WithSourceAddr(anySource(s.random)), client.WithHandler(s.take))
	if err != nil {
		return nil, nil, err
	}
	s.conn = conn
	app := oneOf(s.random, s.site.Apps)
	if _, err := conn.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: string(app.AppID)}, app.AuthCode); err != nil {
		return nil, nil, err
	}
	a, req := prepare(s.random, s.site, conn, app, s.account)
	a.front = int32(front + 1)
	if s.fill > 0 {
		req.Resume = []client.ResumePoint{{Series: uint16(s.number + 1), Number: s.fill}}
	}
	s.open(a)
	result, err := conn.Login(ctx, req)
	return a, &result, err
}

// trade sends orders until the session is to end or has ended.
func (s *trading) trade(ctx context.Context) {
	stay := time.Duration(s.random.Int64N(int64(1500 * time.Millisecond)))
	switch {
	case s.random.IntN(8) == 0:
		stay *= 8 // long enough to live through a core's restart
	case *duration > 0:
		stay *= 2
	}
	end := time.NewTimer(stay)
	defer end.Stop()
	pace := longOrderPace
	if *duration == 0 {
		pace = shortOrderPace
	}
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-end.C:
			return
		case <-s.conn.Done():
			return
		case <-tick.C:
			for range 1 + s.random.IntN(3)/2 { // at times two at once
				s.order()
			}
		}
	}
}

func (s *trading) order() {
	s.orders++
	o := coresim.Order{
		Ref: fmt.Sprintf("t%d-%d", s.number, s.orders), Instrument: "SIM2612", Direction: coresim.Buy, Price: orderPrice, Volume: 1,
	}
	if s.random.IntN(2) == 0 {
		o.Direction = coresim.Sell
	}
	data, err := o.Encode()
	if err != nil {
		s.find(&s.count.Wrong, "order %+v: %v", o, err)
		return
	}
	number, err := s.conn.Send(context.Background(), client.Outgoing{
		TID: uint32(coresim.TIDOrderInsert), Fields: []client.Field{{FID: uint32(coresim.FIDOrder), Data: data}},
	})
	if err != nil {
		return // the connection has ended
	}
	s.mu.Lock()
	s.sent = number
	s.mu.Unlock()
	s.crowd.mu.Lock()
	s.count.Sent++
	s.crowd.mu.Unlock()
}

// take is the handler of what arrives.
func (s *trading) take(m client.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	series, number, aboutRequest := m.Target()
	switch {
	case aboutRequest && series == 0:
		s.outcome(number, false, m.Err())
	case m.TID == uint32(coresim.TIDOrderInsert) && m.Series == 0:
		s.outcome(m.Number, true, m.Err())
		if m.Number <= s.answered {
			s.find(&s.count.Disorder, "%s: the answer %d came behind %d", s.session, m.Number, s.answered)
		}
		s.answered = m.Number
	case m.TID == uint32(coresim.TIDTradeInsertSingle) && m.Series == uint16(s.number+1):
		s.filled(&m)
	case m.TID == uint32(coresim.TIDMarketStatus):
	default:
		s.find(&s.count.Wrong, "%s: a message %x of series %d, number %d", s.session, m.TID, m.Series, m.Number)
	}
}

// outcome notes the answer to an order. mu is held.
func (s *trading) outcome(number uint32, byCore bool, refusal *client.Error) {
	if before, twice := s.outcomes[number]; twice {
		s.find(&s.count.Twice, "%s: order %d was answered before (by the core: %v) and again (by the core: %v, %v)", s.session, number, before, byCore, refusal)
	}
	s.outcomes[number] = byCore
	switch {
	case refusal != nil && (byCore || !excused(refusal.Code)):
		s.find(&s.count.Wrong, "%s: order %d: %v", s.session, number, refusal)
	case refusal != nil:
		s.crowd.mu.Lock()
		s.count.Refused[refusal.Code]++
		s.crowd.mu.Unlock()
	}
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// filled notes a message of the private flow: numbers rise within a session. mu is held.
func (s *trading) filled(m *client.Message) {
	var trade coresim.Trade
	if data, _ := m.Field(uint32(coresim.FIDTrade)); trade.Decode(data) != nil || trade.User != string(s.account.Account) {
		s.find(&s.count.Wrong, "%s: the fill %d is %+v", s.session, m.Number, trade)
	}
	if m.Number <= s.lastFill {
		s.find(&s.count.FillDisorder, "%s: the fill %d came behind %d", s.session, m.Number, s.lastFill)
	}
	s.lastFill = m.Number
	s.crowd.mu.Lock()
	s.count.Fills++
	s.crowd.mu.Unlock()
}

// settled waits until every order has an outcome; false if the connection ended before.
func (s *trading) settled() bool {
	deadline := time.NewTimer(answerPatience)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		open := int(s.sent) - len(s.outcomes)
		s.mu.Unlock()
		if open <= 0 {
			return true
		}
		select {
		case <-s.news:
		case <-s.conn.Done():
			return false
		case <-deadline.C:
			s.mu.Lock()
			defer s.mu.Unlock()
			s.find(&s.count.Silent, "%s lives, and %d of its %d orders have no answer after %v: %v",
				s.session, open, s.sent, answerPatience, s.unanswered())
			return true
		}
	}
}

// unanswered are the numbers of the orders without an outcome. mu is held.
func (s *trading) unanswered() (numbers []uint32) {
	for n := uint32(1); n <= s.sent; n++ {
		if _, there := s.outcomes[n]; !there {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// book adds the session to the crowd's counts.
func (s *trading) book() {
	<-s.conn.Done()
	s.judgeEnd(s.conn.Err())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastFill > 0 {
		s.fill = int32(s.lastFill)
	}
	s.crowd.mu.Lock()
	defer s.crowd.mu.Unlock()
	s.count.Sessions++
	for _, byCore := range s.outcomes {
		if byCore {
			s.count.Answered++
		}
	}
	s.count.Open += int(s.sent) - len(s.outcomes)
}

// judgeEnd counts how a connection ended.
func (r *trader) judgeEnd(err error) {
	var exit *client.ForceExit
	var violation *client.ViolationError
	switch {
	case errors.As(err, &violation):
		r.find(&r.count.Wrong, "%s: %v", r.account.Account, err)
	case errors.As(err, &exit):
		r.mu.Lock()
		r.count.Exits[exit.Code]++
		r.mu.Unlock()
	}
}
