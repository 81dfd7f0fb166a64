package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// Where the two relays connect from; the directory admits them from there only.
var (
	InvestorHost = netip.AddrFrom4([4]byte{127, 9, 9, 2})
	OperatorHost = netip.AddrFrom4([4]byte{127, 9, 9, 3})
)

// Relays are a firm's two relays (中继代理).
type Relays struct {
	Address  string // host:port of the front's listener for relays
	Investor App    // 多对多
	Operator App    // 一对多
	As       Account
}

// desk is the operator relay while it is connected, with what its operator's logins were.
type desk struct {
	firm  *Firm
	relay *client.Relay
	text  string // the terminal string of the relay's own machine

	mu     sync.Mutex
	local  netip.AddrPort // of the newest connection
	logins []*Was
}

// openDesk connects the operator relay and logs its operator in.
func openDesk(ctx context.Context, firm *Firm) (d *desk, err error) {
	r := firm.Relays
	random := newRandom(deskSeed)
	d = &desk{firm: firm, text: terminalinfo.Build(regulation.TerminalLinux, random, time.Now())}
	d.relay, err = client.DialRelay(ctx, client.RelayOptions{
		Addresses: []string{r.Address}, AuthCode: r.Operator.AuthCode,
		Identity: identity(firm, &r.Operator),
		Login: client.LoginRequest{
			BrokerID: firm.BrokerID, UserID: string(r.As.Account), Password: r.As.Password,
			KeyVersion: firm.KeyVersion, AbnormalFlag: byte(regulation.FlagNormal),
		},
		BeforeLogin: func(_ context.Context, login *client.LoginRequest) (err error) {
			login.Ciphertext, err = firm.Key.Encrypt(nil, []byte(d.text))
			return err
		},
		Resubmit: client.ResubmitUnanswered, OnEvent: d.note,
		Dial: []client.Option{client.WithDialFunc(d.dial)},
	})
	if err != nil {
		return nil, fmt.Errorf("the operator relay: %w", err)
	}
	return d, nil
}

// dial keeps the relay's own address, which items 7 and 8 must be.
func (d *desk) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(OperatorHost, 0))}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.local = addrOf(conn.LocalAddr())
	return conn, nil
}

// note keeps each login of the operator: it is a line of the report like any other.
func (d *desk) note(e client.RelayEvent) {
	if e.Kind != client.RelayUp {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.firm.Relays
	d.logins = append(d.logins, &Was{
		Way: RelayItself, RecordID: e.Login.RecordID, TradingDay: e.Login.TradingDay, Terminal: d.text,
		Supplement: items(regulation.FlagNormal, r.Operator.AppID, d.local, e.Login.LoginTime, nil, r.As.Account, regulation.UserOperator),
	})
}

// close takes the relay out of service in order and returns the logins of its operator.
func (d *desk) close(ctx context.Context) ([]*Was, error) {
	err := d.relay.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("the operator relay: %w", errors.Join(err, d.relay.Close()))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.logins, err
}

func (d *desk) address() netip.AddrPort {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.local
}

// seen is what a relay sees of v: the address is of those that RFC 5737 and RFC 3849 keep for examples.
func (v *visitor) seen() client.RelayedTerminal {
	n := v.random.Uint32()
	addr := netip.AddrFrom4([4]byte{203, 0, 113, byte(n)})
	if n>>30 == 0 {
		addr = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 14: byte(n >> 8), 15: byte(n)})
	}
	return client.RelayedTerminal{
		AppID: string(v.app.AppID), PublicAddr: netip.AddrPortFrom(addr, uint16(1024+v.random.IntN(60000))),
		LoginTime: time.Now().Truncate(time.Second), Type: byte(v.machine),
	}
}

// beCustomer gives v another account if it has an operator's: relays carry customers.
func (v *visitor) beCustomer() {
	customers := slices.DeleteFunc(slices.Clone(v.firm.Accounts), func(a Account) bool { return a.UserType != regulation.UserCustomer })
	if v.account.UserType != regulation.UserCustomer && len(customers) > 0 {
		v.account = customers[v.random.IntN(len(customers))]
	}
}

// loginVia comes through the investor relay, and then trades as if it had connected by itself.
func (v *visitor) loginVia(ctx context.Context) (err error) {
	r := v.firm.Relays
	v.beCustomer()
	text, ciphertext, err := v.collect()
	if err != nil {
		return err
	}
	if v.conn, err = client.Dial(ctx, r.Address, client.WithSourceAddr(InvestorHost), client.WithHandler(v.inbox.receive)); err != nil {
		return err
	}
	if err := v.authenticate(ctx, r.Investor); err != nil {
		return err
	}
	told := v.seen()
	begin := time.Now()
	result, err := v.conn.LoginVia(ctx, client.LoginRequest{
		BrokerID: v.firm.BrokerID, UserID: string(v.account.Account), Password: v.account.Password,
		KeyVersion: v.firm.KeyVersion, AbnormalFlag: byte(regulation.FlagNormal), Ciphertext: ciphertext,
	}, told)
	v.answer = time.Since(begin)
	if err != nil {
		return err
	}
	via := &client.RelayRecorded{AppID: string(r.Investor.AppID), Addr: addrOf(v.conn.LocalAddr()), LoginTime: result.Relay.LoginTime}
	v.answers = append(v.answers, &Was{
		Way: ManyToMany, RecordID: result.RecordID, TradingDay: result.TradingDay, Terminal: text,
		Supplement: items(v.kind.flag, v.app.AppID, told.PublicAddr, told.LoginTime, via, v.account.Account, v.account.UserType),
	})
	return nil
}

// submitted is reported by the operator relay; its orders would go over the relay, not over a connection of its own.
func (v *visitor) submitted(ctx context.Context) error {
	v.beCustomer()
	text, ciphertext, err := v.collect()
	if err != nil {
		return err
	}
	told := v.seen()
	begin := time.Now()
	receipt, err := v.desk.relay.Submit(ctx, client.Submission{
		UserID: string(v.account.Account), Terminal: told,
		KeyVersion: v.firm.KeyVersion, AbnormalFlag: byte(regulation.FlagNormal), Ciphertext: ciphertext,
	})
	v.answer = time.Since(begin)
	if err != nil {
		return err
	}
	via := &client.RelayRecorded{
		AppID: string(v.firm.Relays.Operator.AppID), Addr: v.desk.address(), LoginTime: receipt.Relay.LoginTime,
	}
	v.answers = append(v.answers, &Was{
		Way: OneToMany, RecordID: receipt.RecordID, TradingDay: receipt.TradingDay, Terminal: text,
		// The operator acts for the customer, so item 11 is the operator's.
		Supplement: items(v.kind.flag, v.app.AppID, told.PublicAddr, told.LoginTime, via, v.account.Account, regulation.UserOperator),
	})
	v.desk.relay.End(receipt.SubmitID)
	return nil
}
