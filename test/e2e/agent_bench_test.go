package e2e

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
)

// benched is what the site of a benchmark of agents needs beside: no bound of connections by address.
const benched = "log_level: error\nlimits: {connections_per_source: 0}\n"

func benchedRelaySite(b *testing.B) *relaySite {
	b.Helper()
	s := newRelaySite(b, "", benched)
	s.replaceConfig(`address: "127.0.0.1:0"`+"\nkeys:", `address: "127.0.0.1:0"`+"\n  pprof: true\nkeys:")
	s.cli("", "relay", "limits", investorRelay, "--connections", "100000", "--rate", "100000", "--burst", "100000")
	s.cli("", "relay", "limits", operatorRelay, "--rate", "100000", "--burst", "100000")
	return s
}

// benchedAgent runs an agent that is connected to the front itself.
func (s *relaySite) benchedAgent(b *testing.B, d *daemon, operator bool) (*agentSite, *daemon) {
	b.Helper()
	a := s.investorAgent
	if operator {
		a = s.operatorAgent
	}
	agent := a(d, benched)
	agent.replaceConfig(agent.above.Address(), d.relays())
	agent.replaceConfig(`address: "127.0.0.1:0"}`+"\nfront", `address: "127.0.0.1:0", pprof: true}`+"\nfront")
	r := agent.run()
	agent.awaitUpstream(r, true)
	return agent, r
}

// BenchmarkAgentLogins is whole logins through a relay agent: connect, authenticate, log in, close. It prints what one costs the
// agent and the front, and what one without the agent costs the front.
func BenchmarkAgentLogins(b *testing.B) {
	for _, operator := range []bool{false, true} {
		name := map[bool]string{false: "investor", true: "operator"}[operator]
		b.Run(name, func(b *testing.B) {
			s := benchedRelaySite(b)
			d := s.serve()
			agent, r := s.benchedAgent(b, d, operator)
			visits := func(at *daemon, pass string) {
				var next atomic.Int64
				var wg sync.WaitGroup
				for range 16 {
					wg.Go(func() {
						for next.Add(1) <= int64(b.N) && !b.Failed() {
							oneVisit(b, s, at, pass)
						}
					})
				}
				wg.Wait()
			}
			oneVisit(b, s, d, password) // pays for argon2
			oneVisit(b, s, r, agent.password)
			own := cpuTime(b, d.cmd.Process.Pid)
			visits(d, password)
			direct := cpuTime(b, d.cmd.Process.Pid) - own

			own, agents := cpuTime(b, d.cmd.Process.Pid), cpuTime(b, r.cmd.Process.Pid)
			b.ResetTimer()
			visits(r, agent.password)
			b.StopTimer()
			front, through := cpuTime(b, d.cmd.Process.Pid)-own, cpuTime(b, r.cmd.Process.Pid)-agents
			each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(b.N) }
			b.ReportMetric(each(direct), "direct-µs/login")
			b.ReportMetric(each(front), "front-µs/login")
			b.ReportMetric(each(through), "agent-µs/login")
			b.ReportMetric(float64(through)/float64(front), "agent/front")
			b.ReportMetric(float64(through)/float64(direct), "agent/direct")
			r.stop()
			d.stop()
		})
	}
}

// oneVisit is connect, authenticate, log in, close.
func oneVisit(b *testing.B, s *relaySite, at *daemon, pass string) {
	b.Helper()
	c, err := at.enter(b, s.apps[0].AuthCode)
	if err != nil {
		b.Error(err)
		return
	}
	if _, err := login(b, c, pass, func(r *client.LoginRequest) { r.Ciphertext = ciphertext() }); err != nil {
		b.Error(err)
	}
	_ = c.Close()
}

// BenchmarkIdleTerminals prints the heap that one idle terminal takes: of a front without an agent, and of an agent in both modes.
// b.N is for how many terminals (-benchtime 4000x).
func BenchmarkIdleTerminals(b *testing.B) {
	for _, name := range []string{"front", "investor", "operator"} {
		b.Run(name, func(b *testing.B) {
			s := benchedRelaySite(b)
			d := s.serve()
			at, pass := d, password
			if name != "front" {
				agent, r := s.benchedAgent(b, d, name == "operator")
				at, pass = r, agent.password
			}
			oneVisit(b, s, at, pass)
			before := at.heap(b)
			var next atomic.Int64
			var wg sync.WaitGroup
			for range 16 {
				wg.Go(func() {
					for next.Add(1) <= int64(b.N) && !b.Failed() {
						if v := s.terminal(at, account, pass); v.err != nil {
							b.Error(v.err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric((at.heap(b)-before)/float64(b.N)/1024, "heap-KiB/terminal")
			if at != d {
				at.stop()
			}
			d.stop()
		})
	}
}

// heap is what the process holds after a collection.
func (d *daemon) heap(b *testing.B) (bytes float64) {
	b.Helper()
	resp, err := http.Get("http://" + d.admin + "/debug/pprof/heap?gc=1&debug=1")
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(io.LimitReader(resp.Body, 16<<20)); lines.Scan(); {
		if value, is := strings.CutPrefix(lines.Text(), "# HeapAlloc = "); is {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	b.Fatal("no HeapAlloc")
	return 0
}
