package loadtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest/population"
)

// The scenarios.
const (
	Storm     = "storm"
	Churn     = "churn"
	Cold      = "cold"
	Reconnect = "reconnect"
	Steady    = "steady"
	Hostile   = "hostile"
	Orders    = "orders"
	Relay     = "relay"
)

// The modes of scenario relay.
const (
	OperatorRelay = "operator" // one connection for many customers, whose terminals the relay's operator submits
	InvestorRelay = "investor" // one connection for each customer, who logs in through it
)

// Scenarios are their names.
func Scenarios() []string {
	return []string{Storm, Churn, Cold, Reconnect, Steady, Hostile, Orders, Relay}
}

// Bounds of a plan.
const (
	DefaultPatience    = 30 * time.Second
	DefaultConcurrency = 64
	MaxVisits          = 50_000_000
	MaxRequests        = 1_000_000_000
	MaxGenerators      = 256
	maxSources         = 1 << 16
	// spareFiles are descriptors that are left for anything but visits.
	spareFiles = 64
)

// Plan is what to do.
type Plan struct {
	Scenario string
	Targets  []netip.AddrPort       // a firm may have several fronts: the accounts are shared among them
	People   *population.Population `json:"-"` // each generator reads the file itself: it holds a password
	First    int                    // the account that visit 0 logs in

	// Several generators share the plan: this is number Generator of them, from 0. It makes visit Generator of the whole and each
	// Generators-th after it, at the instants and with the accounts that the whole has for them. 0 Generators is one.
	Generator, Generators int

	Visits      int           // in all; of reconnect and steady the sessions that are held
	Rate        float64       // visits a second of an open loop; 0: a closed loop
	Ramp        time.Duration // until the rate is reached
	Concurrency int           // visits at a time of a closed loop
	Hold        time.Duration // how long sessions stay after the last login; of steady how long it lasts
	Attackers   float64       // share of the visits of hostile, 0 to 1
	OrdersRate  float64       // orders a second of all terminals of orders together, while sessions are held

	RelayMode string // of scenario relay
	// Customers are those that operator relays report; their connections are the Visits. Rate is then that of the reports.
	Customers int

	Sources int  // addresses of 127.0.0.0/8 that honest visits come from; 0: as the system chooses. Attackers have others: attackSources
	Proxy   bool // a PROXY header before each visit, of an address of 10.0.0.0/8 (Sources of them, or maxSources)
	// ComeAgain is how long after it was due a visit may come again that was told to come later, had no answer in time, or whose connection ended
	// before it was logged in. 0: it does not.
	ComeAgain  time.Duration
	KeyVersion string
	Heartbeat  int // seconds, as the terminals ask for
	Patience   time.Duration
	Seed       uint64
}

// Check refuses what cannot be done. maxOpen is the limit of open files.
func (p *Plan) Check(maxOpen uint64) error {
	switch {
	case !slices.Contains(Scenarios(), p.Scenario):
		return fmt.Errorf("scenario %.20q: want one of %s", p.Scenario, strings.Join(Scenarios(), ", "))
	case p.Generators < 0 || p.Generators > MaxGenerators || p.Generator < 0 || p.Generator >= p.generators():
		return fmt.Errorf("generator %d of %d: want at most %d", p.Generator+1, p.Generators, MaxGenerators)
	case p.Scenario == Relay && p.RelayMode != OperatorRelay && p.RelayMode != InvestorRelay:
		return fmt.Errorf("relay mode %.20q: want %s or %s", p.RelayMode, OperatorRelay, InvestorRelay)
	case p.Scenario == Relay && len(p.relays()) == 0:
		return fmt.Errorf("the people file has no %s relay: make one with `tradefront loadtest prepare --relays 1 --investor-relays 1`", p.RelayMode)
	case p.operators() && (p.Customers < p.generators() || p.Customers > MaxVisits):
		return fmt.Errorf("%d customers of relays: want one for each generator at least, and at most %d", p.Customers, MaxVisits)
	case p.Visits < p.generators() && p.Visits > 0:
		return fmt.Errorf("%d visits for %d generators: want one for each at least", p.Visits, p.Generators)
	case p.Visits < 1 || p.Visits > MaxVisits:
		return fmt.Errorf("%d visits: want 1 to %d", p.Visits, MaxVisits)
	case !finite(p.Rate) || !finite(p.Attackers) || !finite(p.OrdersRate) || p.Ramp < 0 || p.ComeAgain < 0 || p.Hold < 0 || p.Patience <= 0 || p.First < 0:
		return errors.New("rate, share, times and the first account are numbers that are not negative, and patience is above 0")
	case p.Scenario == Steady && p.Rate*p.Hold.Seconds() < 1:
		return errors.New("scenario steady needs a --rate and a --hold in which one session returns at least")
	case p.Scenario == Orders && p.requests() < 1:
		return errors.New("scenario orders needs an --orders-rate and a --hold in which one order is sent at least")
	case p.OrdersRate*p.Hold.Seconds() > MaxRequests:
		return fmt.Errorf("%.0f orders: at most %d may be sent", p.OrdersRate*p.Hold.Seconds(), MaxRequests)
	case p.Rate*p.Hold.Seconds() > MaxVisits:
		return fmt.Errorf("%.0f sessions would return: at most %d may", p.Rate*p.Hold.Seconds(), MaxVisits)
	case p.Sources > 0 && !p.Proxy && slices.ContainsFunc(p.Targets, notLoopback4):
		return errors.New("--sources are addresses of 127.0.0.0/8, from which only a front at such an address is reached: name it so with --to, give " +
			"--proxy-protocol to a listener that trusts this machine, or leave --sources away")
	case p.Scenario == Hostile && p.Attackers > 0 && !p.Proxy && slices.ContainsFunc(p.Targets, notLoopback4):
		return errAttackSources
	case p.Rate == 0 && p.Concurrency < 1:
		return errors.New("want a rate above 0 for an open loop, or at least one terminal at a time for a closed one")
	case p.allInRamp():
		return fmt.Errorf("--ramp %v: all %d visits are due before the rate of %v a second is reached: give a shorter --ramp, or more visits",
			p.Ramp, p.scheduled(), p.Rate)
	case p.Attackers < 0 || p.Attackers > 1:
		return fmt.Errorf("a share of %v attackers: want 0 to 1", p.Attackers)
	case p.Sources < 0 || p.Sources > maxSources:
		return fmt.Errorf("%d sources: want 0 to %d", p.Sources, maxSources)
	case p.Scenario == Cold && p.Visits > p.People.Accounts:
		return fmt.Errorf("scenario cold logs each account in once, and there are %d for %d visits", p.People.Accounts, p.Visits)
	}
	if most := p.MostOpen(); uint64(most)+spareFiles > maxOpen {
		return fmt.Errorf("%d connections at a time need %d open files, and this process may have %d: raise the limit (ulimit -n), or let "+
			"several processes share the work (--generators)", most, most+spareFiles, maxOpen)
	}
	return nil
}

// scheduled are the visits, or the submissions of relays, that are due by the rate, of all generators together; 0 of a closed loop.
func (p *Plan) scheduled() int {
	switch {
	case p.Rate == 0 || p.Scenario == Reconnect:
		return 0
	case p.Scenario == Steady:
		return int(p.Rate * p.Hold.Seconds())
	case p.operators():
		return p.Customers
	}
	return p.Visits
}

// allInRamp reports whether a generator has nothing to do once the rate is reached: what is measured there would be nothing.
func (p *Plan) allInRamp() bool {
	n := p.scheduled()
	return p.Ramp > 0 && n > 0 && float64(n-p.generators()) < schedule{p.Rate, p.Ramp.Seconds()}.inRamp()
}

func finite(f float64) bool { return f >= 0 && f <= math.MaxFloat32 }

// generators is how many share the plan.
func (p *Plan) generators() int { return max(p.Generators, 1) }

// share is how many of n this generator makes.
func (p *Plan) share(n int) int { return (n - p.Generator + p.generators() - 1) / p.generators() }

// index is what this generator's i-th is of the whole.
func (p *Plan) index(i int) int { return i*p.generators() + p.Generator }

// concurrency is how many visits of a closed loop this generator has under way.
func (p *Plan) concurrency() int { return max(p.share(p.Concurrency), 1) }

// returns is how many sessions of steady end and return.
func (p *Plan) returns() int { return p.share(int(p.Rate * p.Hold.Seconds())) }

// targetText names the fronts.
func (p *Plan) targetText() string {
	var all []string
	for _, t := range p.Targets {
		all = append(all, t.String())
	}
	return strings.Join(all, ", ")
}

// target is the front of an account; each time that a terminal comes again it goes to the next one.
func (p *Plan) target(account int, tries uint16) netip.AddrPort {
	return p.Targets[(account+int(tries))%len(p.Targets)]
}

// stays reports whether visits stay logged in.
func (p *Plan) stays() bool { return p.Scenario != Churn && p.Scenario != Hostile }

// MostOpen is how many connections may be open at a time.
func (p *Plan) MostOpen() int {
	switch {
	case p.stays():
		return p.share(p.Visits) + 1
	case p.Rate > 0:
		return p.share(min(p.Visits, int(p.Rate*p.Patience.Seconds())+1)) + 1
	}
	return min(p.share(p.Visits), p.concurrency())
}

// requests is how many are sent after the logins.
func (p *Plan) requests() int {
	switch {
	case p.Scenario == Orders:
		return p.share(int(p.OrdersRate * p.Hold.Seconds()))
	case p.operators():
		return p.share(p.Customers)
	}
	return 0
}

// HasRequests reports whether something is sent after the logins.
func (p *Plan) HasRequests() bool { return p.Scenario == Orders || p.operators() }

// Steps is how many visits and requests the progress of a run goes through, those included that are not measured.
func (p *Plan) Steps() int {
	switch p.Scenario {
	case Reconnect:
		return 2 * p.share(p.Visits)
	case Steady:
		return p.share(p.Visits) + p.returns()
	}
	return p.share(p.Visits) + p.requests()
}

// Logins is how many ciphertexts are prepared. A visit that was refused after its login was sent needs another one: there is one for each visit, so
// that a storm of which many are sent away once is not disturbed by encryption, and a sealer makes more while the run goes on.
func (p *Plan) Logins() int {
	n := p.firstLogins()
	if p.ComeAgain > 0 {
		n += p.share(p.Visits)
	}
	return n
}

// firstLogins are those of visits that do not come again, and of submissions.
func (p *Plan) firstLogins() int {
	switch p.Scenario {
	case Reconnect:
		return 2 * p.share(p.Visits)
	case Steady:
		return p.share(p.Visits) + p.returns() + 1
	case Relay:
		return p.share(p.Visits) + p.requests()
	}
	return p.share(p.Visits)
}

// ResolveAll is Resolve for several fronts.
func ResolveAll(ctx context.Context, targets, own []string) (all []netip.AddrPort, err error) {
	for _, target := range targets {
		addr, err := Resolve(ctx, target, own)
		if err != nil {
			return nil, err
		}
		all = append(all, addr)
	}
	if len(all) == 0 {
		return nil, errors.New("--to: want the host:port of a front")
	}
	return all, nil
}

// Resolve finds the address of the target, and refuses one that is not on loopback unless own names its host: a load test of another
// firm's front is an attack.
func Resolve(ctx context.Context, target string, own []string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("--to %.100q: want host:port", target)
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("--to %.100q: %w", target, err)
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("--to %.100q: %w", target, err)
	}
	addr := addrs[0].Unmap() // LookupNetIP returns at least one, or an error
	if !addr.IsLoopback() && !slices.Contains(own, host) && Owned(ctx, addr, own) != nil {
		return netip.AddrPort{}, fmt.Errorf("%s is not this machine: a load test of a front that is not yours is an attack. If it is yours: --i-own %[1]s", host)
	}
	return netip.AddrPortFrom(addr, uint16(number)), nil
}

// Owned is an error if the address is neither loopback nor that of one of the hosts.
func Owned(ctx context.Context, addr netip.Addr, own []string) error {
	addr = addr.Unmap()
	if addr.IsLoopback() {
		return nil
	}
	for _, host := range own {
		addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return fmt.Errorf("--i-own %.100q: %w", host, err)
		}
		if slices.ContainsFunc(addrs, func(a netip.Addr) bool { return a.Unmap() == addr }) {
			return nil
		}
	}
	return fmt.Errorf("%s is not this machine, and no --i-own names it: a load test of what is not yours is an attack", addr)
}

// Listen is an error if a front takes no connections: found out before anything is prepared.
func (p *Plan) Listen(ctx context.Context) error {
	for _, target := range p.Targets {
		if err := listens(ctx, target, p.Patience); err != nil {
			return err
		}
	}
	return nil
}

func listens(ctx context.Context, target netip.AddrPort, patience time.Duration) error {
	dialer := net.Dialer{Timeout: patience}
	conn, err := dialer.DialContext(ctx, "tcp", target.String())
	if err != nil {
		return fmt.Errorf("no front takes connections at %s (%w): start it, or name another with --to", target, err)
	}
	return conn.Close()
}
