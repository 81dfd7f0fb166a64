package agent

import (
	"context"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// Submit refuses: below an agent are terminals and many-to-many relays. A terminal that an operator relay below it reported
// would need a submission of its own above.
func (a *Agent) Submit(_ context.Context, peer session.Peer, attempt *session.SubmitAttempt) session.Outcome {
	return a.NotifyDecision(peer, session.OpSubmit, reason.WrongKind, "", attempt.AppID, attempt.Request.UserID)
}

// EndTerminal refuses likewise.
func (a *Agent) EndTerminal(peer session.Peer, operator, _ []byte) session.Outcome {
	return a.NotifyDecision(peer, session.OpSubmitEnd, reason.WrongKind, "", nil, operator)
}

// Renumbered and Disconnected are about connections of relays, which an agent does not count.
func (*Agent) Renumbered(int32, session.Peer) {}

// Disconnected does nothing, as Renumbered.
func (*Agent) Disconnected(session.Peer) {}
