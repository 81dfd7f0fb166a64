package e2e

import (
	"errors"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/await"
)

// TestBoundAppID: who is outside the binding of an AppID gets the answer of a wrong authcode, and the audit log the reason. A running front
// follows each change through PostgreSQL and its mirror.
func TestBoundAppID(t *testing.T) {
	t.Parallel()
	s := newSite(t, firmDatabase(t), "auth: {refresh: 100ms}\n"+floodLimits) // it asks until an answer changes, and is not to be turned away for that
	d := s.serve()
	_, err := d.enter(t, "AAAAAAAABBBBBBBB")
	wrong := refusalOf(t, err)

	s.cli("", "app", "bind", appID, "--network", "192.0.2.0/24", "--why", "office alone")
	await.True(t, "the front knows the network", func() bool { _, err = d.enter(t, s.apps[0].AuthCode); return err != nil })
	if got := refusalOf(t, err); got.Code != 63 || got.Text != wrong.Text {
		t.Errorf("%+v, want the text of %+v", got, wrong)
	}
	s.awaitAudit(`"reason":"app_network","code":63`)

	s.cli("", "app", "bind", appID, "--account-prefix", "99", "--account", "98") // before another login through it is possible
	s.cli("", "app", "unbind", appID, "--network", "192.0.2.0/24")
	var c *client.Conn
	await.True(t, "the front knows that every address may connect", func() bool { c, err = d.enter(t, s.apps[0].AuthCode); return err == nil })
	_, err = login(t, c, password, nil)
	if got := refusalOf(t, err); got.Code != 63 || got.Text != wrong.Text {
		t.Errorf("%+v, want the text of %+v", got, wrong)
	}
	s.awaitAudit(`"reason":"app_account","code":63`, `"account":"`+account+`"`)

	other := s.addApp("client_other_1.0")
	s.cli("", "app", "bind", string(other.AppID), "--confine", account)
	s.cli("", "app", "bind", appID, "--account", account)
	try := func() error { // a 63 closes the connection
		c, err := d.enter(t, s.apps[0].AuthCode)
		if err != nil {
			return err
		}
		_, err = login(t, c, password, nil)
		return err
	}
	await.True(t, "the account is confined to the other AppID", func() bool {
		return try() != nil && s.hasAudit(`"reason":"account_confined","code":63`)
	})
	s.cli("", "app", "unbind", string(other.AppID), "--confine", account)
	await.True(t, "the account logs in", func() bool { return try() == nil })
}

func refusalOf(t *testing.T, err error) *client.Error {
	t.Helper()
	refused, is := errors.AsType[*client.Error](err)
	if !is {
		t.Fatalf("%v, want an answer of the front", err)
	}
	return refused
}
