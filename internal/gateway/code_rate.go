package gateway

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/source"
)

// codeRate bounds requests for a code: each may be a text message that costs the firm money and troubles a
// customer, and the terminal that asks has proved no password.
var codeRate = rate.Limit{Every: time.Minute, Burst: 1}

// maxCodeKeys is how many accounts, and how many sources, are remembered to have asked for a code.
const maxCodeKeys = 1 << 16

// codeRates holds each account and each source to codeRate.
type codeRates struct {
	mu       sync.Mutex
	accounts *rate.Buckets[codeAccount]
	sources  *rate.Buckets[netip.Prefix]
}

// codeAccount is the UserID that a message names, without what a core may not read of it: bytes behind a 0, and the padding. The rest is 0.
// BrokerID is no part of it: all accounts are the front's firm's, and a core may not look at it.
type codeAccount [18]byte

// name is the account as a text.
func (a *codeAccount) name() []byte {
	name, _, _ := bytes.Cut(a[:], []byte{0})
	return name
}

func newCodeRates() codeRates {
	return codeRates{accounts: rate.New[codeAccount](maxCodeKeys), sources: rate.New[netip.Prefix](maxCodeKeys)}
}

// pass asks send unless account or source asked for a code not long ago, and counts the request if it was sent.
// An account that is not named is not counted. now is of the monotonic clock.
func (r *codeRates) pass(account codeAccount, named bool, from netip.Prefix, now time.Time, send func() reason.Reason) reason.Reason {
	r.mu.Lock()
	defer r.mu.Unlock()
	if named && !r.accounts.Has(account, codeRate, now) || !r.sources.Has(from, codeRate, now) {
		return reason.CodeRate
	}
	why := send()
	if why == reason.OK {
		r.sources.Take(from, codeRate, now)
		if named {
			r.accounts.Take(account, codeRate, now)
		}
	}
	return why
}

// RequestCode passes a request for a second factor's code on to the core, unread but for the account that it
// names. OK says that the core has it.
func (g *Gateway) RequestCode(peer session.Peer, t core.Terminal, appID, body []byte) session.Outcome {
	account, named := codeAccountOf(body)
	why := g.mayAskForCode(peer, appID, account)
	if why == reason.OK {
		why = g.codes.pass(account, named, codeSource(peer.Addr), time.Now(), func() reason.Reason {
			return g.core.RequestCode(peer.SessionID, t, body)
		})
	}
	op := session.OpRequestCode
	if why == reason.UnknownRequest {
		op = session.OpRequest // to this core it is a message as any other
	}
	e := g.entry(peer, op.String(), why)
	e.AppID = string(appID)
	if named && op == session.OpRequestCode {
		e.Account = string(account.name())
	}
	return g.decide(&e, why)
}

// mayAskForCode holds a request to the binding of its AppID as the login that follows it will be: an AppID of one customer troubles no
// others. A request that names no account is none of those that an AppID with accounts may serve.
func (g *Gateway) mayAskForCode(peer session.Peer, appID []byte, account codeAccount) reason.Reason {
	kind, _, _ := g.registry.Kind(appID)
	return g.keepsBinding(peer, kind, appID, account.name())
}

// codeAccountOf reads the account off the first field of a message, as a core of C may read it.
func codeAccountOf(body []byte) (account codeAccount, named bool) {
	const at = ftd.MessageHeaderLen + ftd.FieldHeaderLen
	const user, end = at + 10, at + 10 + len(account) // behind BrokerID s10
	if len(body) < end || int(binary.BigEndian.Uint16(body[at-2:])) < end-at {
		return account, false
	}
	text, _, _ := bytes.Cut(body[user:end], []byte{0})
	copy(account[:], bytes.TrimRight(text, " "))
	return account, true
}

func codeSource(addr netip.AddrPort) netip.Prefix {
	if !addr.IsValid() {
		return netip.Prefix{} // all that have no address share one
	}
	return source.Of(addr.Addr())
}
