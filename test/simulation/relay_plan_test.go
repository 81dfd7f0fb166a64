package simulation

import (
	"context"
	"crypto/rand"
	mrand "math/rand/v2"
	"net/netip"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store"
)

// The relays of the firm, and who may come through them.
const (
	investorApp = "mm_relay_1" // AppType 2
	operatorApp = "op_relay_1" // AppType 3

	relayOperator = "OP01" // of operatorApp
	otherOperator = "OP02" // of user type 2, and no operator of a relay
	outOfScope    = "90000002"
	unknownOne    = "80009999" // in scope, and no account

	relayNetwork   = "10.1.0.0/16"
	foreignNetwork = "192.0.2.66" // of no relay
)

// relayPlan is what a seed chooses of relays. It is drawn from a source of its own, so that seeds without relays are what they
// were before there were any.
type relayPlan struct {
	investors, operators int // terminals behind a many-to-many relay, connections of an operator relay; 0 both: none
	window, rate, burst  int
	connections          int
	visits               int // relay.max_visits
	share                int // of the logins in flight; 0: no bound of their own

	// In percent, or as weights among all that can happen.
	misuse, breaks, disables, narrows int
}

func newRelayPlan(seed uint64) (p relayPlan) {
	r := mrand.New(mrand.NewPCG(seed, 0x5E1A))
	if r.IntN(3) > 0 {
		return relayPlan{}
	}
	on := func(most int) int {
		if r.IntN(2) == 0 {
			return 0
		}
		return 1 + r.IntN(most)
	}
	p = relayPlan{
		investors: r.IntN(3), operators: 1 + r.IntN(2),
		window: 1 + r.IntN(5), rate: 2 + r.IntN(10), burst: 4 + r.IntN(30), connections: 4 + r.IntN(6), visits: pick(r, 5, 100, 100),
		misuse: on(40), breaks: on(10), disables: on(4), narrows: on(4),
	}
	if r.IntN(2) == 0 {
		p.share = 1 + r.IntN(3)
	}
	return p
}

// relays is all that is around relays.
type relays struct {
	relayPlan
	submissions []*submission
	submitted   map[uuid.UUID]*submission // by the RecordID that the relay expects
	answers     []submitAnswer
	checked     int                        // of answers
	proven      map[string]store.Record    // opened, and found to be true; by RecordID and supplement
	local       map[recordKey]store.Record // the last rows that were seen in the local store
	permissions []permission               // as they were one after another; the last is in force
	limited     bool                       // the plan's rates are in the directory
	toldCore    []uuid.UUID                // RecordIDs that a VisitOpen named
}

// recordKey names a row: a submission may have one in each of two days.
type recordKey struct {
	id  uuid.UUID
	day calendar.TradingDay
}

func keyOf(r *store.Record) recordKey { return recordKey{r.ID, r.TradingDay} }

// permission is what the firm grants its relays.
type permission struct {
	disabled string // AppID of the relay that is; "" for none
	narrow   bool   // the operator's scope is one account
}

func (w *world) newRelays() {
	w.relays = relays{
		relayPlan: newRelayPlan(w.seed), submitted: make(map[uuid.UUID]*submission),
		proven: make(map[string]store.Record), local: make(map[recordKey]store.Record), permissions: []permission{{}},
	}
	if !w.hasRelays() {
		return
	}
	w.counts.relayed = 1
	w.plan.limits.Logins += 3
	w.plan.limits.RelayLogins = w.relays.share
	w.plan.limits.Unsent = max(w.plan.limits.Unsent, 4000) // a window of answers must fit
	w.plan.steps *= 2
	w.plan.batchRows = max(2, w.plan.batchRows)
	if w.plan.sessionsPerUser > 0 {
		w.plan.sessionsPerUser += 2 // connections of one relay have one operator
	}
	w.plan.crashes, w.plan.stops = (w.plan.crashes+1)/2, (w.plan.stops+1)/2
}

func (w *world) hasRelays() bool { return w.relays.operators > 0 }

// granted is what is in force now.
func (w *world) granted() permission { return w.relays.permissions[len(w.relays.permissions)-1] }

// installRelays admits both relays, as an operator of the front does.
func (s *stock) installRelays(ctx context.Context, d *directory.Directory) {
	for app, kind := range map[string]auth.AppType{investorApp: auth.AppInvestorRelay, operatorApp: auth.AppOperatorRelay} {
		code, err := auth.NewAuthCode(rand.Reader)
		must(err)
		sealed, err := s.master.Seal(regulation.AppID(app), code)
		must(err)
		s.codes[app] = code
		p := relay.NewPermission(regulation.AppID(app))
		p.Networks = []netip.Prefix{netip.MustParsePrefix(relayNetwork)}
		p.AllowedApps = []regulation.AppID{goodApp, disabledApp}
		var grants []relay.Grant
		if kind == auth.AppOperatorRelay {
			p.Operators = []regulation.Account{relayOperator}
			grants = wideScope()
		}
		must(d.AddRelay(ctx, auth.App{AppID: regulation.AppID(app), Type: kind, Sealed: sealed, Enabled: true}, p, grants))
	}
}

func wideScope() []relay.Grant {
	return []relay.Grant{{AppID: operatorApp, Operator: relayOperator, Kind: relay.Prefix, Value: "8000"}}
}

// narrowScope leaves one account.
func narrowScope() []relay.Grant {
	return []relay.Grant{{AppID: operatorApp, Operator: relayOperator, Kind: relay.Single, Value: "80000001"}}
}

// inScope is the scope in words of the simulation's own.
func (p permission) inScope(account string) bool {
	if p.narrow {
		return account == "80000001"
	}
	return len(account) >= 4 && account[:4] == "8000"
}
