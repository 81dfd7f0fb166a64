package daemon

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/show"
)

const (
	certificatePeriod  = time.Minute // how often the files are read
	certificateWarning = 30 * 24 * time.Hour
)

// certificates are those that this process shows, as the last look found their files.
type certificates struct {
	all []assemble.Certificate
	now func() time.Time

	mu    sync.Mutex
	found []foundCertificate // of all, in their order; nil before the first look
}

type foundCertificate struct {
	ends time.Time
	err  error // the file could not be read
}

// watchCertificates tells when the certificates end that links and the admin listener show. A link that is open stays so; new
// ones fail.
func watchCertificates(all []assemble.Certificate, now func() time.Time) watcher {
	c := &certificates{all: all, now: now}
	return watcher{
		period: certificatePeriod, look: func(context.Context) { c.look() },
		checks: []check{{"certificates", ops.Warning, c.check}},
		collectors: []ops.Collector{
			ops.NewGaugeBy("certificate_days", "Days that a certificate is still valid which this process shows, by link: admin (who reads /metrics), core, postgres, "+
				"upstream (of a relay agent); only of links that show one. 0 where the file cannot be read, looked at once a minute.", "link", c.days),
		},
	}
}

func (c *certificates) look() {
	found := make([]foundCertificate, len(c.all))
	for i := range c.all {
		found[i].ends, found[i].err = c.all[i].Ends()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = found
}

func (c *certificates) get() []foundCertificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.found
}

// days is the gauge; it has no values before the first look.
func (c *certificates) days() map[string]float64 {
	values := make(map[string]float64)
	for i, f := range c.get() {
		if values[c.all[i].Link] = 0; f.err == nil {
			values[c.all[i].Link] = show.Days(f.ends.Sub(c.now()))
		}
	}
	return values
}

func (c *certificates) check() (bool, string) {
	if len(c.all) == 0 {
		return true, "no link shows one"
	}
	var lines []string
	good := true
	for i, f := range c.get() {
		key := c.all[i].Key
		if f.err != nil {
			good = false
			lines = append(lines, fmt.Sprintf("%s: the certificate cannot be read: %v", key, f.err))
			continue
		}
		left := f.ends.Sub(c.now())
		good = good && left >= certificateWarning
		lines = append(lines, fmt.Sprintf("%s: the certificate ends in %.0f days", key, math.Floor(show.Days(left))))
	}
	return good, strings.Join(lines, "; ")
}
