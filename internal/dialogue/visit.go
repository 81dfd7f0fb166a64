package dialogue

import (
	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// openVisit tells the core whose terminal an operator relay has reported, before the relay is answered: an order for that
// customer follows the answer. A core that takes no business is told nothing.
func (d *Dialogue) openVisit(a *session.SubmitAttempt, r *session.SubmitReceipt) {
	visits, takes := d.core.(core.Visits)
	if !takes {
		return
	}
	id, err := uuid.ParseBytes(a.Request.SubmitID)
	if err != nil {
		return // the gateway accepts none
	}
	visits.OpenVisit(&core.Visit{
		SubmitID: id, BrokerID: a.BrokerID, Account: r.Account, UserType: r.UserType, TradingDay: r.TradingDay,
		RecordID: r.RecordID, Flag: r.Flag, Terminal: a.Visit.Field,
	})
}

// admitSubmit counts a submission in, or says why not: also if the core reads so slowly that it would not learn of the
// visit, which it must before the relay is answered.
func (d *Dialogue) admitSubmit() reason.Reason {
	if visits, takes := d.core.(core.Visits); takes && !d.driver.draining.Load() && visits.Crowded() {
		return reason.CoreFull
	}
	return d.driver.admit(true)
}

// closeVisit tells the core that a terminal has gone. The end of the session closes all others.
func (d *Dialogue) closeVisit(submitID []byte) {
	visits, takes := d.core.(core.Visits)
	if !takes {
		return
	}
	if id, err := uuid.ParseBytes(submitID); err == nil {
		visits.CloseVisit(id)
	}
}
