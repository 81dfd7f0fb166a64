package robustness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/terminalinfo"
	"github.com/tradefront/tradefront/test/site"
)

// way is how a terminal came.
type way string

const (
	direct   way = "direct"   // to a front
	investor way = "investor" // behind the many-to-many agent
	operator way = "operator" // behind the operator agent
	chained  way = "chained"  // behind a many-to-many relay below the many-to-many agent
	loginVia way = "loginVia" // reported by a many-to-many relay that a test plays
	desk     way = "desk"     // reported by the test's operator relay
	offline  way = "offline"  // the same, an order by telephone
	subdesk  way = "subdesk"  // reported by an operator relay below the operator agent
)

// atOnce is how many terminals of each way there are.
var atOnce = map[way]int{direct: 3, investor: 3, operator: 4, chained: 2, loginVia: 3, desk: 4, offline: 1, subdesk: 2}

// submits reports whether an operator relay reports the terminal: what is sent again is then no second record.
func (w way) submits() bool { return w == operator || w.atDesk() }

// atDesk reports whether an operator relay that the test plays reports the terminal.
func (w way) atDesk() bool { return w == desk || w == offline || w == subdesk }

// via is the relay that a terminal came through.
type via struct {
	way      way
	relay    string                 // RelayAppID, item 6
	told     client.RelayedTerminal // LoginTime is zero where an agent takes it
	userType regulation.UserType    // item 11
}

// Where the relays that the test plays connect from: the firm admits them from there alone. The agents come from
// 127.0.0.1.
var (
	manyHost  = netip.AddrFrom4([4]byte{127, 9, 9, 2})
	deskHost  = netip.AddrFrom4([4]byte{127, 9, 9, 3})
	belowHost = netip.AddrFrom4([4]byte{127, 9, 9, 4})
	subHost   = netip.AddrFrom4([4]byte{127, 9, 9, 5})
)

const (
	// relaysPace is the time between two visits of one terminal.
	relaysPace = 350 * time.Millisecond
	// goneBy is how long a visit of which the relay was disabled, or the scope narrowed, may still be refused for it.
	goneBy = 5 * time.Second
)

// throng is terminals that come in every way, stay for a while, and go.
type throng struct {
	*ledger
	site   *site.Site
	front  string            // address that leads to the fronts' listeners for terminals
	relays string            // to those for relays
	agents map[way]string    // agents' addresses
	secret map[string]string // authcodes of relays
	desks  map[way]*deskRelay
	stop   context.CancelFunc
	wg     sync.WaitGroup
	paused atomic.Bool
	busy   atomic.Int32 // visits whose login is on its way
	next   atomic.Uint32

	also   map[string]string // RecordIDs that were answered beside those of attempts; guarded by the ledger
	exits  map[byte]int      // ForceExits, by code
	barred time.Time         // until when 63 and 9 of the test's relays are excused; guarded by the ledger
}

func startThrong(ctx context.Context, t *throng, seed uint64) {
	ctx, t.stop = context.WithCancel(ctx)
	t.ledger, t.also, t.exits = newLedger(), map[string]string{}, map[byte]int{}
	t.excuse = t.excused
	machine := terminalinfo.Build(regulation.TerminalLinux, rand.New(rand.NewPCG(seed, 99)), time.Now())
	main := &deskRelay{throng: t, address: t.relays, id: deskID, operator: deskOperator, host: deskHost, machine: machine}
	below := &deskRelay{throng: t, address: t.agents[subdesk], id: subdeskID, operator: subOperator, host: subHost, machine: machine, below: true}
	t.desks = map[way]*deskRelay{desk: main, offline: main, subdesk: below}
	n := uint64(0)
	for w, count := range atOnce {
		for range count {
			n++
			r := &comer{throng: t, way: w, random: rand.New(rand.NewPCG(seed, n))}
			t.wg.Go(func() { r.run(ctx) })
		}
	}
}

// end lets the visits that are on their way finish.
func (t *throng) end() {
	t.stop()
	t.wg.Wait()
	for _, d := range t.desks {
		d.close()
	}
}

// bar excuses 63 and 9 of the relays that the test plays, as long as their permission is taken away.
func (t *throng) bar(until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.barred = until
}

// excused are the refusals of relays whose permission is taken away. mu is held.
func (t *throng) excused(a *attempt, w way, code int) bool {
	played := w == loginVia || w == desk || w == offline // not below an agent, which is not the relay that was disabled
	since := time.Now()
	if a != nil {
		since = a.sent
	}
	return played && (code == 63 || code == 9) && since.Before(t.barred)
}

// note keeps a RecordID that was answered to a relay itself, or to one that reported a terminal again.
func (t *throng) note(recordID, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.also[recordID] = what
}

// told is an address that no other terminal has.
func (t *throng) told(random *rand.Rand) netip.AddrPort {
	n := t.next.Add(1)
	addr := netip.AddrFrom4([4]byte{203, 0, byte(n >> 16), byte(n >> 8)})
	if random.IntN(4) == 0 {
		addr = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 13: byte(n >> 16), 14: byte(n >> 8), 15: 1})
	}
	return netip.AddrPortFrom(addr, uint16(1024+n&0xff))
}

// comer is one place of the throng: one terminal after the other that comes in that way.
type comer struct {
	*throng
	way    way
	random *rand.Rand
}

func (c *comer) run(ctx context.Context) {
	for ctx.Err() == nil {
		if !c.paused.Load() {
			c.visit(ctx)
		}
		select {
		case <-ctx.Done():
		case <-time.After(relaysPace/2 + time.Duration(c.random.Int64N(int64(relaysPace)))):
		}
	}
}

func (c *comer) visit(ctx context.Context) {
	call, cancel := context.WithTimeout(context.Background(), visitPatience)
	defer cancel()
	c.busy.Add(1)
	if c.way.atDesk() {
		d := c.desks[c.way]
		receipt := c.submit(call, d)
		c.busy.Add(-1)
		if receipt != nil {
			c.stay(ctx, d.left(receipt.SubmitID))
			d.end(receipt.SubmitID)
		}
		return
	}
	conn, a, result, err := c.logIn(call)
	c.closeBy(c.way, a, result, err)
	c.busy.Add(-1)
	if conn == nil {
		return
	}
	defer conn.Close()
	if err == nil {
		c.stay(ctx, conn.Done())
		c.ended(conn.Err())
		if c.random.IntN(2) == 0 {
			bye, cancel := context.WithTimeout(context.Background(), visitPatience)
			defer cancel()
			_ = conn.Logout(bye) // it may meet any fault
		}
	}
}

// stay is how long the terminal is logged in: now and then long enough to live through a fault.
func (c *comer) stay(ctx context.Context, gone <-chan struct{}) {
	stay := time.Duration(c.random.Int64N(int64(600 * time.Millisecond)))
	if c.random.IntN(3) == 0 || c.way.submits() && c.random.IntN(2) == 0 {
		stay *= 8 // then its relay reports it again
	}
	timer := time.NewTimer(stay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-gone:
	case <-ctx.Done():
	}
}

// ended counts how a connection ended.
func (c *comer) ended(err error) {
	var exit *client.ForceExit
	var violation *client.ViolationError
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.As(err, &violation) && len(c.wrong) < maxExamples:
		c.wrong = append(c.wrong, fmt.Sprintf("%s: %v", c.way, err))
	case errors.As(err, &exit):
		c.exits[exit.Code]++
	}
}

// where is whom a terminal of that way connects to, from where, and with which relay's AppID; "" with its own.
func (c *comer) where() (address string, from netip.Addr, relay string) {
	switch c.way {
	case loginVia:
		return c.relays, manyHost, manyRelay
	case chained:
		return c.agents[chained], belowHost, belowRelay
	case investor, operator:
		return c.agents[c.way], anySource(c.random), ""
	}
	return c.front, anySource(c.random), ""
}

func (c *comer) logIn(ctx context.Context) (*client.Conn, *attempt, *client.LoginResult, error) {
	address, from, relay := c.where()
	conn, err := client.Dial(ctx, address, client.WithSourceAddr(from))
	if err != nil {
		return nil, nil, nil, err
	}
	app := oneOf(c.random, c.site.Apps)
	id, code := string(app.AppID), app.AuthCode
	if relay != "" {
		id, code = relay, c.secret[relay]
	}
	if _, err := conn.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: id}, code); err != nil {
		return conn, nil, nil, err
	}
	a, req := c.prepare(conn, app)
	c.open(a)
	if relay == "" {
		result, err := conn.Login(ctx, req)
		return conn, a, &result, err
	}
	result, err := conn.LoginVia(ctx, req, a.via.told)
	return conn, a, &result, err
}

// prepare is what the terminal is, and what its relay tells of it.
func (c *comer) prepare(conn *client.Conn, app demo.App) (*attempt, client.LoginRequest) {
	var at netip.AddrPort
	switch c.way {
	case direct, investor, operator:
		at = localOf(conn)
	case loginVia, chained, desk, subdesk:
		at = c.told(c.random)
	}
	account := oneOf(c.random, c.site.Users)
	a, req := prepareAt(c.random, c.site, at, app, account)
	if c.way == offline && len(a.sealed) == 0 { // such a line is known by its ciphertext alone
		return c.prepare(conn, app)
	}
	if c.way == direct {
		return a, req
	}
	kind := byte('1' + c.random.IntN(5))
	if c.way == offline {
		kind = client.TerminalOffline
		text := terminalinfo.Build(regulation.TerminalType(kind), c.random, time.Now())
		a.sealed, _ = c.site.Key.Encrypt(nil, []byte(text)) // fails only without entropy
		req.Ciphertext = a.sealed
	}
	a.via = &via{
		way: c.way, relay: relayOf[c.way], userType: account.UserType,
		told: client.RelayedTerminal{AppID: string(app.AppID), PublicAddr: at, Type: kind},
	}
	if c.way.submits() {
		a.via.userType = regulation.UserOperator
	}
	if c.way != investor && c.way != operator {
		a.via.told.LoginTime = time.Now().Add(-time.Duration(c.random.IntN(3000)) * time.Millisecond).Truncate(time.Second)
	}
	return a, req
}

// submit reports a terminal at the desk.
func (c *comer) submit(ctx context.Context, d *deskRelay) *client.Receipt {
	relay := d.open()
	if relay == nil {
		c.closeBy(c.way, nil, nil, errNoDesk)
		return nil
	}
	a, req := c.prepare(nil, oneOf(c.random, c.site.Apps))
	c.open(a)
	receipt, err := relay.Submit(ctx, client.Submission{
		UserID: req.UserID, Terminal: a.via.told, KeyVersion: req.KeyVersion, AbnormalFlag: req.AbnormalFlag, Ciphertext: req.Ciphertext,
	})
	c.closeBy(c.way, a, &client.LoginResult{
		UserID: receipt.UserID, UserType: receipt.UserType, TradingDay: receipt.TradingDay, AbnormalFlag: receipt.AbnormalFlag,
		RecordID: receipt.RecordID, Relay: receipt.Relay,
	}, err)
	if err != nil {
		return nil
	}
	return &receipt
}

var errNoDesk = errors.New("the operator relay is not there")

// deskRelay is the operator relay that the test plays: one client.Relay after the other, since one that is refused for
// good ends.
type deskRelay struct {
	*throng
	address, id, operator string
	host                  netip.Addr
	machine               string // its terminal information
	below                 bool   // an agent: the operator's login there is no record

	mu     sync.Mutex
	relay  *client.Relay
	next   time.Time                         // before it no other one is made
	gone   map[client.SubmitID]chan struct{} // of live terminals
	closed bool
	ended  sync.WaitGroup
}

// open is the relay that works, or nil.
func (d *deskRelay) open() *client.Relay {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.relay != nil && d.relay.Err() == nil {
		return d.relay
	}
	if d.closed || time.Now().Before(d.next) {
		return nil
	}
	d.next = time.Now().Add(300 * time.Millisecond)
	if old := d.relay; old != nil {
		d.ended.Go(func() { _ = old.Close() })
	}
	relay, err := client.NewRelay(client.RelayOptions{
		Addresses: []string{d.address}, AuthCode: d.secret[d.id], RefusedRetry: 500 * time.Millisecond,
		Identity: client.Identity{BrokerID: "9999", AppID: d.id},
		Login:    client.LoginRequest{BrokerID: "9999", UserID: d.operator, Password: traderPassword, KeyVersion: "1.0", AbnormalFlag: '0'},
		BeforeLogin: func(_ context.Context, login *client.LoginRequest) (err error) {
			login.Ciphertext, err = d.site.Key.Encrypt(nil, []byte(d.machine))
			return err
		},
		OnEvent: d.event,
		Dial: []client.Option{client.WithDialFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(d.host, 0))}
			return dialer.DialContext(ctx, network, address)
		})},
	})
	if err != nil {
		d.fault("the desk: %v", err)
		return nil
	}
	d.relay = relay
	if d.gone == nil {
		d.gone = map[client.SubmitID]chan struct{}{}
	}
	return relay
}

func (d *deskRelay) fault(format string, args ...any) {
	d.ledger.mu.Lock()
	defer d.ledger.mu.Unlock()
	if len(d.wrong) < maxExamples {
		d.wrong = append(d.wrong, fmt.Sprintf(format, args...))
	}
}

func (d *deskRelay) event(e client.RelayEvent) {
	switch e.Kind {
	case client.RelayUp:
		if d.below {
			return
		}
		d.note(e.Login.RecordID, "the desk's own login")
	case client.RelayTerminalReported:
		d.note(e.Receipt.RecordID, "a terminal that a desk reported again")
	case client.RelayTerminalRefused, client.RelayTerminalExit:
		d.mu.Lock()
		gone := d.gone[e.Terminal]
		delete(d.gone, e.Terminal)
		d.mu.Unlock()
		if gone != nil {
			close(gone)
		}
		var refused *client.Error
		if errors.As(e.Err, &refused) {
			d.ledger.mu.Lock()
			bad := !excused(refused.Code) && !d.excused(nil, desk, refused.Code)
			d.ledger.mu.Unlock()
			if bad {
				d.fault("a terminal of the desk that was reported again: %v", e.Err)
			}
		}
	}
}

// left is closed when the front does not take the terminal any more.
func (d *deskRelay) left(id client.SubmitID) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	gone := make(chan struct{})
	d.gone[id] = gone
	return gone
}

func (d *deskRelay) end(id client.SubmitID) {
	d.mu.Lock()
	relay := d.relay
	delete(d.gone, id)
	d.mu.Unlock()
	relay.End(id)
}

// quiet reports whether no submission is on its way.
func (d *deskRelay) quiet() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.relay == nil {
		return true
	}
	s := d.relay.Stats()
	return s.Waiting+s.Unanswered == 0
}

func (d *deskRelay) close() {
	d.mu.Lock()
	relay := d.relay
	d.closed = true
	d.mu.Unlock()
	if relay != nil {
		ctx, cancel := context.WithTimeout(context.Background(), visitPatience)
		defer cancel()
		_ = relay.Shutdown(ctx) // it may have ended
		_ = relay.Close()
	}
	d.ended.Wait()
}
