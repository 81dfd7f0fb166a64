package client_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/testmain"
)

// lottery is a front under a seed: it answers late and in any order, refuses, ends terminals and connections, until it
// is calm. Its visits are those of the connection that is there, by SubmitID.
type lottery struct {
	mu     sync.Mutex
	rng    *rand.Rand
	calm   bool
	conn   *front
	visits map[string]bool
}

func (l *lottery) serve(f *front) error {
	l.mu.Lock()
	l.conn, l.visits = f, map[string]bool{}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.conn == f {
			l.conn = nil
		}
	}()
	for {
		m, err := f.message()
		if err != nil {
			return nil
		}
		if l.take(f, m) != nil {
			return nil
		}
	}
}

// take deals with one message. An error ends the connection.
func (l *lottery) take(f *front, m ftd.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m.TID == ftd.TIDTerminalEnd {
		var ref ftd.SubmitRef
		data, _ := m.Field(ftd.FIDSubmitRef)
		if err := ref.Decode(data); err != nil {
			return err
		}
		id := string(ref.SubmitID)
		delete(l.visits, id)
		go l.later(f, func() error {
			return f.send(ftd.TIDTerminalEnd, func(e *ftd.Encoder) { e.SubmitRef(&ftd.SubmitRef{SubmitID: []byte(id)}); said(0, "正确")(e) })
		}, 0)
		return nil
	}
	x, err := readReport(m)
	if err != nil {
		return err
	}
	wait := time.Duration(l.rng.IntN(300)) * time.Millisecond
	mood := l.rng.IntN(1000)
	if l.calm {
		mood = 0
	}
	switch {
	case mood < 800:
		l.visits[x.id] = true
		go l.later(f, func() error { return f.accept(x) }, wait)
		if mood >= 780 { // and it must leave soon, perhaps before its answer
			go l.exit(f, x.id, time.Duration(l.rng.IntN(2000))*time.Millisecond)
		}
	case mood < 900:
		go l.later(f, func() error { return f.refuse(x, 90) }, wait)
	case mood < 950:
		go l.later(f, func() error { return f.refuse(x, 9) }, wait)
	case mood < 998:
		go l.later(f, func() error { return f.refuse(x, 8) }, wait)
	default:
		return errors.New("broken off between record and answer")
	}
	return nil
}

// later writes after a while, if the connection is still there.
func (l *lottery) later(f *front, write func() error, wait time.Duration) {
	time.Sleep(wait) // simulated
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == f && write() != nil {
		f.conn.Close()
	}
}

func (l *lottery) exit(f *front, id string, wait time.Duration) {
	time.Sleep(wait) // simulated
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != f || !l.visits[id] {
		return
	}
	delete(l.visits, id)
	if f.send(ftd.TIDForceExit, func(e *ftd.Encoder) { forced(e); e.SubmitRef(&ftd.SubmitRef{SubmitID: []byte(id)}) }) != nil {
		f.conn.Close()
	}
}

// TestRelayUnderASeed: after any faults, when all is calm, the front has a visit of each live terminal and of no other, no
// Submit waits, and nothing is counted as unanswered.
func TestRelayUnderASeed(t *testing.T) {
	for seed := range testmain.Fewer(60, 15) {
		synctest.Test(t, func(t *testing.T) { relayUnderSeed(t, uint64(seed)) })
	}
}

func relayUnderSeed(t *testing.T, seed uint64) {
	l := &lottery{rng: rand.New(rand.NewPCG(seed, 1))}
	terms := goodTerms()
	terms.Window, terms.Rate, terms.Burst = 20, 200, 50
	enter := then(func(f *front) error { return f.enter(terms) }, l.serve)
	scripts := make([]script, 500)
	for i := range scripts {
		scripts[i] = enter
	}
	var mu sync.Mutex
	live := map[client.SubmitID]bool{}
	gone := map[client.SubmitID]bool{}
	leave := func(name client.SubmitID) {
		mu.Lock()
		defer mu.Unlock()
		gone[name] = true
		delete(live, name)
	}
	r, fr, _ := newRelay(t, func(o *client.RelayOptions) {
		o.OnEvent = func(e client.RelayEvent) {
			if e.Kind == client.RelayTerminalExit || e.Kind == client.RelayTerminalRefused {
				leave(e.Terminal)
			}
		}
	}, scripts...)
	rng := rand.New(rand.NewPCG(seed, 2))
	var terminals sync.WaitGroup
	for i := range 300 {
		start := time.Duration(rng.IntN(20_000)) * time.Millisecond
		patience := time.Duration(50+rng.IntN(50<<rng.IntN(10))) * time.Millisecond
		stays := time.Duration(rng.IntN(20_000)) * time.Millisecond
		ends := rng.IntN(2) == 0
		terminals.Go(func() {
			time.Sleep(start) // simulated
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			s := submission()
			s.UserID = fmt.Sprintf("user%d", i)
			receipt, err := r.Submit(ctx, s)
			if err != nil {
				return
			}
			mu.Lock()
			if !gone[receipt.SubmitID] { // the event may be before Submit returns
				live[receipt.SubmitID] = true
			}
			mu.Unlock()
			if ends {
				time.Sleep(stays) // simulated
				r.End(receipt.SubmitID)
				leave(receipt.SubmitID)
			}
		})
	}
	terminals.Wait()
	l.mu.Lock()
	l.calm = true
	l.mu.Unlock()
	time.Sleep(45 * time.Second) // simulated: less than after which a silent front is left
	synctest.Wait()
	s := r.Stats()
	mu.Lock()
	l.mu.Lock()
	if s.Live != len(live) || len(l.visits) != len(live) || s.Unanswered != 0 || s.Waiting != 0 || !s.Up {
		t.Errorf("seed %d: %d terminals live, the front has %d visits; %+v", seed, len(live), len(l.visits), s)
	}
	l.mu.Unlock()
	mu.Unlock()
	r.Close()
	fr.check(t)
}
