package daemon

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// TestSessionsAreListedAndEnded: an operator sees who is logged in and ends a session; its terminal reads why, the core
// is told, and the audit log says who did it.
func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	f := newLinkedFront(t, nil)
	core := f.startCore(coresim.Options{Accounts: []coresim.Account{{User: "88888888", Password: corePassword}}})
	f.dial() // is not logged in, and no session of the list
	m := f.dial()
	m.Send(loginOf("88888888", corePassword))
	id := m.Expect(ftd.TIDUserLogin, 0).Login().SessionID

	address := strings.TrimPrefix(f.daemon.AdminURL(), "http://")
	var list []Session
	if err := (ops.Access{}).Ask(t.Context(), address, "/sessions", &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].SessionID != id || list[0].Account != "88888888" || list[0].State != "logged_in" || strings.Contains(list[0].Address, "127.0.0.1") {
		t.Fatalf("%+v", list)
	}
	var ended SessionEnded
	err := (ops.Access{}).Tell(t.Context(), address, "/sessions/end", &EndSession{SessionID: id + 7, Text: "x"}, &ended)
	if refusal, is := errors.AsType[*ops.Refusal](err); !is || refusal.Status != http.StatusNotFound {
		t.Errorf("a session that is not there: %v", err)
	}
	if err := (ops.Access{}).Tell(t.Context(), address, "/sessions/end", &EndSession{SessionID: id, Text: "a\nb"}, &ended); err == nil {
		t.Error("a text with a line end was taken")
	}
	const text = "请联系客服 call your broker"
	if err := (ops.Access{}).Tell(t.Context(), address, "/sessions/end", &EndSession{SessionID: id, Text: text, By: "ops@host"}, &ended); err != nil {
		t.Fatal(err)
	}
	r := m.Expect(ftd.TIDForceExit, terminaltest.NoCode)
	var exit ftd.ForceExit
	if data, _ := r.Field(ftd.FIDForceExit); exit.Decode(data) != nil || exit.Code != '3' || string(exit.Msg) != text {
		t.Errorf("ForceExit %q %q", exit.Code, exit.Msg)
	}
	m.ExpectClosed()
	await.True(t, "the core knows that the session is over", func() bool {
		report := core.Report()
		return report.Now().Closes["3"] == 1
	})
	await.True(t, "the audit log says who ended it", func() bool {
		log, err := os.ReadFile(f.site.Config.AuditLog)
		return err == nil && strings.Contains(string(log), `"event":"session_end","reason":"ended_by_operator"`) && strings.Contains(string(log), `"by":"ops@host"`)
	})
	if f.records() != 1 {
		t.Error("the record of the login is gone")
	}
}

// TestSessionsAreAllOrNone: while an event loop does not answer, or the front starts, nothing says that no one is logged in.
func TestSessionsAreAllOrNone(t *testing.T) {
	t.Parallel()
	f := newLinkedFront(t, nil)
	f.startCore(coresim.Options{Accounts: []coresim.Account{{User: "88888888", Password: corePassword}}})
	m := f.dial()
	m.Send(loginOf("88888888", corePassword))
	id := m.Expect(ftd.TIDUserLogin, 0).Login().SessionID
	unavailable := func(what string, err error) {
		t.Helper()
		if refusal, is := errors.AsType[*ops.Refusal](err); !is || refusal.Status != http.StatusServiceUnavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
	list, err := f.daemon.sessions(endedContext(t), masked)
	unavailable("a list without a loop", err)
	if len(list) > 0 {
		t.Errorf("%+v beside the error", list)
	}
	body, err := json.Marshal(&EndSession{SessionID: id, Text: "x"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.daemon.endSession(endedContext(t), body)
	unavailable("an end without a loop", err)
	f.daemon.serving.Store(false)
	defer f.daemon.serving.Store(true)
	unavailable("the page of a front that starts", (ops.Access{}).Ask(t.Context(), strings.TrimPrefix(f.daemon.AdminURL(), "http://"), "/sessions", &list))
}

// TestRemoteOperatorIsNamed: what an asker on another machine says of itself neither pushes out nor replaces what the front knows.
func TestRemoteOperatorIsNamed(t *testing.T) {
	t.Parallel()
	f := newLinkedFront(t, nil)
	f.startCore(coresim.Options{Accounts: []coresim.Account{{User: "88888888", Password: corePassword}}})
	m := f.dial()
	m.Send(loginOf("88888888", corePassword))
	id := m.Expect(ftd.TIDUserLogin, 0).Login().SessionID
	ctx := ops.WithRemote(t.Context(), ops.Remote{User: "chief", From: netip.MustParseAddr("192.0.2.7")})
	end := func(by, text string) error {
		body, err := json.Marshal(&EndSession{SessionID: id, Text: text, By: by})
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.daemon.endSession(ctx, body)
		return err
	}
	for _, by := range []string{strings.Repeat("o", maxBy+1), "a\nb", "a\u202eb", "a\x1b[2J"} {
		refusal, is := errors.AsType[*ops.Refusal](end(by, "x"))
		if !is || refusal.Status != http.StatusBadRequest || !strings.HasPrefix(refusal.Problem, "by: ") {
			t.Errorf("%q: %v", by, refusal)
		}
	}
	by, text := strings.Repeat("o", 80), strings.Repeat("t", maxExitText)
	if err := end(by, text); err != nil {
		t.Fatal(err)
	}
	await.True(t, "the audit log says who ended it", func() bool {
		log, err := os.ReadFile(f.site.Config.AuditLog)
		return err == nil && strings.Contains(string(log), `"by":"admin user chief from 192.0.2.7: `+by+`","text":"`+text+`"`)
	})
}
