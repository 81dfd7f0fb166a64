package e2e

import (
	"net"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

// TestChallengeAnswersAreNotReplayed: an answer is good for the last challenge of its own
// connection, once.
func TestChallengeAnswersAreNotReplayed(t *testing.T) {
	s := newSite(t, "", unpunished)
	d := s.serve()
	right := func(t testing.TB, challenge [ftd.ChallengeLen]byte) []byte {
		return answerOf(t, appID, respond(t, s.apps[0].AuthCode, challenge))
	}
	refused := func(t *testing.T, c *stranger, reason string) {
		t.Helper()
		if a := c.want(63); a.ref == "" || s.trueReason(a.ref) != reason {
			t.Errorf("the true reason is %q, want %q", s.trueReason(a.ref), reason)
		}
		c.wantClosed()
	}
	t.Run("twice on one connection", func(t *testing.T) {
		c := d.stranger(t, "")
		c.say(ask(t, appID))
		answer := right(t, c.want(-1).challenge)
		c.say(answer)
		c.want(0)
		c.say(answer)
		refused(t, c, "already_authenticated")
	})
	t.Run("twice in one segment", func(t *testing.T) {
		c := d.stranger(t, "")
		c.say(ask(t, appID))
		answer := right(t, c.want(-1).challenge)
		c.say(answer, answer)
		c.want(0)
		refused(t, c, "already_authenticated")
	})
	t.Run("the right one behind a wrong one", func(t *testing.T) {
		c := d.stranger(t, "")
		c.say(ask(t, appID))
		answer := right(t, c.want(-1).challenge)
		c.say(answerOf(t, appID, [ftd.ChallengeLen]byte{1}), answer)
		refused(t, c, "wrong_answer")
	})
	t.Run("on another connection", func(t *testing.T) {
		c := d.stranger(t, "")
		c.say(ask(t, appID))
		answer := right(t, c.want(-1).challenge)
		c.say(answer)
		c.want(0)
		other := d.stranger(t, "")
		other.say(ask(t, appID))
		other.want(-1)
		other.say(answer)
		refused(t, other, "wrong_answer")
	})
	t.Run("on another connection, without asking", func(t *testing.T) {
		c := d.stranger(t, "")
		c.say(ask(t, appID))
		answer := right(t, c.want(-1).challenge)
		other := d.stranger(t, "")
		other.say(answer)
		refused(t, other, "no_challenge")
		c.say(answer)
		c.want(0) // and it is still good where it belongs
	})
	t.Run("after reconnecting from the same address and port", func(t *testing.T) {
		c := d.stranger(t, "127.0.0.33")
		c.say(ask(t, appID))
		answer, from := right(t, c.want(-1).challenge), c.LocalAddr().String()
		_ = c.Conn.(*net.TCPConn).SetLinger(0) // so that the port is free at once
		_ = c.Close()
		again := d.stranger(t, from)
		again.say(answer)
		refused(t, again, "no_challenge")
		_ = again.Conn.(*net.TCPConn).SetLinger(0)
		_ = again.Close()
		again = d.stranger(t, "127.0.0.33")
		again.say(ask(t, appID))
		again.want(-1)
		again.say(answer)
		refused(t, again, "wrong_answer")
	})
	t.Run("exchanged between two", func(t *testing.T) {
		a, b := d.stranger(t, ""), d.stranger(t, "")
		a.say(ask(t, appID))
		b.say(ask(t, appID))
		forA, forB := right(t, a.want(-1).challenge), right(t, b.want(-1).challenge)
		a.say(forB)
		b.say(forA)
		refused(t, a, "wrong_answer")
		refused(t, b, "wrong_answer")
	})
	t.Run("to an older challenge", func(t *testing.T) {
		c := d.stranger(t, "")
		c.say(ask(t, appID))
		old := right(t, c.want(-1).challenge)
		c.say(ask(t, appID))
		c.want(-1)
		c.say(old)
		refused(t, c, "wrong_answer")
	})
	t.Run("to the newer of two", func(t *testing.T) {
		c := d.stranger(t, "")
		c.say(ask(t, appID), ask(t, appID))
		c.want(-1)
		c.say(right(t, c.want(-1).challenge))
		c.want(0)
	})
	t.Run("for another AppID", func(t *testing.T) {
		c := d.stranger(t, "")
		c.say(ask(t, "nobody_s_1"))
		c.say(right(t, c.want(-1).challenge))
		refused(t, c, "identity_changed")
	})
	t.Run("challenges do not repeat", func(t *testing.T) {
		seen := make(map[[ftd.ChallengeLen]byte]bool)
		for range 200 {
			c := d.stranger(t, "")
			c.say(ask(t, appID))
			challenge := c.want(-1).challenge
			if seen[challenge] {
				t.Fatal("a challenge came again")
			}
			seen[challenge] = true
			_ = c.Close()
		}
	})
}
