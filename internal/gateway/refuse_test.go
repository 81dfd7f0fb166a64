package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
)

// refusal is one way in which a login fails.
type refusal struct {
	name  string
	spoil func(h *house, peer *session.Peer, a *session.LoginAttempt)
	want  reason.Reason
	code  int
}

func coreSays(user core.User, err error) func(*house, *session.Peer, *session.LoginAttempt) {
	return func(h *house, _ *session.Peer, _ *session.LoginAttempt) {
		h.core.verify = func(*core.Attempt) (core.User, error) { return user, err }
	}
}

func coreRefuses(r reason.Reason) func(*house, *session.Peer, *session.LoginAttempt) {
	return coreSays(core.User{}, fmt.Errorf("by way of: %w", &core.Refused{Reason: r}))
}

func storeSays(err error) func(*house, *session.Peer, *session.LoginAttempt) {
	return func(h *house, _ *session.Peer, _ *session.LoginAttempt) {
		h.log.fail = func() error { return fmt.Errorf("by way of: %w", err) }
	}
}

func comesFrom(addr netip.AddrPort) func(*house, *session.Peer, *session.LoginAttempt) {
	return func(_ *house, peer *session.Peer, _ *session.LoginAttempt) { peer.Addr = addr }
}

// boundTo also says that the core must not be asked: an AppID that is bound serves no guesses.
func boundTo(v auth.Verdict) func(*house, *session.Peer, *session.LoginAttempt) {
	return func(h *house, _ *session.Peer, _ *session.LoginAttempt) {
		h.registry.bound = v
		h.core.verify = func(*core.Attempt) (core.User, error) {
			h.t.Error("the core was asked about a login outside the AppID's binding")
			return core.User{}, errors.New("asked")
		}
	}
}

var refusals = []refusal{
	{"unknown account", coreRefuses(reason.UnknownAccount), reason.UnknownAccount, 3},
	{"wrong password", coreRefuses(reason.WrongPassword), reason.WrongPassword, 3},
	{"account locked", coreRefuses(reason.AccountLocked), reason.AccountLocked, 75},
	{"source locked", coreRefuses(reason.SourceLocked), reason.SourceLocked, 143},
	{"core busy", coreRefuses(reason.Overloaded), reason.Overloaded, 90},
	{"core out of reach", coreSays(core.User{}, errors.New("connection refused")), reason.StoreUnavailable, 8},

	{"another AppID's network", boundTo(auth.OtherNetwork), reason.AppNetwork, 63},
	{"not this AppID's account", boundTo(auth.OtherAccount), reason.AppAccount, 63},
	{"an account of other AppIDs", boundTo(auth.ConfinedAccount), reason.AccountConfined, 63},

	{"no address", comesFrom(netip.AddrPort{}), reason.NoPublicAddress, 49},
	{"0.0.0.0", comesFrom(netip.MustParseAddrPort("0.0.0.0:1")), reason.NoPublicAddress, 49},
	{"::", comesFrom(netip.MustParseAddrPort("[::]:1")), reason.NoPublicAddress, 49},
	{"::ffff:0.0.0.0", comesFrom(netip.MustParseAddrPort("[::ffff:0.0.0.0]:1")), reason.NoPublicAddress, 49},
	{"zone", comesFrom(netip.MustParseAddrPort("[fe80::1%eth0]:1")), reason.NoPublicAddress, 49},
	{"zone of a mapped address", comesFrom(netip.AddrPortFrom(netip.MustParseAddr("::ffff:203.0.113.9").WithZone("eth0"), 1)), reason.NoPublicAddress, 49},
	{"port 0", comesFrom(netip.MustParseAddrPort("203.0.113.9:0")), reason.NoPublicAddress, 49},

	{"store unavailable", storeSays(store.ErrUnavailable), reason.StoreUnavailable, 8},
	{"store unconfirmed", storeSays(fmt.Errorf("%w: %w", store.ErrUnavailable, store.ErrUnconfirmed)), reason.StoreUnconfirmed, 8},
	{"store in doubt", storeSays(store.ErrInDoubt), reason.StoreInDoubt, 8},
	{"store overloaded", storeSays(store.ErrOverloaded), reason.Overloaded, 90},
	{"disk full", storeSays(store.ErrDiskFull), reason.StoreFailed, 90},
	{"store full", storeSays(&journal.FullError{}), reason.StoreFull, 90},
	{"store broken", storeSays(store.ErrBroken), reason.StoreFailed, 90},
	{"store closed", storeSays(store.ErrClosed), reason.StoreFailed, 90},
	{"store, anything else", storeSays(errors.New("unexpected")), reason.StoreFailed, 90},

	{"no valid key", func(h *house, _ *session.Peer, _ *session.LoginAttempt) { h.useKeys(expiredRing(h.t)) }, reason.NoValidKey, 7},
	{"AppID that a record cannot have", func(_ *house, _ *session.Peer, a *session.LoginAttempt) {
		a.AppID = []byte("no_appid")
	}, reason.IllegalField, 15},
	{"account that a record cannot have", coreSays(core.User{Account: "88@88", UserType: regulation.UserCustomer}, nil), reason.IllegalField, 15},
	{"user type that a record cannot have", coreSays(core.User{Account: account, UserType: '3'}, nil), reason.IllegalField, 15},
}

// With room for one session each refusal also proves that the place was given back: the
// next login needs it.
func TestRefusals(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, func(s *setup) { s.SessionsPerUser = 1 })
			peer, a := home, attempt()
			c.spoil(h, &peer, &a)
			for range 2 {
				outcome, _ := h.login(peer, *a.Clone())
				if outcome.Reason != c.want || outcome.Reason.Code() != c.code {
					t.Fatalf("%v (%d), want %v (%d)", outcome.Reason, outcome.Reason.Code(), c.want, c.code)
				}
			}
			asked := len(h.core.attempts)
			if refusedBefore := c.want == reason.NoPublicAddress || h.registry.bound != auth.OK; refusedBefore != (asked == 0) {
				t.Errorf("the core was asked %d times", asked)
			}
			h.heal()
			if outcome, _ := h.login(home, attempt()); outcome.Reason != reason.OK {
				t.Errorf("after the refusals, an honest login: %v", outcome.Reason)
			}
		})
	}
}

// heal ends what a refusal spoiled.
func (h *house) heal() {
	h.core.verify, h.log.fail, h.registry.bound = nil, nil, auth.OK
	h.useKeys(houseRing(h.t))
}

// The core sees what the terminal sent and where it came from.
func TestCoreIsAskedForTheTruth(t *testing.T) {
	h := newHouse(t, nil)
	h.login(home, attempt())
	want := core.Attempt{Account: account, Password: []byte(password), Source: home.Addr}
	if got := h.core.attempts[0]; got.Account != want.Account || string(got.Password) != password || got.Source != want.Source {
		t.Errorf("%+v", got)
	}
}

// Two terminals refused for the same reason have different references.
func TestEachRefusalHasItsOwnReference(t *testing.T) {
	h := newHouse(t, nil)
	coreRefuses(reason.WrongPassword)(h, nil, nil)
	one, _ := h.login(home, attempt())
	other, _ := h.login(home, attempt())
	if one.Ref == other.Ref {
		t.Errorf("both have %q", one.Ref)
	}
}
