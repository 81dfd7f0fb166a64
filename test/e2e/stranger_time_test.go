package e2e

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/testmain"
	"github.com/tradefront/tradefront/test/timing"
)

// secretive is a site with AppIDs of every kind that an answer of 63 can be about.
func secretive(t *testing.T) (d *daemon, apps []string) {
	s := newSite(t, "", unpunished)
	s.addApp("v_unreadable_1")
	if err := os.Rename(filepath.Join(s.dir, "master.key"), filepath.Join(s.dir, "old.key")); err != nil {
		t.Fatal(err)
	}
	s.cli("", "masterkey", "create") // nothing that was sealed before opens any more
	for _, id := range []string{"v_known_1", "v_disabled_1"} {
		s.addApp(id)
	}
	s.cli("", "app", "disable", "--app-id", "v_disabled_1")
	return s.serve(), []string{"v_known_1", "v_unknown_1", "v_disabled_1", "v_unreadable_1"}
}

// dialogueBytes is all that the front sends for a wrong answer, with what is different each
// time made equal: the challenge, the reference, the time.
func dialogueBytes(t *testing.T, d *daemon, app string) (all []byte, reason string) {
	t.Helper()
	c := d.stranger(t, "")
	c.Send(ask(app))
	step2 := bytes.Clone(c.Next().Frame)
	clear(step2[len(step2)-ftd.ChallengeLen:])
	c.Send(answerOf(app, [ftd.ChallengeLen]byte{1}))
	step4 := bytes.Clone(c.Next().Frame)
	const timeStampLen = 20
	clear(step4[len(step4)-timeStampLen:])
	at := bytes.Index(step4, []byte("[ref "))
	if at < 0 {
		t.Fatalf("%q has no reference", step4)
	}
	ref := step4[at+len("[ref "):][:6]
	reason = d.s.trueReason(string(ref))
	clear(ref)
	c.ExpectClosed()
	return append(step2, step4...), reason
}

// TestStrangerCannotTellAppIDsApart: unknown, disabled, unreadable, or with a wrong authcode:
// the same bytes, and by the method of package timing the same time from the answer to the
// end of the connection. The effect that is looked for is a fifth of a round trip; what the
// registry itself differs by is measured without a network, in internal/auth.
func TestStrangerCannotTellAppIDsApart(t *testing.T) {
	d, apps := secretive(t)
	first, _ := dialogueBytes(t, d, apps[0])
	reasons := make(map[string]bool)
	for _, app := range apps {
		all, reason := dialogueBytes(t, d, app)
		if !bytes.Equal(all, first) {
			t.Errorf("%s (%s) is answered\n%q, %s\n%q", app, reason, all, apps[0], first)
		}
		reasons[reason] = true
	}
	if len(reasons) != 4 {
		t.Fatalf("the audit log has the reasons %v: nothing was tested", reasons)
	}
	testmain.NotRaced(t)
	refusal := func(name, app string, leak time.Duration) timing.Kind {
		return timing.Kind{Name: name, Measure: func(int) time.Duration {
			c := d.stranger(t, "")
			defer c.Close()
			c.Send(ask(app))
			c.ExpectCode(-1)
			var wrong [ftd.ChallengeLen]byte
			_, _ = rand.Read(wrong[:])
			frame := answerOf(app, wrong)
			begin := time.Now()
			for time.Since(begin) < leak {
				runtime.Gosched() // as a front that does more for this one
			}
			c.Send(frame)
			c.ExpectCode(63)
			c.ExpectClosed()
			return time.Since(begin)
		}}
	}
	plan := timing.Plan{Rounds: 300, Effect: 0.20, Attempts: 3}
	kinds := make([]timing.Kind, len(apps))
	for i, app := range apps {
		kinds[i] = refusal(app, app, 0)
	}
	leaks, all := plan.Leaks(1, kinds...)
	for _, pair := range all {
		t.Log(pair)
	}
	for _, pair := range leaks {
		t.Errorf("can be told apart: %v", pair)
	}
	leak := all[0].MedianA // so much that it shows on any machine, however busy
	leaks, all = plan.Leaks(2, refusal("wrong answer", apps[0], 0), refusal("the same, with a leak", apps[0], leak))
	t.Logf("on purpose, %v: %v", leak, all)
	if len(leaks) != 1 {
		t.Errorf("a leak of %v is not seen: %v", leak, all)
	}
}

// TestStrangerCannotTellAccountsApart: a wrong password and an account that does not exist get the
// same bytes. That they take the same time is measured in internal/core.
func TestStrangerCannotTellAccountsApart(t *testing.T) {
	s := newSite(t, "", unpunished)
	d := s.serve()
	refusal := func(user, reason string) []byte {
		c := d.stranger(t, "")
		c.enter(d)
		c.Send(loginAs(user, "guess", fresh()))
		raw := bytes.Clone(c.Next().Frame)
		clear(raw[len(raw)-20:]) // TimeStamp
		ref := raw[bytes.Index(raw, []byte("[ref "))+len("[ref "):][:6]
		if got := s.trueReason(string(ref)); got != reason {
			t.Errorf("%s: %s, want %s", user, got, reason)
		}
		clear(ref)
		return raw
	}
	known, unknown := refusal(account, "wrong_password"), refusal("77777777", "unknown_account")
	if !bytes.Equal(known, unknown) {
		t.Errorf("%q\n%q", known, unknown)
	}
}
