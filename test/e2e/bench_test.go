package e2e

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/pgtest"
)

// BenchmarkLogins is whole logins against the real binary: connect, authenticate, log in,
// close; the answer comes once the record is on disk. Terminals, front and PostgreSQL
// share this machine. Besides logins/s it prints what one login costs the daemon in CPU
// time, and the login step's latency.
func BenchmarkLogins(b *testing.B) {
	const terminals = 64
	for _, store := range []string{"embedded", "postgres"} {
		b.Run(store, func(b *testing.B) {
			url := ""
			if store == "postgres" {
				url = pgtest.StartIn(b, "").URL() // on a disk, where fsync costs
			}
			s := newSite(b, url, "log_level: error\n")
			d := s.serve()
			one := func() time.Duration { return oneLogin(b, d) }
			one() // pays for argon2, which a reconnect does not
			cpu := cpuTime(b, d.cmd.Process.Pid)
			latency := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
			var (
				next atomic.Int64
				mu   sync.Mutex
				wg   sync.WaitGroup
			)
			b.ResetTimer()
			for range terminals {
				wg.Go(func() {
					for next.Add(1) <= int64(b.N) {
						took := one()
						mu.Lock()
						_ = latency.RecordValue(took.Microseconds())
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "logins/s")
			b.ReportMetric(float64((cpuTime(b, d.cmd.Process.Pid)-cpu).Microseconds())/float64(b.N), "daemon-µs/login")
			b.ReportMetric(float64(latency.ValueAtQuantile(50))/1000, "p50-ms")
			b.ReportMetric(float64(latency.ValueAtQuantile(99))/1000, "p99-ms")
			d.stop()
		})
	}
}

// oneLogin is a terminal's visit; it returns how long the login step took.
func oneLogin(b *testing.B, d *daemon) time.Duration {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := client.Dial(ctx, d.address)
	if err != nil {
		b.Error(err)
		return 0
	}
	defer c.Close()
	if _, err := c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: appID}, d.s.apps[0].AuthCode); err != nil {
		b.Error(err)
		return 0
	}
	begin := time.Now()
	if _, err := login(b, c, password, nil); err != nil {
		b.Error(err)
	}
	return time.Since(begin)
}

// cpuTime is what the process used so far, user and system.
func cpuTime(b testing.TB, pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	// The name in parentheses may hold spaces; utime and stime are the 14th and 15th field.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100 // USER_HZ
}
