//go:build linux

package loginbench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/processor"
)

// A peer is a server of another trade, which does what it calls a login: an order of magnitude beside the table.
type peer struct {
	name    string
	visited atomic.Int64
	pids    func() []int           // the server's processes
	visit   func(number int) error // one; each has a number of its own
}

// BenchmarkPeers measures what a FIX logon and a TLS handshake cost their servers, by 64 clients in a closed loop. -benchtime 3x is
// three rounds. What is not on this machine is left out, and the line says why.
func BenchmarkPeers(b *testing.B) {
	visits := number(visitsVariable, 200)
	var peers []*peer
	for _, start := range []func(testing.TB) (*peer, error){startNginx, startFIX} {
		p, err := start(b)
		if err != nil {
			fmt.Println("not measured:", err)
			continue
		}
		peers = append(peers, p)
		p.visits(b, visits/4+1) // threads are started, caches filled
	}
	rates, costs := map[string][]float64{}, map[string][]float64{}
	for b.Loop() {
		for _, p := range peers {
			before, begin := processor.Family(b, p.pids()), time.Now()
			p.visits(b, visits)
			rates[p.name] = append(rates[p.name], float64(visits)/time.Since(begin).Seconds())
			costs[p.name] = append(costs[p.name], float64((processor.Family(b, p.pids())-before).Microseconds())/float64(visits))
		}
	}
	for _, p := range peers {
		fmt.Printf("%s: %.0f a second, %.0f µs of the server's processor time each\n", p.name, middle(rates[p.name]), middle(costs[p.name]))
	}
	b.ReportMetric(0, "ns/op") // of all peers together, which means nothing
}

// visits makes n of them.
func (p *peer) visits(b *testing.B, n int) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	faults := make([]error, concurrent)
	for client := range concurrent {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n) && faults[client] == nil; i = next.Add(1) {
				faults[client] = p.visit(int(p.visited.Add(1)))
			}
		})
	}
	wg.Wait()
	if err := errors.Join(faults...); err != nil {
		b.Fatalf("%s: %v", p.name, err)
	}
}

// built makes a program of a folder of this package that is a module of its own.
func built(ctx context.Context, folder, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", path, ".")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build of test/loginbench/%s: %w\n%s", folder, err, out)
	}
	return nil
}
