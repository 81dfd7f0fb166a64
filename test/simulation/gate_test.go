package simulation

import (
	"errors"
	"slices"
	"strings"
	"sync"
)

// ruling is what the controller lets a parked goroutine find out.
type ruling string

const (
	goOn ruling = "goes on"
	dead ruling = "dead" // the process was killed: nothing that follows may have an effect

	failed        ruling = "fails"
	failedButDone ruling = "fails but is done"
	busy          ruling = "finds the file locked"

	lost    ruling = "in doubt, nothing arrived"
	unheard ruling = "in doubt, arrived"
	late    ruling = "in doubt, arrives later"
)

var errDead = errors.New("simulation: this process is dead")

// gate is where the front's goroutines wait for the controller. Each process has its own.
type gate struct {
	mu     sync.Mutex
	killed bool
	parked map[string]chan ruling
}

func newGate() *gate { return &gate{parked: make(map[string]chan ruling)} }

// pass parks the calling goroutine under key, "<what> <who>", until the controller rules.
func (g *gate) pass(key string) ruling {
	g.mu.Lock()
	if g.killed {
		g.mu.Unlock()
		return dead
	}
	for g.parked[key] != nil {
		if !strings.Contains(key, "-") { // no submission, which may be on its way twice
			g.mu.Unlock()
			panic("simulation: two goroutines at " + key)
		}
		key += "'"
	}
	wait := make(chan ruling, 1)
	g.parked[key] = wait
	g.mu.Unlock()
	return <-wait
}

// keys are those parked, in an order that does not depend on who came first.
func (g *gate) keys() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	keys := make([]string, 0, len(g.parked))
	for k := range g.parked {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (g *gate) holds(what string) bool {
	return slices.ContainsFunc(g.keys(), func(k string) bool { return strings.HasPrefix(k, what) })
}

func (g *gate) release(key string, r ruling) {
	g.mu.Lock()
	wait := g.parked[key]
	delete(g.parked, key)
	g.mu.Unlock()
	wait <- r
}

// kill releases all parked goroutines, now and later, with the ruling that their process ended.
func (g *gate) kill() {
	g.mu.Lock()
	g.killed = true
	parked := g.parked
	g.parked = nil
	g.mu.Unlock()
	for _, wait := range parked {
		wait <- dead
	}
}

func (g *gate) isDead() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.killed
}
