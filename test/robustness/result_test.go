package robustness

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

// result is what came of one setting.
type result struct {
	Setting  string         `json:"setting"`
	Seconds  float64        `json:"seconds"`
	Rounds   int            `json:"rounds"`
	Faults   map[string]int `json:"faults"`
	Refused  int            `json:"refused"`
	Cut      int            `json:"cut"`
	Killed   int            `json:"killed"`    // processes of the front that a fault ended
	ByItself int            `json:"by_itself"` // and that ended without a signal of the test
	Reported int            `json:"reported"`  // lines of the reports at the end
	verdict

	begin time.Time
}

func (r *result) note(fault string, v verdict, w *world) {
	if fault != "" {
		r.Rounds++
		r.Faults[fault]++
	}
	c := w.load.counts()
	r.Seconds = time.Since(r.begin).Seconds()
	r.Refused, r.Cut, r.verdict = c.refused, c.cut, v
	w.front.mu.Lock()
	defer w.front.mu.Unlock()
	r.Killed, r.ByItself = w.front.killed, w.front.byItself
}

func (r *result) String() string {
	return fmt.Sprintf("answered %d refused %d cut %d  stored %d lost %d doubled %d untrue %d invented %d",
		r.Answered, r.Refused, r.Cut, r.Stored, r.Lost, r.Doubled, r.Untrue, r.Invented)
}

// summaryOf is a whole run, for machines.
type summaryOf struct {
	Seed     uint64    `json:"seed"`
	Duration string    `json:"duration"`
	Settings []*result `json:"settings"`

	mu sync.Mutex // held to add a setting: they run side by side
}

func (s *summaryOf) begin(setting string) *result {
	r := &result{Setting: setting, Faults: map[string]int{}, begin: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Settings = append(s.Settings, r)
	return r
}

// write prints the table, and the file if one is wanted.
func (s *summaryOf) write(t *testing.T) {
	fmt.Printf("\nseed %d\n%-34s %7s %6s %6s %8s %7s %6s %8s %8s %4s %7s %6s %8s\n", s.Seed, "setting", "seconds", "faults",
		"killed", "answered", "refused", "cut", "stored", "reported", "lost", "doubled", "untrue", "invented")
	for _, r := range s.Settings {
		fmt.Printf("%-34s %7.0f %6d %6d %8d %7d %6d %8d %8d %4d %7d %6d %8d\n", r.Setting, r.Seconds, r.Rounds, r.Killed+r.ByItself,
			r.Answered, r.Refused, r.Cut, r.Stored, r.Reported, r.Lost, r.Doubled, r.Untrue, r.Invented)
	}
	if *summary == "" {
		return
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err == nil {
		err = os.WriteFile(*summary, text, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}
