package agent

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// visit is a terminal that is logged in.
type visit struct {
	line     core.Terminal
	submitID client.SubmitID // operator only
	recordID uuid.UUID
	relay    bool // it is no terminal, but the operator of a relay below
}

// maxEarly is how many ends are kept of terminals whose answer is on its way. Those of terminals that left at the same moment are
// among them, which nothing asks for: with more, all are given up.
const maxEarly = 4096

// visitBelow is a terminal that an operator relay below reported.
type visitBelow struct {
	session int32 // of that relay
	sum     contentSum
	receipt *session.SubmitReceipt
}

// visits are the terminals that are logged in, by session, and an operator agent's by submission too.
type visits struct {
	mu       sync.Mutex
	all      map[int32]visit
	byID     map[client.SubmitID]int32
	below    map[client.SubmitID]visitBelow        // what relays below reported
	flights  map[flightKey]*flight                 // what they report, and is not answered
	relays   int                                   // of all: operators of relays below
	inFlight int                                   // submissions whose answer is not known to visits yet
	early    map[client.SubmitID]client.RelayEvent // ends that came before the answer
}

func (v *visits) len() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.all) - v.relays + len(v.below)
}

func (v *visits) put(id int32, x visit) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all == nil {
		v.all, v.byID = make(map[int32]visit), make(map[client.SubmitID]int32)
	}
	v.all[id] = x
	if x.relay {
		v.relays++
	}
	if x.submitID != (client.SubmitID{}) {
		v.byID[x.submitID] = id
	}
}

func (v *visits) remove(id int32) (x visit, was bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	x, was = v.all[id]
	delete(v.all, id)
	delete(v.byID, x.submitID)
	if x.relay {
		v.relays--
	}
	return x, was
}

// putBelow notes a terminal that a relay below reported, v.mu is held; removeBelow that it has gone.
func (v *visits) putBelow(id client.SubmitID, x visitBelow) {
	if v.below == nil {
		v.below = make(map[client.SubmitID]visitBelow)
	}
	v.below[id] = x
}

// arrived is what is known of a submission of a relay below.
type arrived struct {
	recorded *session.SubmitReceipt // it came before, and its terminal is live; nil else
	other    bool                   // other content came under its SubmitID, and that terminal is live
	flight   *flight                // else: its answer is awaited,
	first    bool                   // and it is the first that came
}

// arrive takes a submission in. What comes again while its terminal is live makes that one of the session that it came on: the relay may
// have connected again before the end of its last connection was seen.
func (v *visits) arrive(on int32, key flightKey) (a arrived) {
	v.mu.Lock()
	defer v.mu.Unlock()
	x, known := v.below[key.id]
	switch {
	case !known:
		a.flight, a.first = v.board(on, key)
	case x.sum != key.sum:
		a.other = true
	default:
		a.recorded, x.session = x.receipt, on
		v.below[key.id] = x
	}
	return a
}

func (v *visits) removeBelow(session int32, id client.SubmitID) (was bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	x, was := v.below[id]
	if was = was && x.session == session; was {
		delete(v.below, id)
	}
	return was
}

// leaveBelow takes all terminals out that a relay below reported on its session.
func (v *visits) leaveBelow(session int32) (all []client.SubmitID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, f := range v.flights {
		f.leave(session)
	}
	for id, x := range v.below {
		if x.session == session {
			all = append(all, id)
			delete(v.below, id)
		}
	}
	return all
}

// submitting notes that an answer will come; submitted that it is in put, or was a refusal.
func (v *visits) submitting() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.inFlight++
}

// submitted returns the end of that terminal which came already, if one did.
func (v *visits) submitted(id client.SubmitID) (end client.RelayEvent, ended bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	end, ended = v.early[id]
	v.known()
	return end, ended
}

// known notes that visits knows the answer to one submission; v.mu is held.
func (v *visits) known() {
	if v.inFlight--; v.inFlight == 0 {
		v.early = nil
	}
}

// ended is the terminal that a front ends, or the relay below that reported it. If its answer is still on its way, the end is
// kept for submitted.
func (v *visits) ended(e *client.RelayEvent) (line core.Terminal, below, found bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if id, known := v.byID[e.Terminal]; known {
		return v.all[id].line, false, true
	}
	if x, known := v.below[e.Terminal]; known {
		delete(v.below, e.Terminal)
		relay, in := v.all[x.session]
		return relay.line, true, in
	}
	if v.inFlight > 0 {
		if v.early == nil || len(v.early) >= maxEarly {
			v.early = make(map[client.SubmitID]client.RelayEvent)
		}
		v.early[e.Terminal] = *e
	}
	return nil, false, false
}

func (v *visits) lines() []core.Terminal {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := make([]core.Terminal, 0, len(v.all))
	for _, x := range v.all {
		all = append(all, x.line)
	}
	return all
}

// Visit is a terminal that is logged in, for who looks.
type Visit struct {
	SubmitID string // "" of an investor agent
	RecordID uuid.UUID
	Relay    bool // it is the operator of a relay below
	Below    int  // whose terminals so many are
}

// Visits are those by session.
func (a *Agent) Visits() map[int32]Visit {
	a.visits.mu.Lock()
	defer a.visits.mu.Unlock()
	all := make(map[int32]Visit, len(a.visits.all))
	for id, x := range a.visits.all {
		shown := Visit{RecordID: x.recordID, Relay: x.relay}
		if x.submitID != (client.SubmitID{}) {
			shown.SubmitID = x.submitID.String()
		}
		all[id] = shown
	}
	for _, x := range a.visits.below {
		if shown, in := all[x.session]; in {
			shown.Below++
			all[x.session] = shown
		}
	}
	return all
}

const (
	lostText     = "中继与前置的连接已断，请重新登录 relay lost its front, log in again"
	drainingText = "中继正在停止，请重新登录 relay is stopping, log in again"
)

// exit sends ForceExit to one terminal.
func exit(line core.Terminal, code byte, text string, why reason.Close) {
	line.Exit(session.AppendForceExit(nil, code, text), why)
}

// exitAll sends every terminal away, spread over that time or until ctx ends, then the rest at once. Once stop is closed the
// rest stay.
func (a *Agent) exitAll(ctx context.Context, stop <-chan struct{}, spread time.Duration, text string, why reason.Close) {
	lines := a.visits.lines()
	if len(lines) == 0 {
		return
	}
	const steps = 100
	tick := time.NewTicker(max(spread/steps, time.Millisecond))
	defer tick.Stop()
	share := (len(lines) + steps - 1) / steps
	for i, line := range lines {
		if spread > 0 && i > 0 && i%share == 0 {
			select {
			case <-tick.C:
			case <-ctx.Done():
				spread = 0
			case <-stop:
				return
			}
		}
		exit(line, session.ExitCoreChanged, text, why)
	}
}

// Drain refuses new logins with 8 and sends terminals away, spread as far as ctx allows.
func (a *Agent) Drain(ctx context.Context) {
	a.draining.Store(true)
	a.exitAll(ctx, nil, a.opt.ExitSpread, drainingText, reason.FrontDraining)
}
