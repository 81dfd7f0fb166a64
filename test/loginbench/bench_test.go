//go:build linux

package loginbench

import (
	"fmt"
	"testing"
)

// What the environment says of a run's size.
const (
	visitsVariable   = "TRADEFRONT_TEST_VISITS"   // of each server in a round
	sessionsVariable = "TRADEFRONT_TEST_SESSIONS" // held at each server for its heap
	programVariable  = "TRADEFRONT_TEST_OTHER"    // another build of tradefront, to be measured beside this one
)

// BenchmarkServers prints the table of docs/performance.md: -benchtime 5x is five rounds.
func BenchmarkServers(b *testing.B) {
	visits, sessions := number(visitsVariable, 500), number(sessionsVariable, 500)
	s := newStage(b, visits)
	t := newTable(s.servers)
	for b.Loop() {
		round := map[string]measured{}
		for _, c := range t.inTurn() {
			round[c.name] = s.turn(b, c, visits, min(visits, 300))
		}
		t.rounds = append(t.rounds, round)
	}
	for _, c := range s.servers {
		calls, err := s.calls(b, c, visits)
		if err != nil {
			t.uncounted = err
			break
		}
		t.calls[c.name] = calls
	}
	for _, c := range s.servers {
		t.session[c.name] = s.stay(b, c, sessions)
	}
	fmt.Print(t)
	b.ReportMetric(0, "ns/op") // of all servers together, which means nothing
	b.ReportMetric(t.ratio(embeddedName, rsaName, func(m measured) float64 { return m.CPU }), "embedded/floor-RSA")
	b.ReportMetric(t.ratio(postgresName, rsaName, func(m measured) float64 { return m.CPU }), "postgres/floor-RSA")
}
