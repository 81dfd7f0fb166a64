package front_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// TestBanEndsOpenConnections: of the banned address, which a PROXY header named; its customer is told, who has not authenticated is
// not. A connection of another address stays, and so does one that waits for its header.
func TestBanEndsOpenConnections(t *testing.T) {
	t.Parallel()
	r := start(t, behindProxy(nil), newHandler())
	from := func(last byte, rest []byte) *terminaltest.Terminal {
		m := r.dial()
		m.Send(slices.Concat(header(proxied, tcp4, append([]byte{203, 0, 113, last}, block[4:]...)...), rest))
		return m
	}
	customer, other, newcomer, waits := from(7, logIn("1")), from(8, logIn("2")), from(7, ask("v_s_1")), r.dial()
	expectLogin(customer)
	expectLogin(other)
	newcomer.Expect(ftd.TIDAuthenticate, -1)
	ban := admission.Ban{Network: netip.MustParsePrefix("203.0.113.7/32"), Ends: time.Now().Add(time.Hour)}
	r.SetBans([]admission.Ban{ban})
	customer.Expect(ftd.TIDForceExit, terminaltest.NoCode)
	customer.ExpectClosed()
	newcomer.ExpectClosed()
	r.closedBy(reason.SourceBanned)
	r.closedBy(reason.SourceBanned)
	waits.Send(slices.Concat(header(proxied, tcp4, append([]byte{203, 0, 113, 8}, block[4:]...)...), logIn("3")))
	expectLogin(waits)
	ban.Network = netip.MustParsePrefix("203.0.113.8/32") // bans that change are looked at again
	r.SetBans([]admission.Ban{ban})
	for _, m := range []*terminaltest.Terminal{other, waits} {
		m.Expect(ftd.TIDForceExit, terminaltest.NoCode)
		r.closedBy(reason.SourceBanned)
	}
}
