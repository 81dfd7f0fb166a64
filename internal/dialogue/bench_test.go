package dialogue

import (
	"bytes"
	"context"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// quick is an office that decides at once, and refuses logins but the first.
type quick struct {
	office
	logins int
}

func (q *quick) Submit(context.Context, session.Peer, *session.SubmitAttempt) session.Outcome {
	return recorded
}

func (q *quick) Login(ctx context.Context, p session.Peer, a *session.LoginAttempt) session.Outcome {
	if q.logins == 0 {
		return session.Outcome{Reason: reason.TooManySessions, Ref: reason.Ref{'A', 'B', 'C', 'D', 'E', 'F'}}
	}
	q.logins--
	return q.office.Login(ctx, p, a)
}

func (*quick) Write([]byte) {}

// begin is an authenticated dialogue with q.
func (q *quick) begin() *Dialogue {
	q.ends = make(chan func(), 1)
	driver := New(&session.Settings{
		AuthTimeout: time.Hour, LoginTimeout: time.Hour, ChallengeTTL: time.Hour, PendingFrames: 4, Refusals: 1 << 30, BodyBeforeAuth: 512,
	}, relayLimits, q, q, zap.NewNop())
	d := driver.Begin(q, new(Scratch), session.Peer{SessionID: 1, Addr: home, Relays: true}, time.Now())
	id := client.Identity{BrokerID: "9999", AppID: "a_b_1"}
	d.Receive(append(terminaltest.Ask(id), terminaltest.Answer(id, [client.ChallengeLen]byte{})...), time.Now())
	return &d
}

func benchLogin() []byte {
	return terminaltest.Login(client.LoginRequest{
		BrokerID: "9999", UserID: "8", Password: "p", KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
	})
}

// BenchmarkLogin is a login that leaves the owner, is refused, and comes back.
func BenchmarkLogin(b *testing.B) {
	q := new(quick)
	d := q.begin()
	frame := benchLogin()
	buf := make([]byte, len(frame))
	b.ReportAllocs()
	for b.Loop() {
		copy(buf, frame) // Receive wipes what it took
		d.Receive(buf, time.Now())
		(<-q.ends)()
	}
}

// BenchmarkSubmission is a submission that leaves the owner, is accepted, and comes back.
func BenchmarkSubmission(b *testing.B) { benchmarkSubmissions(b, 1) }

// BenchmarkSubmissions is one of a window of them that come together.
func BenchmarkSubmissions(b *testing.B) { benchmarkSubmissions(b, 128) }

func benchmarkSubmissions(b *testing.B, together int) {
	q := &quick{logins: 1}
	d := q.begin()
	d.Receive(benchLogin(), time.Now())
	(<-q.ends)()
	frame := bytes.Clone(terminaltest.Message(ftd.TIDTerminalSubmit, submissionFields(1, make([]byte, 256))...))
	frames := bytes.Repeat(frame, together)
	buf := make([]byte, len(frames))
	b.ReportAllocs()
	for left := 0; b.Loop(); left-- {
		if left > 0 {
			continue
		}
		copy(buf, frames)
		d.Receive(buf, time.Now())
		for d.driver.LoginsInFlight() > 0 {
			(<-q.ends)()
		}
		left = together
	}
}
