package daemon

import "testing"

// TestTakeOverIsAnOutcomeOnceItServes: who reads that a process which took over serves reads in the same answer that it took over. A
// page of which one part is older than the other would have `front reload` say that the front was started without its sessions.
func TestTakeOverIsAnOutcomeOnceItServes(t *testing.T) {
	took, started := &Daemon{taken: new(taken)}, new(Daemon)
	for _, c := range []struct {
		name    string
		d       *Daemon
		serving bool
		want    uint64
	}{
		{"is taking over", took, false, 0},
		{"took over", took, true, 1},
		{"is starting", started, false, 0},
		{"was started", started, true, 0},
	} {
		if got := c.d.lastSignal(c.serving); got.Number != c.want || got.Fault != "" {
			t.Errorf("one that %s: %+v, want number %d", c.name, got, c.want)
		}
	}
	took.signals.add("the configuration has faults")
	if got := took.lastSignal(true); got.Number != 2 || got.Fault == "" {
		t.Errorf("its next signal: %+v", got)
	}
}
