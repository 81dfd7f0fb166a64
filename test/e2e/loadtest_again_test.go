package e2e

import (
	"net"
	"testing"

	"github.com/tradefront/tradefront/internal/loadtest"
)

// TestLoadComesAgain: terminals that a busy front tells to come later all get in, each once, where they come again; otherwise they are errors.
func TestLoadComesAgain(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "40")
	s.replaceConfig("connections_per_source: 0}", "connections_per_source: 0, logins_in_flight: 4}")
	s.replaceConfig("logins_per_user: 0", "logins_per_user: 0\n  hash_queue: 1")
	d.stop()
	d = s.serve()
	r, answers, err := s.load(d, "--scenario", "cold", "--visits", "40", "--concurrency", "20", "--come-again", "2m")
	if err != nil || !r.Good || r.Counts.LoggedIn != 40 || r.Counts.Begun != 40 || r.Counts.Again == 0 || r.Counts.Again != r.Again["refused by code 90"] {
		t.Errorf("%v, ended early %q, %+v, again %v, refused %v, failed %v", err, r.EndedEarly, r.Counts, r.Again, r.Refused, r.Failed)
	}
	// All return at once, more than may be in flight.
	r, more, err := s.load(d, "--scenario", "reconnect", "--visits", "40", "--concurrency", "1", "--come-again", "2m", "--generators", "2")
	if err != nil || !r.Good || r.Counts.LoggedIn != 40 || r.Login.Count() != 40 {
		t.Errorf("%v, ended early %q, %+v, again %v, failed %v", err, r.EndedEarly, r.Counts, r.Again, r.Failed)
	}
	d.stop()
	s.checkLoaded(append(answers, more...))
}

// TestLoadOfSeveralFronts: the accounts are shared among addresses, and a terminal that one of them does not take, or does not answer, comes again at the next.
func TestLoadOfSeveralFronts(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "40")
	var all []loadtest.Answer
	for _, test := range []struct {
		why, patience string // patience is the good front's, too, which a busy machine keeps waiting
		take          func(net.Conn)
	}{
		{"closed: challenge", "60s", func(c net.Conn) { _ = c.Close() }},
		{"no answer: challenge", "10s", func(c net.Conn) { t.Cleanup(func() { _ = c.Close() }) }},
	} {
		bad, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = bad.Close() })
		go func() {
			for {
				c, err := bad.Accept()
				if err != nil {
					return
				}
				test.take(c)
			}
		}()
		r, answers, err := s.load(d, "--to", bad.Addr().String(), "--scenario", "storm", "--visits", "40", "--rate", "200", "--come-again", "2m",
			"--patience", test.patience)
		if err != nil || !r.Good || r.Counts.LoggedIn != 40 || r.Again[test.why] < 20 || r.Target != d.address+", "+bad.Addr().String() {
			t.Errorf("%s: %v, ended early %q, at %s, %+v, again %v, failed %v", test.why, err, r.EndedEarly, r.Target, r.Counts, r.Again, r.Failed)
		}
		all = append(all, answers...)
	}
	d.stop()
	s.checkLoaded(all)
}
