package daemon

import "sync"

// SignalOutcome tells who sent SIGHUP or SIGUSR2 what came of it.
type SignalOutcome struct {
	Number uint64 `json:"number"` // of signals that have an outcome, since the start; that by which this process took over is one
	Fault  string `json:"fault"`  // of the last one; empty if it did what it is for
	// Restart are the changed keys that the last reload left for a restart.
	Restart []string `json:"restart,omitempty"`
}

// signalOutcomes has the last one.
type signalOutcomes struct {
	mu   sync.Mutex
	last SignalOutcome
}

func (s *signalOutcomes) add(fault string, restart ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = SignalOutcome{Number: s.last.Number + 1, Fault: fault, Restart: restart}
}

func (s *signalOutcomes) get() SignalOutcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}
