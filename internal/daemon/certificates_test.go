package daemon

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
)

// TestCertificatesEnd: metric and check tell of each link; one that cannot be read has no days left.
func TestCertificatesEnd(t *testing.T) {
	t.Parallel()
	now := time.Now()
	in := func(days int, err error) func() (time.Time, error) {
		return func() (time.Time, error) { return now.AddDate(0, 0, days), err }
	}
	c := &certificates{now: func() time.Time { return now }, all: []assemble.Certificate{{Link: "core", Key: "core.link.cert_file", Ends: in(30, nil)}}}
	if got := c.days(); len(got) != 0 {
		t.Errorf("before the first look: %v", got)
	}
	c.look()
	if good, line := c.check(); !good || c.days()["core"] < 29 {
		t.Errorf("%t, %s, %v", good, line, c.days())
	}
	c.all[0].Ends = in(29, nil)
	c.look()
	if good, line := c.check(); good || !strings.Contains(line, "core.link.cert_file: the certificate ends in 2") {
		t.Errorf("%t, %s", good, line)
	}
	c.all[0].Ends = in(100, errors.New("no such file"))
	c.look()
	if good, line := c.check(); good || !strings.Contains(line, "no such file") || c.days()["core"] != 0 {
		t.Errorf("%t, %s, %v", good, line, c.days())
	}
	if good, line := (&certificates{}).check(); !good || line != "no link shows one" {
		t.Errorf("%t, %s", good, line)
	}
}
