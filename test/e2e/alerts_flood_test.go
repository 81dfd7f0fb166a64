package e2e

import (
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/client"
	firm "github.com/tradefront/tradefront/test/site"
)

// lonely is a front with a store of its own, at that admin address.
func lonely(t *testing.T, admin string, o firm.Options) *site {
	t.Helper()
	o.Binary, o.Admin = binary, admin
	f := firm.New(t, o)
	s := &site{t: t, dir: f.Dir, config: f.Config, private: f.Private, sealed: &sealedTexts{Encrypter: f.Key}}
	s.addApp(appID)
	s.addAccount(account, "1")
	return s
}

// as is a login under another account.
func as(user string) func(*client.LoginRequest) {
	return func(r *client.LoginRequest) { r.UserID = user }
}

const staleApp = "client_stale_1.0"

const floodLimits = "limits: {refusals: 100000, penalties: {sources: 0}}\n"

// patientLogins: one that waits for a password check is not given up before the alert is seen.
const patientLogins = "timers: {login_work: 5m}\n"

// breakFlood attacks a front by connections and by passwords, mistypes its configuration, and has it start again and again.
func (w *watched) breakFlood(t *testing.T) {
	s := lonely(t, w.flood, firm.Options{More: floodLimits + patientLogins, Core: "  lock_failures: 2\n  lock_source_failures: 100000\n"})
	s.addApp(staleApp)
	d := s.serve()
	w.scrapes(t, w.flood)
	w.quiet(t, w.flood, "TradefrontConnectionsRefused", "TradefrontSourceRefused", "TradefrontFlood", "TradefrontReloadRefused",
		"TradefrontAuthenticationsRefused", "TradefrontSoftwareRefused", "TradefrontGuessing", "TradefrontManyLocks", "TradefrontLoginsRefused", "TradefrontRestarts")
	w.quiet(t, "", "TradefrontAppRefused")
	w.wrongAuthCodes(t, d)
	w.guessPasswords(t, d)

	bound := func(limit string, connections int, alerts ...string) {
		s.replaceConfig("limits: {", "limits: {"+limit+", ")
		d.hangup("the configuration was reloaded")
		var open []net.Conn
		for range connections {
			if c, err := net.Dial("tcp", d.address); err == nil {
				open = append(open, c)
			}
		}
		w.fires(t, w.flood, alerts...)
		for _, c := range open {
			_ = c.Close()
		}
		s.replaceConfig(limit+", ", "")
	}
	bound("connections_per_source: 1", 120, "TradefrontSourceRefused")
	bound(`unauthenticated: "1:100:2"`, 150, "TradefrontFlood")
	bound("connections: 2", 10, "TradefrontConnectionsRefused")
	s.replaceConfig("limits: {", "limits: {connection: 1, ")
	d.hangup("the configuration has faults")
	w.fires(t, w.flood, "TradefrontReloadRefused")
	started := w.scrapesProcess(t, w.flood, "")
	d.kill()
	s.replaceConfig("connection: 1, ", "")
	s.replaceConfig("iterations: 1", "iterations: 64, parallel: 1")
	s.replaceConfig("memory_kib: 1024", "memory_kib: 19456")
	for range 2 {
		d = s.serve()
		started = w.scrapesProcess(t, w.flood, started)
		d.kill()
	}
	d = s.serve()
	w.fires(t, w.flood, "TradefrontRestarts")
	w.queuePasswords(t, d)
}

// wrongAuthCodes has terminals come whose vendor did not change the authcode over. No other front knows their AppID.
func (w *watched) wrongAuthCodes(t *testing.T, d *daemon) {
	t.Helper()
	come := func() {
		t.Helper()
		c, err := client.Dial(t.Context(), d.address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Authenticate(t.Context(), client.Identity{BrokerID: "9999", AppID: staleApp}, "ANOTHERCODE12345"); code(t, err) != 63 {
			t.Fatalf("a wrong authcode: %v", err)
		}
		_ = c.Close()
	}
	for range 60 {
		come()
	}
	w.fires(t, w.flood, "TradefrontAuthenticationsRefused", "TradefrontSoftwareRefused")
	for range 20 { // the counter of an AppID is there with its first terminal: only what comes then is an increase
		come()
	}
	w.fires(t, "", "TradefrontAppRefused")
}

// guessPasswords tries two passwords of each of many accounts, which locks them.
func (w *watched) guessPasswords(t *testing.T, d *daemon) {
	t.Helper()
	for n := range 120 { // the front closes a connection with the third
		c, err := d.enter(t, d.s.apps[0].AuthCode)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := login(t, c, "wrong", as(fmt.Sprint(5000000+n/2))); code(t, err) != 3 {
			t.Fatalf("guess %d: %v", n, err)
		}
		_ = c.Close()
	}
	w.fires(t, w.flood, "TradefrontGuessing", "TradefrontManyLocks", "TradefrontLoginsRefused")
}

// queuePasswords has more logins wait for a password check than a front should have.
func (w *watched) queuePasswords(t *testing.T, d *daemon) {
	t.Helper()
	w.quiet(t, w.flood, "TradefrontPasswordQueueLong")
	var logins sync.WaitGroup
	for n := range 600 { // the alert is about more than 500
		c, err := d.enter(t, d.s.apps[0].AuthCode)
		if err != nil {
			t.Fatal(err)
		}
		logins.Go(func() { _, _ = login(t, c, "wrong", as(strconv.Itoa(6000000+n))) })
	}
	w.fires(t, w.flood, "TradefrontPasswordQueueLong")
	d.kill()
	logins.Wait()
}
