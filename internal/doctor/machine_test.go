package doctor

import (
	"testing"
	"time"
)

// judged is the one status that a judgement gives.
func judged(t *testing.T, name string, judge func(f *findings)) Status {
	t.Helper()
	for _, c := range checks() {
		if c.name != name {
			continue
		}
		f := &findings{check: &c}
		judge(f)
		if len(f.all) != 1 {
			t.Fatalf("%s: %+v", name, f.all)
		}
		return f.all[0].Status
	}
	t.Fatal("no check ", name)
	return ""
}

// TestMachine: what the system says, judged. What this machine says itself is not judged, but is read.
func TestMachine(t *testing.T) {
	swaps := "Filename\tType\tSize\tUsed\tPriority"
	for _, c := range []struct {
		name, check string
		want        Status
		judge       func(f *findings)
	}{
		{"a clock in step", "ntp", Pass, func(f *findings) { judgeClock(f, clockState{true, time.Millisecond}) }},
		{"a clock by itself", "ntp", Warn, func(f *findings) { judgeClock(f, clockState{false, time.Millisecond}) }},
		{"a clock long by itself", "ntp", Warn, func(f *findings) { judgeClock(f, clockState{true, synchronizedBelow}) }},
		{"huge pages on request", "huge_pages", Pass, func(f *findings) { judgeHugePages(f, "always [madvise] never", "511") }},
		{"huge pages of full ones", "huge_pages", Pass, func(f *findings) { judgeHugePages(f, "[always] madvise never", "0") }},
		{"huge pages always", "huge_pages", Warn, func(f *findings) { judgeHugePages(f, "[always] madvise never", "511") }},
		{"no swap", "swap", Pass, func(f *findings) { judgeSwap(f, swaps, 0) }},
		{"swap", "swap", Warn, func(f *findings) { judgeSwap(f, swaps+"\n/dev/sda2 partition 1 0 -2", 0) }},
		{"a front on a disk", "swap", Warn, func(f *findings) { judgeSwap(f, swaps, swappedOut("Name:\tx\nVmSwap:\t    12 kB\n")) }},
		{"PostgreSQL of today", "postgres_version", Pass, func(f *findings) { judgeVersion(f, 170002) }},
		{"the oldest PostgreSQL that is tried", "postgres_version", Pass, func(f *findings) { judgeVersion(f, 130000) }},
		{"PostgreSQL of yesterday", "postgres_version", Warn, func(f *findings) { judgeVersion(f, 120022) }},
	} {
		if got := judged(t, c.check, c.judge); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	h := newHouse(t)
	r := h.examine()
	for _, name := range []string{"ntp", "huge_pages", "swap"} {
		if found := findingsOf(r, name); len(found) != 1 {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func findingsOf(r *Report, check string) (found []Finding) {
	for i := range r.Findings {
		if r.Findings[i].Check == check {
			found = append(found, r.Findings[i])
		}
	}
	return found
}
