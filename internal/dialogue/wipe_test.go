package dialogue

import (
	"bytes"
	"context"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// refuser answers everything with a refusal.
type refuser struct{}

func (refuser) Challenge(*[ftd.ChallengeLen]byte) {}
func (refuser) Verify(session.Peer, *session.AuthAttempt) session.Outcome {
	return session.Outcome{Reason: reason.WrongAnswer}
}

func (refuser) NotifyDecision(_ session.Peer, _ session.Op, why reason.Reason, _ string, _, _ []byte) session.Outcome {
	return session.Outcome{Reason: why, Ref: reason.Ref{'A', 'B', 'C', 'D', 'E', 'F'}}
}

func (refuser) Login(context.Context, session.Peer, *session.LoginAttempt) session.Outcome {
	return session.Outcome{Reason: reason.WrongPassword}
}

func (refuser) RequestCode(session.Peer, core.Terminal, []byte, []byte) session.Outcome {
	return session.Outcome{Reason: reason.CodeRate, Ref: reason.Ref{'A', 'B', 'C', 'D', 'E', 'F'}}
}
func (refuser) NoteMalformed(session.Peer, string, []byte, []byte)           {}
func (refuser) NoteProxyHeader(session.Peer, string)                         {}
func (refuser) MayChangePassword(session.Peer, []byte, []byte) reason.Reason { return reason.OK }

func (refuser) Unanswered(session.Peer, session.Outcome) {}
func (refuser) Ended(session.Peer, []byte, reason.Close) {}
func (refuser) Submit(context.Context, session.Peer, *session.SubmitAttempt) session.Outcome {
	return session.Outcome{Reason: reason.OutOfScope, Ref: reason.Ref{'A', 'B', 'C', 'D', 'E', 'F'}}
}

func (refuser) EndTerminal(session.Peer, []byte, []byte) session.Outcome { return session.Outcome{} }

func (refuser) RefuseSubmit(_ session.Peer, _ session.Op, _ *session.SubmitAttempt, why reason.Reason, _ string) session.Outcome {
	return session.Outcome{Reason: why, Ref: reason.Ref{'A', 'B', 'C', 'D', 'E', 'F'}}
}

func (refuser) Renumbered(int32, session.Peer) {}
func (refuser) Disconnected(session.Peer)      {}
func (refuser) ConnectionClosed(string)        {}
func (refuser) Malformed(string)               {}
func (refuser) Discarded(string)               {}
func (refuser) BusinessPassed(int)             {}
func (refuser) BusinessDelivered(int)          {}
func (refuser) BusinessRefused(string)         {}
func (refuser) BusinessPaused()                {}

// sink takes what is written.
type sink struct{ written bytes.Buffer }

func (*sink) Unsent() int             { return 0 }
func (s *sink) Write(b []byte)        { s.written.Write(b) }
func (*sink) Terminal() core.Terminal { return nil }
func (*sink) NextID() int32           { return 2 }
func (*sink) Later(f func(bool))      { f(false) }

// TestFramesAreWiped: of a frame that was read nothing stays in the shared buffer, and what
// has come of the next one does.
func TestFramesAreWiped(t *testing.T) {
	driver := New(&session.Settings{
		AuthTimeout: time.Minute, LoginTimeout: time.Minute, ChallengeTTL: time.Minute, PendingFrames: 4, Refusals: 4, BodyBeforeAuth: 512,
	},
		Limits{Logins: 1, Unsent: 1 << 16}, refuser{}, refuser{}, zap.NewNop())
	line := new(sink)
	now := time.Now()
	d := driver.Begin(line, new(Scratch), session.Peer{SessionID: 1, Addr: netip.MustParseAddrPort("203.0.113.7:50123")}, now)
	frame := terminaltest.Login(client.LoginRequest{
		BrokerID: "9999", UserID: "88888888", Password: "s3cret@pass", KeyVersion: "1.0", AbnormalFlag: '0',
	})
	rest := []byte{frame[0], frame[1]}
	buf := append(bytes.Clone(frame), rest...)
	used := d.Receive(buf, now)
	if used != len(frame) || d.Closing() != reason.StayOpen || line.written.Len() == 0 {
		t.Fatalf("used %d of %d bytes, answered %d, closing %v", used, len(frame), line.written.Len(), d.Closing())
	}
	if !bytes.Equal(buf[:used], make([]byte, used)) {
		t.Errorf("left in the buffer: %q", buf[:used])
	}
	if !bytes.Equal(buf[used:], rest) {
		t.Errorf("the rest was touched: %x", buf[used:])
	}
}
