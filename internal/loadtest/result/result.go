package result

import "time"

// Format names the document and its version.
const Format = "tradefront loadtest result 1"

// MaxSeconds bounds the lines of Seconds: two days.
const MaxSeconds = 48 * 3600

// Result is what a run found.
type Result struct {
	Format string `json:"format"`
	// SHA256 is that of all else, see Seal.
	SHA256 string `json:"sha256,omitempty"`
	// Unsealed says that this is of a file without a SHA-256, or has one in it: what was changed there cannot be found.
	Unsealed bool      `json:"unsealed,omitempty"`
	IDs      []string  `json:"ids"` // of each generator's run, drawn at random
	Scenario string    `json:"scenario"`
	Target   string    `json:"target"`
	Began    time.Time `json:"began"`
	ElapsedS float64   `json:"elapsed_seconds"` // until the last visit was decided: Rate is over it
	// LastedS is the time until the last part of the scenario ended: with what was sent after the logins, and while sessions were held.
	LastedS    float64 `json:"lasted_seconds,omitempty"`
	Parameters []Named `json:"parameters"` // as given, in the order of the command line's help
	Generators int     `json:"generators"`
	Host       Host    `json:"host"`    // that the generator ran on
	Version    string  `json:"version"` // of the generator's program
	// Others are the machines of other generators, and of other versions, each once.
	Others []Machine `json:"other_machines,omitempty"`
	// CPU is how many processors the generator used while visits arrived; its loop has one at most. Of several it is the greatest.
	CPU float64 `json:"generator_cpu,omitempty"`
	// ConfigHash is config.Hash of the front's configuration, "" if its file was not given.
	ConfigHash string `json:"front_config_hash,omitempty"`

	Counts  Counts         `json:"counts"`
	Refused map[string]int `json:"refused"` // logins by the code of the answer
	Failed  map[string]int `json:"failed"`  // visits by what failed
	Hostile map[string]int `json:"hostile"` // visits of attackers that got what they must get, by their kind
	Again   map[string]int `json:"again"`   // returns of visits by why they had to come again
	Seconds []Second       `json:"seconds"`
	// Requests are what was sent after the logins, nil of a scenario that sends nothing then.
	Requests *Requests `json:"requests,omitempty"`

	Login   Latency `json:"login"`   // of a whole visit until it was logged in, from its intended start
	Service Latency `json:"service"` // the same, from its first system call
	Steps   []Step  `json:"steps"`   // parts of Service, and the round trips of Requests

	// Full is the part of an open loop at its full rate, nil of a closed loop, and of a run that ended early.
	Full *FullRate `json:"full_rate,omitempty"`

	// Peak is the firm's historical peak in logins a second, 0 if it was not given, and Multiple what Sustained is of it.
	Peak     float64 `json:"historical_peak,omitempty"`
	Multiple float64 `json:"multiple_of_peak,omitempty"`

	Assertions []Assertion `json:"assertions"`
	Good       bool        `json:"good"`   // every assertion holds, and no visit had a wrong answer
	Causes     []Cause     `json:"causes"` // why it is not good
	// Proof is what a comparison with the store found, nil if there was none.
	Proof *Proof `json:"proof,omitempty"`
	// Unproven says why a comparison that was asked for was not made, or is not one of the whole run.
	Unproven string `json:"unproven,omitempty"`
	// EndedEarly says that the run did not come to its end, and why.
	EndedEarly string `json:"ended_early,omitempty"`
}

// Named is a parameter.
type Named struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Host is what the generator ran on.
type Host struct {
	CPU     string `json:"cpu"`
	CPUs    int    `json:"cpus"`
	Memory  uint64 `json:"memory_bytes"`
	Kernel  string `json:"kernel"`
	Name    string `json:"name"`
	MaxOpen uint64 `json:"max_open_files"`
}

// Machine is a host, and the version of the generator on it.
type Machine struct {
	Host    Host   `json:"host"`
	Version string `json:"version"`
}

// Machines are those of all generators.
func (r *Result) Machines() []Machine { return append([]Machine{{r.Host, r.Version}}, r.Others...) }

// Counts are of visits.
type Counts struct {
	Planned   int `json:"planned"`
	Begun     int `json:"begun"`
	LoggedIn  int `json:"logged_in"`
	Refused   int `json:"refused"`
	Failed    int `json:"failed"`
	Hostile   int `json:"hostile"`    // that got what they must get
	BrokenOff int `json:"broken_off"` // under way when the run ended early
	LetIn     int `json:"let_in"`     // attackers that were logged in; counted in Failed too
	Lost      int `json:"lost"`       // sessions that the front or the network ended while they were to stay
	MostOpen  int `json:"most_open"`  // connections at one time; of several generators at the end of a second
	Again     int `json:"again"`      // returns of visits that were told to come later, or whose connection ended before they were logged in
	Late      int `json:"late"`       // visits that began more than LateAfter behind their time: the generator was too slow
}

// LateAfter is how far behind its time a visit may begin before the generator counts as too slow.
const LateAfter = 10 * time.Millisecond

// Errors are the visits that did not get what they must get.
func (c *Counts) Errors() int { return c.Refused + c.Failed + c.Lost }

// Errors are the visits and the requests that did not get what they must get.
func (r *Result) Errors() int { return r.Counts.Errors() + r.Requests.errors() }

// Answered is how many logins and submissions were answered with success at least: those of a part that was not measured are more.
func (r *Result) Answered() int {
	if r.Requests == nil || r.Scenario == "orders" {
		return r.Counts.LoggedIn
	}
	return r.Counts.LoggedIn + r.Requests.Answered
}

// Second is one second of the run.
type Second struct {
	Begun    int     `json:"begun"`
	LoggedIn int     `json:"logged_in"`
	Requests int     `json:"requests,omitempty"` // that were answered
	Errors   int     `json:"errors"`
	Open     int     `json:"open"`
	P50      float64 `json:"p50_ms"` // of the logins that were answered in it
	P99      float64 `json:"p99_ms"`
}

// Step is a part of a visit.
type Step struct {
	Name    string  `json:"name"`
	Latency Latency `json:"latency"`
}

// Lasted is for how many seconds the run went on. A result of a program before there was LastedS says it by its whole seconds.
func (r *Result) Lasted() float64 {
	if r.LastedS > 0 {
		return r.LastedS
	}
	return max(r.ElapsedS, float64(len(r.Seconds)-1))
}

func (r *Result) end() time.Time { return r.Began.Add(seconds(r.Lasted())) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Step is that of the name, or nil.
func (r *Result) Step(name string) *Latency {
	for i := range r.Steps {
		if r.Steps[i].Name == name {
			return &r.Steps[i].Latency
		}
	}
	return nil
}
