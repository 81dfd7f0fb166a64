package local

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// via is try through a relay, which tells the address.
func (h *house) via(id regulation.Account, password string, told netip.Addr) reason.Reason {
	h.t.Helper()
	a := attempt(id, []byte(password), told)
	a.Via = "abcdef_relay_1.6.0"
	_, err := h.Verify(h.t.Context(), a)
	if refused, is := errors.AsType[*core.Refused](err); is {
		return refused.Reason
	}
	return 0
}

// told is one of many addresses in networks of their own.
func told(i int) netip.Addr { return netip.AddrFrom4([4]byte{60, byte(i), 0, 1}) }

// TestRelayedLockIsOfTheTerminal: a customer's mistakes behind a relay lock him at his terminal, and no other customer.
func TestRelayedLockIsOfTheTerminal(t *testing.T) {
	h := newHouse(t, nil)
	for range 5 {
		h.want("wrong", h.via(alice, "wrong", told(1)), reason.WrongPassword)
	}
	h.want("locked there", h.via(alice, "right", told(1)), reason.AccountLocked)
	h.want("from another address", h.via(alice, "right", told(2)), 0)
	h.want("another customer at that address", h.via(bob, "right", told(1)), 0)
}

// TestInventedAddressesDoNotHelp: a relay that tells another address with each guess has twenty, and one each half minute.
// Customers who connect by themselves are not locked with it.
func TestInventedAddressesDoNotHelp(t *testing.T) {
	h := newHouse(t, nil)
	for i := range relayedFailures {
		h.want("wrong", h.via(alice, "wrong", told(i)), reason.WrongPassword)
	}
	h.want("the twenty-first", h.via(alice, "right", told(100)), reason.AccountLocked)
	h.want("another account", h.via(bob, "right", told(100)), 0)
	h.want("alice herself, directly", h.try(alice, "right", home), 0)
	h.want("which empties no lock of relays", h.via(alice, "right", told(101)), reason.AccountLocked)
	if s := h.Stats(); s.AccountsLocked != 1 {
		t.Errorf("%+v", s)
	}
	h.clock.move(relayedDecay)
	h.want("half a minute later", h.via(alice, "wrong", told(102)), reason.WrongPassword)
	h.want("that was one", h.via(alice, "wrong", told(103)), reason.AccountLocked)
	h.clock.move(10 * time.Minute)
	h.want("ten minutes later", h.via(alice, "right", told(104)), 0)
}

// TestOrdersByTelephoneShareNoSource: they have no address, and one customer's mistakes lock no other.
func TestOrdersByTelephoneShareNoSource(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.LockSourceFailures = 5 })
	for range 10 {
		h.want("wrong", h.via(alice, "wrong", netip.Addr{}), reason.WrongPassword)
	}
	h.want("another customer", h.via(bob, "right", netip.Addr{}), 0)
	h.want("within the twenty", h.via(alice, "right", netip.Addr{}), 0)
}

func TestKnown(t *testing.T) {
	h := newHouse(t, nil)
	for _, tt := range []struct {
		core  *Core
		name  regulation.Account
		known bool
	}{{h.Core, alice, true}, {h.Core, "1", false}, {&Core{}, alice, false}} {
		if known, disabled := tt.core.Known([]byte(tt.name)); known != tt.known || disabled {
			t.Errorf("%s: known %v, disabled %v", tt.name, known, disabled)
		}
	}
	name := []byte(alice)
	if n := testing.AllocsPerRun(100, func() { h.Known(name) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestRelaysLockNoDirectCustomer: addresses that a relay invents lock neither account nor source of those who come from there by
// themselves, nor the networks around; nor does it have a source trusted.
func TestRelaysLockNoDirectCustomer(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.LockSourceFailures = 10 })
	for i := range 40 {
		h.via(regulation.Account(string(alice)+string(rune('a'+i%26))), "wrong", home)
	}
	for range 5 {
		h.via(alice, "wrong", home)
	}
	h.want("the source is locked behind relays", h.via(bob, "right", home), reason.SourceLocked)
	h.want("alice herself, from there", h.try(alice, "right", home), 0)
	h.want("bob himself, from there", h.try(bob, "right", home), 0)

	h = newHouse(t, nil)
	h.want("accepted behind a relay", h.via(alice, "right", home), 0)
	direct, behind := originOf(alice, home), originOf(alice, home)
	behind.relayed = true
	if h.locks.direct.isGood(&direct, h.clock.now()) || !h.locks.relayed.isGood(&behind, h.clock.now()) {
		t.Error("a source is trusted because a relay told it")
	}
	for range 5 {
		h.want("wrong, directly", h.try(alice, "wrong", home), reason.WrongPassword)
	}
	h.want("locked there", h.try(alice, "right", home), reason.AccountLocked)
}

// TestAnOperatorLocksNoRelay: an operator who mistypes locks his account at the relay; its address, and other operators and
// customers who come from there, are not locked.
func TestAnOperatorLocksNoRelay(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.LockSourceFailures = 5 })
	operate := func(id regulation.Account, password string) reason.Reason {
		a := attempt(id, []byte(password), home)
		a.AppType = '3'
		_, err := h.Verify(t.Context(), a)
		if refused, is := errors.AsType[*core.Refused](err); is {
			return refused.Reason
		}
		return 0
	}
	for range 5 {
		h.want("wrong", operate(alice, "wrong"), reason.WrongPassword)
	}
	h.want("locked", operate(alice, "right"), reason.AccountLocked)
	for i := range 100 {
		operate(regulation.Account(string(alice)+string(rune('a'+i%26))), "wrong")
	}
	h.want("another operator", operate(bob, "right"), 0)
	h.want("a customer from there", h.try(bob, "right", home), 0)
	if s := h.Stats(); s.SourcesLocked != 0 {
		t.Errorf("%+v", s)
	}
}
