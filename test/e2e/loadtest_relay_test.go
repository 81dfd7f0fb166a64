package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	firm "github.com/tradefront/tradefront/test/site"
)

// relayedLoadSite is a front with a listener for relays, and a population with two relays of each mode.
func relayedLoadSite(t *testing.T) (s *site, d, relays *daemon) {
	t.Helper()
	f := firm.New(t, firm.Options{Binary: binary, Relays: true, Store: "limits: {connections_per_source: 0}\n"})
	s = &site{t: t, dir: f.Dir, config: f.Config, private: f.Private, sealed: &sealedTexts{Encrypter: f.Key}}
	s.cli("", "loadtest", "prepare", "--accounts", "400", "--apps", "3", "--relays", "2", "--investor-relays", "2", "--out", filepath.Join(s.dir, "people.json"))
	d = s.serve()
	return s, d, d.atRelays()
}

// atRelays is the front as it is named to relays.
func (d *daemon) atRelays() *daemon { return &daemon{s: d.s, address: d.relays()} }

// TestLoadOfRelays: every submission is answered once, every customer behind a many-to-many relay logs in, and the report has each terminal as its relay saw it.
func TestLoadOfRelays(t *testing.T) {
	t.Parallel()
	s, d, relays := relayedLoadSite(t)
	r, operators, err := s.load(relays, "--scenario", "relay", "--customers", "400", "--assert", "requests_answered==400", "--assert", "request.p99<1m")
	wantRelayed(t, r, err, 2, 400)
	r, many, err := s.load(relays, "--scenario", "relay", "--customers", "100", "--rate", "500", "--generators", "2", "--visits", "4")
	wantRelayed(t, r, err, 4, 100)
	r, investors, err := s.load(relays, "--scenario", "relay", "--relay-mode", "investor", "--customers", "60", "--rate", "300")
	if err != nil || !r.Good || r.Counts.LoggedIn != 60 || r.Counts.MostOpen != 60 || r.Requests != nil || len(investors) != 60 {
		t.Errorf("%v, %+v, failed %v, refused %v, %d answers", err, r.Counts, r.Failed, r.Refused, len(investors))
	}
	d.stop()
	all := append(append(operators, many...), investors...)
	s.checkLoaded(all)
	s.checkRelayed(all)
}

func wantRelayed(t *testing.T, r *result.Result, err error, connections, customers int) {
	t.Helper()
	q := r.Requests
	if err != nil || !r.Good || r.Counts.LoggedIn != connections || q == nil || q.Planned != customers || q.Sent != customers || q.Answered != customers ||
		r.Errors() != 0 || r.Step("request").Count() != int64(customers) {
		t.Errorf("%v, good %v, ended early %q, %+v, %+v, failed %v, refused %v", err, r.Good, r.EndedEarly, r.Counts, q, r.Failed, r.Refused)
	}
}

// checkRelayed: the supplement of a relayed terminal begins with what its relay said of it.
func (s *site) checkRelayed(all []loadtest.Answer) {
	s.t.Helper()
	answers, days := map[string]*loadtest.Answer{}, map[string]bool{}
	for i := range all {
		answers[string(all[i].Ciphertext)], days[all[i].TradingDay] = &all[i], true
	}
	for day := range days {
		for _, o := range s.export(day) {
			a := answers[string(o.line.Terminal)]
			if !strings.HasPrefix(a.Address.String(), "10.") {
				continue // the operators' own
			}
			for _, want := range []string{a.AppID, a.Address.Addr().String(), "loadtest_LT"} {
				if !strings.Contains(o.supplement, want) {
					s.t.Fatalf("%q is not in the supplement %q", want, o.supplement)
				}
			}
		}
	}
}

// TestLoadOfRelaysIsPaced: connections that together may send more than their relay's rate are answered 90, and send the same again until all are recorded, once.
func TestLoadOfRelaysIsPaced(t *testing.T) {
	t.Parallel()
	s, d, _ := relayedLoadSite(t)
	s.cli("", "relay", "limits", "--app-id", "loadtest_LTO00001_1.0", "--rate", "100", "--burst", "10")
	s.cli("", "relay", "limits", "--app-id", "loadtest_LTO00002_1.0", "--rate", "100", "--burst", "10")
	d.stop()
	d = s.serve()
	relays := d.atRelays()
	r, answers, err := s.load(relays, "--scenario", "relay", "--customers", "300", "--visits", "6")
	wantRelayed(t, r, err, 6, 300)
	if r.Requests.Again == 0 || len(answers) != 306 {
		t.Errorf("%d were sent again, %d answers; want some, and 300 beside the operators' logins", r.Requests.Again, len(answers))
	}
	d.stop()
	s.checkLoaded(answers)
}

// TestLoadOfRelaysLosesTheFront: what was not answered when the front was killed is lost, and the run ends.
func TestLoadOfRelaysLosesTheFront(t *testing.T) {
	t.Parallel()
	s, d, relays := relayedLoadSite(t)
	ended := make(chan *result.Result)
	go func() {
		r, _, err := s.load(relays, "--scenario", "relay", "--customers", "20000", "--rate", "1000")
		if err == nil {
			t.Error("exit status 0")
		}
		ended <- r
	}()
	s.awaitAudit(`"submit_id"`)
	if err := d.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	r := <-ended
	if q := r.Requests; r.Good || r.EndedEarly == "" || r.Counts.Lost != 2 || q.Answered+q.Lost != q.Sent || q.Sent == 0 || q.Sent >= 20_000 {
		t.Errorf("good %v, ended early %q, %+v, %+v, failed %v", r.Good, r.EndedEarly, r.Counts, q, r.Failed)
	}
}
