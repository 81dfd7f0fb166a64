package e2e

import (
	"net"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// TestChallengeAnswersAreNotReplayed: an answer is good for the last challenge of its own
// connection, once.
func TestChallengeAnswersAreNotReplayed(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", unpunished)
	d := s.serve()
	right := func(challenge [ftd.ChallengeLen]byte) []byte {
		return answerOf(appID, terminaltest.Respond(s.apps[0].AuthCode, challenge))
	}
	refused := func(t *testing.T, c *stranger, reason string) {
		t.Helper()
		if a := c.ExpectCode(63); a.Ref == "" || s.trueReason(a.Ref) != reason {
			t.Errorf("the true reason is %q, want %q", s.trueReason(a.Ref), reason)
		}
		c.ExpectClosed()
	}
	t.Run("twice on one connection", func(t *testing.T) {
		c := d.stranger(t, "")
		c.Send(ask(appID))
		answer := right(c.ExpectCode(-1).Challenge())
		c.Send(answer)
		c.ExpectCode(0)
		c.Send(answer)
		refused(t, c, "already_authenticated")
	})
	t.Run("twice in one segment", func(t *testing.T) {
		c := d.stranger(t, "")
		c.Send(ask(appID))
		answer := right(c.ExpectCode(-1).Challenge())
		c.Send(answer, answer)
		c.ExpectCode(0)
		refused(t, c, "already_authenticated")
	})
	t.Run("the right one behind a wrong one", func(t *testing.T) {
		c := d.stranger(t, "")
		c.Send(ask(appID))
		answer := right(c.ExpectCode(-1).Challenge())
		c.Send(answerOf(appID, [ftd.ChallengeLen]byte{1}), answer)
		refused(t, c, "wrong_answer")
	})
	t.Run("on another connection", func(t *testing.T) {
		c := d.stranger(t, "")
		c.Send(ask(appID))
		answer := right(c.ExpectCode(-1).Challenge())
		c.Send(answer)
		c.ExpectCode(0)
		other := d.stranger(t, "")
		other.Send(ask(appID))
		other.ExpectCode(-1)
		other.Send(answer)
		refused(t, other, "wrong_answer")
	})
	t.Run("on another connection, without asking", func(t *testing.T) {
		c := d.stranger(t, "")
		c.Send(ask(appID))
		answer := right(c.ExpectCode(-1).Challenge())
		other := d.stranger(t, "")
		other.Send(answer)
		refused(t, other, "no_challenge")
		c.Send(answer)
		c.ExpectCode(0) // and it is still good where it belongs
	})
	t.Run("after reconnecting from the same address and port", func(t *testing.T) {
		c := d.stranger(t, "127.0.0.33")
		c.Send(ask(appID))
		answer, from := right(c.ExpectCode(-1).Challenge()), c.LocalAddr().String()
		_ = c.Conn.(*net.TCPConn).SetLinger(0) // so that the port is free at once
		_ = c.Close()
		again := d.stranger(t, from)
		again.Send(answer)
		refused(t, again, "no_challenge")
		_ = again.Conn.(*net.TCPConn).SetLinger(0)
		_ = again.Close()
		again = d.stranger(t, "127.0.0.33")
		again.Send(ask(appID))
		again.ExpectCode(-1)
		again.Send(answer)
		refused(t, again, "wrong_answer")
	})
	t.Run("exchanged between two", func(t *testing.T) {
		a, b := d.stranger(t, ""), d.stranger(t, "")
		a.Send(ask(appID))
		b.Send(ask(appID))
		forA, forB := right(a.ExpectCode(-1).Challenge()), right(b.ExpectCode(-1).Challenge())
		a.Send(forB)
		b.Send(forA)
		refused(t, a, "wrong_answer")
		refused(t, b, "wrong_answer")
	})
	t.Run("to an older challenge", func(t *testing.T) {
		c := d.stranger(t, "")
		c.Send(ask(appID))
		old := right(c.ExpectCode(-1).Challenge())
		c.Send(ask(appID))
		c.ExpectCode(-1)
		c.Send(old)
		refused(t, c, "wrong_answer")
	})
	t.Run("to the newer of two", func(t *testing.T) {
		c := d.stranger(t, "")
		c.Send(ask(appID), ask(appID))
		c.ExpectCode(-1)
		c.Send(right(c.ExpectCode(-1).Challenge()))
		c.ExpectCode(0)
	})
	t.Run("for another AppID", func(t *testing.T) {
		c := d.stranger(t, "")
		c.Send(ask("nobody_s_1"))
		c.Send(right(c.ExpectCode(-1).Challenge()))
		refused(t, c, "identity_changed")
	})
	t.Run("challenges do not repeat", func(t *testing.T) {
		seen := make(map[[ftd.ChallengeLen]byte]bool)
		for range 200 {
			c := d.stranger(t, "")
			c.Send(ask(appID))
			challenge := c.ExpectCode(-1).Challenge()
			if seen[challenge] {
				t.Fatal("a challenge came again")
			}
			seen[challenge] = true
			_ = c.Close()
		}
	})
}
