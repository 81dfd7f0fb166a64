package dialogue

import (
	"testing"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/await"
)

// orphan is a handler, and a line whose owner has ended.
type orphan struct {
	refuser
	sink
	told chan struct{}
}

func (*orphan) Later(f func(bool)) { f(true) }

func (o *orphan) Unanswered(session.Peer, session.Outcome) {
	close(o.told)
	panic("unanswered")
}

// TestLoginOfAnOwnerThatEnded: what its handler does last may panic, and it is in flight no longer.
func TestLoginOfAnOwnerThatEnded(t *testing.T) {
	t.Parallel()
	o := &orphan{told: make(chan struct{})}
	d := Dialogue{driver: New(&session.Settings{}, Limits{Logins: 1}, o, o, zap.NewNop()), line: o}
	d.driver.admit(false)
	d.startLogin(new(session.LoginAttempt))
	<-o.told
	await.True(t, "the login is over", func() bool { return d.driver.LoginsInFlight() == 0 })
}
