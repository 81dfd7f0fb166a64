package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// TestDisabledAccounts: a disabled account's sessions end at each front, its logins are refused as after a wrong password, another account's
// session goes on, and the change is written down. The terminals hear of it without a word to any front.
func TestDisabledAccounts(t *testing.T) {
	t.Parallel()
	s := newSite(t, firmDatabase(t), "auth: {refresh: 100ms}\n")
	s.addAccount("66666666", "1")
	other := s.secondFront()
	fronts := []*daemon{s.serve(), other.serve()}
	var mine, others []*terminaltest.Terminal
	for _, d := range fronts {
		mine = append(mine, d.enterRaw(t, account))
		others = append(others, d.enterRaw(t, "66666666"))
	}
	// Both fronts report where their admin listeners are: no command names them.
	if got := s.sessionsOf(""); len(got) != 4 {
		t.Errorf("session list has %+v, want the four sessions of both fronts", got)
	}
	if got := s.sessionsOf("2"); len(got) != 2 || got[0].FrontID != 2 {
		t.Errorf("session list --front 2 has %+v", got)
	}
	s.cli("", "account", "disable", "--account", account, "--why", "ticket 4711")
	for _, m := range mine {
		r := m.Expect(ftd.TIDForceExit, terminaltest.NoCode)
		var exit ftd.ForceExit
		if data, _ := r.Field(ftd.FIDForceExit); exit.Decode(data) != nil || !strings.Contains(string(exit.Msg), "disabled") {
			t.Errorf("ForceExit %q", exit.Msg)
		}
		m.ExpectClosed()
	}
	for _, d := range fronts {
		c, err := d.enter(t, s.apps[0].AuthCode)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := login(t, c, password, nil); code(t, err) != 3 {
			t.Errorf("a disabled account logs in: %v", err)
		}
	}
	s.awaitAudit(`"reason":"account_disabled","code":3`, `"account":"`+account+`"`)
	s.awaitAudit(`"event":"operator_action"`, `"command":"account disable"`, `"changes":"state: enabled → disabled"`, `"why":"ticket 4711"`)
	if out := s.cli("", "session", "end", "--account", "66666666"); strings.Count(out, "ended session") != 2 {
		t.Errorf("session end --account printed %q", out)
	}
	for _, m := range others {
		m.Expect(ftd.TIDForceExit, terminaltest.NoCode)
		m.ExpectClosed()
	}

	s.cli("", "account", "enable", "--account", account)
	for _, d := range fronts {
		await.True(t, "an enabled account logs in", func() bool {
			c, err := d.enter(t, s.apps[0].AuthCode)
			if err != nil {
				return false
			}
			_, err = login(t, c, password, func(r *client.LoginRequest) { r.Ciphertext = nil; r.AbnormalFlag = '1' })
			return err == nil
		})
	}
	var list []struct{ Command, Subject, User, Host string }
	if err := json.Unmarshal([]byte(s.cli("", "actions", "list", "-o", "json", "--subject", account)), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 || list[1].Command != "account disable" || list[1].User == "" {
		t.Errorf("%+v", list)
	}
}

type listedSession struct {
	FrontID int32 `json:"front_id"`
	Account string
}

// sessionsOf are the sessions of one front, or of all that report.
func (s *site) sessionsOf(front string) (list []listedSession) {
	s.t.Helper()
	args := []string{"session", "list", "-o", "json"}
	if front != "" {
		args = append(args, "--front", front)
	}
	if err := json.Unmarshal([]byte(s.cli("", args...)), &list); err != nil {
		s.t.Fatal(err)
	}
	return list
}

// TestUpgradeAfterDisabling: an account is disabled, and a new process takes the front's place before the old one has looked. The new
// one knows the account as disabled from its start, and ends the session that it was given.
func TestUpgradeAfterDisabling(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "auth: {refresh: 1h}\n")
	s.addAccount("66666666", "1")
	d := s.serve()
	u := d.upgradable(t)
	mine, other := d.enterRaw(t, account), d.enterRaw(t, "66666666")
	s.cli("", "account", "disable", "--account", account, "--why", "ticket 4711")
	u.upgrade()
	mine.Expect(ftd.TIDForceExit, terminaltest.NoCode)
	mine.ExpectClosed()
	other.Send(terminaltest.Logout("9999", "66666666"))
	other.Expect(ftd.TIDUserLogout, 0)
	u.end()
}
