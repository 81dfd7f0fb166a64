package robustness

import (
	"context"
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

const (
	terminals = 16
	// The time between two visits of one terminal. It makes some 100 logins a second in a long
	// run and 50 in the short form: the check of all of them stays cheap.
	longPace, shortPace = 160 * time.Millisecond, 320 * time.Millisecond
	// visitPatience bounds one visit; it is longer than any refusal may take.
	visitPatience = 10 * time.Second
)

// load is a crowd of terminals that come again and again, through every fault.
type load struct {
	*ledger
	site    *site.Site
	address string
	seed    uint64
	source  func(*rand.Rand) netip.Addr // where terminals connect from
	front   int32                       // that answers; 0 if a load balancer chooses it
	stop    context.CancelFunc
	wg      sync.WaitGroup
	paused  atomic.Bool // while a check reads, which would else never be done
}

func startLoad(ctx context.Context, s *site.Site, address string, seed uint64) *load {
	pace := longPace
	if *duration == 0 {
		pace = shortPace
	}
	l := &load{ledger: newLedger(), site: s, address: address, seed: seed, source: anySource, front: 1}
	l.start(ctx, terminals, pace)
	return l
}

// start lets n terminals come, each again about once a pace.
func (l *load) start(ctx context.Context, n int, pace time.Duration) {
	ctx, l.stop = context.WithCancel(ctx)
	for i := range n {
		l.wg.Go(func() { l.terminal(ctx, rand.New(rand.NewPCG(l.seed, uint64(i))), pace) })
	}
}

// end lets the visits that are on their way finish.
func (l *load) end() {
	l.stop()
	l.wg.Wait()
}

func (l *load) terminal(ctx context.Context, random *rand.Rand, pace time.Duration) {
	tick := time.NewTicker(pace/2 + time.Duration(random.Int64N(int64(pace))))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !l.paused.Load() {
				l.visit(random)
			}
		}
	}
}

// visit is one connection with one login.
func (l *load) visit(random *rand.Rand) {
	ctx, cancel := context.WithTimeout(context.Background(), visitPatience)
	defer cancel()
	conn, a, result, err := l.logIn(ctx, random)
	l.close(a, result, err)
	if conn == nil {
		return
	}
	if err == nil && random.IntN(2) == 0 {
		_ = conn.Logout(ctx) // the login counts, whether or not this succeeds
	}
	_ = conn.Close()
}

func (l *load) logIn(ctx context.Context, random *rand.Rand) (*client.Conn, *attempt, *client.LoginResult, error) {
	conn, err := client.Dial(ctx, l.address, client.WithSourceAddr(l.source(random)))
	if err != nil {
		return nil, nil, nil, err
	}
	app := oneOf(random, l.site.Apps)
	if _, err := conn.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: string(app.AppID)}, app.AuthCode); err != nil {
		return conn, nil, nil, err
	}
	a, req := prepare(random, l.site, conn, app, oneOf(random, l.site.Users))
	a.front = l.front
	l.open(a)
	result, err := conn.Login(ctx, req)
	return conn, a, &result, err
}

// anySource is an address to connect from. 127.0.0.1 is left to the servers.
func anySource(random *rand.Rand) netip.Addr {
	n := random.Uint32()
	return netip.AddrFrom4([4]byte{127, byte(n>>16)&0x7f + 1, byte(n >> 8), byte(n%254) + 1})
}

func oneOf[T any](random *rand.Rand, all []T) T { return all[random.IntN(len(all))] }

// prepare decides what sort of terminal this is: most have encrypted what they collected,
// some have none, a key that does not exist, or a flag of their own that is not 0.
func prepare(random *rand.Rand, s *site.Site, conn *client.Conn, app demo.App, account demo.Account) (*attempt, client.LoginRequest) {
	return prepareAt(random, s, localOf(conn), app, account)
}

func localOf(conn *client.Conn) netip.AddrPort {
	local := conn.LocalAddr().(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(local.Addr().Unmap(), local.Port())
}

// prepareAt is prepare of a terminal at that address.
func prepareAt(random *rand.Rand, s *site.Site, at netip.AddrPort, app demo.App, account demo.Account) (*attempt, client.LoginRequest) {
	a := &attempt{
		front: 1, local: at, app: app.AppID,
		account: account, flag: regulation.FlagNormal, version: "1.0",
	}
	kinds := int(regulation.TerminalWeChat-regulation.TerminalWindows) + 1
	text := terminalinfo.Build(regulation.TerminalWindows+regulation.TerminalType(random.IntN(kinds)), random, time.Now())
	a.sealed, _ = s.Key.Encrypt(nil, []byte(text)) // fails only without entropy
	said := byte(regulation.FlagNormal)
	switch random.IntN(20) {
	case 0:
		a.sealed, a.flag = nil, regulation.FlagTerminalEmpty
	case 1:
		a.version, a.flag = "0.1", regulation.FlagKeyVersion
	case 2:
		said, a.flag = byte(regulation.FlagTerminalData), regulation.FlagTerminalData
	}
	return a, client.LoginRequest{
		BrokerID: "9999", UserID: string(a.account.Account), Password: a.account.Password,
		KeyVersion: a.version, AbnormalFlag: said, Ciphertext: a.sealed,
	}
}
