package daemon

import (
	"context"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/regulation"
)

// barredExitText is what a terminal is told whose account was disabled or removed.
const barredExitText = "账户已被期货公司停用 the account was disabled by the firm"

// endBarred ends the sessions of accounts that an operator disabled or removed. A login that was verified before and is on its way is
// answered, and then ended; one that begins from now on is refused. What could not be ended now is tried again at the next look.
func (d *Daemon) endBarred(ctx context.Context) {
	if d.path.Core == nil || !d.serving.Load() {
		return
	}
	due := d.path.Core.Barred() || d.barred.Load()
	if d.path.Gateway != nil {
		due = d.path.Gateway.Barred() || due
	}
	if !due {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	ended, err := d.front.EndSessions(ctx, d.isBarred, barredExitText)
	if d.path.Gateway != nil && err == nil {
		var terminals int
		terminals, err = d.endBarredTerminals(ctx)
		ended += terminals
	}
	if ended > 0 {
		d.logger.Info("accounts were disabled or removed, and their sessions were ended", zap.Int("sessions", ended))
	}
	if d.barred.Store(err != nil); err != nil && ctx.Err() != nil {
		d.logger.Error("sessions of disabled accounts may be open: an event loop did not answer; this front tries again at its next look", zap.Error(err))
	}
}

func (d *Daemon) isBarred(account []byte) bool {
	known, disabled := d.path.Core.Known(account)
	return !known || disabled
}

// endBarredTerminals ends the terminals of such accounts on the sessions of operator relays, and returns their number. A relay that
// cannot be told to end one terminal keeps it: the firm's core refuses its orders. The error says that some were not come to.
func (d *Daemon) endBarredTerminals(ctx context.Context) (ended int, err error) {
	for _, v := range d.path.Gateway.Visits(func(a regulation.Account) bool { return d.isBarred([]byte(a)) }) {
		told, err := d.front.EndTerminal(ctx, v.SessionID, v.SubmitID, barredExitText)
		switch {
		case err != nil:
			return ended, err
		case told:
			ended++
			continue
		}
		d.logger.Warn("a terminal of a disabled account stays at its relay, which was not told at its login that one terminal may be ended: "+
			"end the relay's session, or call its operator", zap.String("relay", string(v.Relay)), zap.Int32("session_id", v.SessionID))
	}
	return ended, nil
}
