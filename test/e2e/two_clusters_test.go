package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestTwoClustersOneReport: a firm with two PostgreSQL clusters, each with two fronts of its own, hands one report in. Each database is
// exported and reconciled by itself; the merged file has each answered login of all four fronts once.
func TestTwoClustersOneReport(t *testing.T) {
	if os.Getenv(capacityLogins) == "" {
		t.Skip("make capacity sets " + capacityLogins)
	}
	var all []*demo.Was
	var reports []string
	var first *site
	lines := 0
	for range 2 {
		s := newSite(t, pgtest.Start(t).URL(), "")
		s.addCustomers(7000000, comers+sitters)
		var answers []*demo.Was
		for _, front := range []*site{s, s.secondFront()} {
			d := front.serve()
			l := s.queue(t, d.address)
			l.until(50)
			answers = append(answers, l.end()...)
			d.stop()
		}
		days := s.days(answers)
		lines += len(s.export(days...))
		path := filepath.Join(s.dir, "0001clientinfo"+days[0]+".txt")
		got := s.reconcile(0, "--day", days[0], "--report", path, "--audit", filepath.Join(s.dir, "audit.jsonl"), filepath.Join(s.dir, "second.jsonl"))
		t.Logf("answered %d, stored %d, reported %d: %s", got.Answered, got.Stored, got.Reported, got.Verdict)
		all, reports = append(all, answers...), append(reports, path)
		if first == nil {
			first = s
		}
	}
	out := t.TempDir()
	if text, errOut, status := runMerge(append(reports, "--out", out)...); status != 0 || !strings.Contains(errOut+text, "partial") {
		t.Fatalf("status %d: %s%s", status, text, errOut)
	}
	merged := first.open(filepath.Join(out, filepath.Base(reports[0])))
	has := make(map[string]int)
	for _, o := range merged {
		has[o.supplement]++
	}
	for _, a := range all {
		if has[a.Supplement] != 1 {
			t.Errorf("%d lines of the merged report are of %s, want 1", has[a.Supplement], a.Supplement)
		}
	}
	if len(merged) != lines {
		t.Errorf("%d lines were merged of %d", len(merged), lines)
	}
	t.Logf("%d answered at four fronts, %d lines in one report of two clusters", len(all), len(merged))
}
