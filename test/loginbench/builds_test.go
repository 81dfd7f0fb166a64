//go:build linux

package loginbench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// buildsVariable lists builds of tradefront, separated by colons, that BenchmarkBuilds compares with the first of them.
const buildsVariable = "TRADEFRONT_TEST_BUILDS"

// BenchmarkBuilds compares builds of the program on the embedded store and nothing else, in many short turns, so that a change of some
// percent is seen on a machine whose speed changes within minutes: -benchtime 40x is forty rounds.
func BenchmarkBuilds(b *testing.B) {
	list := os.Getenv(buildsVariable)
	if list == "" {
		b.Skip("no builds are named: make bench-builds BUILDS=before:after")
	}
	s := &stage{terminals: startTerminals(b)}
	for i, path := range strings.Split(list, ":") {
		absolute, err := filepath.Abs(path)
		if err != nil {
			b.Fatal(err)
		}
		s.servers = append(s.servers, newFront(b, fmt.Sprintf("%d %s", i+1, filepath.Base(path)), absolute, nil, ""))
	}
	visits := number(visitsVariable, 1500)
	for _, c := range s.servers {
		s.visits(b, c, concurrent, 3000)
	}
	t := newTable(s.servers)
	for b.Loop() {
		round := map[string]measured{}
		for _, c := range t.inTurn() {
			round[c.name] = s.turn(b, c, visits, 100)
		}
		t.rounds = append(t.rounds, round)
	}
	b.ReportMetric(0, "ns/op") // of all builds together, which means nothing
	for _, c := range s.servers {
		fmt.Printf("%-20s %s\n", c.name, t.against(c.name, s.servers[0].name))
	}
}

// against is a build's figures, and each as a share of the first build's: the median of the rounds, and the half of them around it.
func (t *table) against(name, first string) string {
	var out strings.Builder
	for _, f := range []struct {
		name string
		of   func(measured) float64
	}{
		{"CPU µs", func(m measured) float64 { return m.CPU }},
		{"visits/s", func(m measured) float64 { return m.Rate }},
		{"p99 ms", func(m measured) float64 { return m.P99 }},
		{"alone ms", func(m measured) float64 { return m.P50Alone }},
	} {
		var shares []float64
		for _, round := range t.rounds {
			shares = append(shares, f.of(round[name])/f.of(round[first]))
		}
		slices.Sort(shares)
		n := len(shares)
		fmt.Fprintf(&out, "  %s %.4g, %.3f (%.3f to %.3f)", f.name, t.median(name, f.of), middle(shares), shares[n/4], shares[n-1-n/4])
	}
	return out.String()
}
