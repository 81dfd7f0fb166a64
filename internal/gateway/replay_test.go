package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

func newSeenHouse(t *testing.T, change func(*setup)) *house {
	return newHouse(t, func(s *setup) {
		s.SeenTerminals = 1000
		if change != nil {
			change(s)
		}
	})
}

// again is the second login with what a first one sent.
func again(h *house, a session.LoginAttempt) (session.Outcome, string, regulation.AbnormalFlag) {
	h.t.Helper()
	if outcome, _ := h.login(home, *a.Clone()); outcome.Reason != reason.OK {
		h.t.Fatalf("the first login: %v", outcome.Reason)
	}
	outcome, line := h.login(home, *a.Clone())
	if len(h.log.records) < 2 {
		return outcome, line.TerminalProblem, 0
	}
	return outcome, line.TerminalProblem, h.log.records[1].Flag
}

// direct is reserve of a login in direct mode.
func (s *replays) direct(day calendar.TradingDay, account regulation.Account, hash store.SeenHash) (claim, bool) {
	t, met := s.reserve(day, account, hash, store.VisitHash{})
	return t, met == metElsewhere
}

// A flag that another check set is kept: empty, then key version, then data.
func TestReplayedIsFlagged(t *testing.T) {
	for _, c := range terminals {
		t.Run(c.name, func(t *testing.T) {
			flag, problem, replayed := c.flag, c.problem, uint64(1)
			switch c.problem {
			case "":
				flag, problem = regulation.FlagTerminalData, "terminal_info_replayed"
			case "terminal_reported":
				problem = "terminal_info_replayed"
			case "terminal_info_empty":
				replayed = 0
			}
			h := newSeenHouse(t, nil)
			outcome, gotProblem, gotFlag := again(h, sent(c.version, c.own, c.length))
			if outcome.Reason != reason.OK || gotProblem != problem || gotFlag != flag {
				t.Errorf("%v, problem %q, flag %v; want %q, %v", outcome.Reason, gotProblem, gotFlag, problem, flag)
			}
			if got := h.SeenStats(); got.Replayed != replayed || got.Forgotten != 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestReplayedIsRejected(t *testing.T) {
	for _, c := range terminals {
		t.Run(c.name, func(t *testing.T) {
			want := reason.ReplayedTerminalInfo
			if c.length == 0 {
				want = reason.OK // nothing sent is nothing replayed
			}
			h := newSeenHouse(t, func(s *setup) { s.RejectReplays = true })
			outcome, _, _ := again(h, sent(c.version, c.own, c.length))
			if outcome.Reason != want {
				t.Errorf("%v, want %v", outcome.Reason, want)
			}
		})
	}
}

// Strict refuses all that is abnormal, and a replay is.
func TestReplayedIsRefusedByStrict(t *testing.T) {
	h := newSeenHouse(t, func(s *setup) { s.Strict = true })
	outcome, problem, _ := again(h, sent("1.0", '0', 256))
	if outcome.Reason != reason.TerminalInfoRefused || problem != "terminal_info_replayed" {
		t.Errorf("%v, %q", outcome.Reason, problem)
	}
}

// However many come at one moment, one is the first.
func TestOneOfManyIsTheFirst(t *testing.T) {
	const n = 50
	h := newSeenHouse(t, nil)
	var arrived sync.WaitGroup
	arrived.Add(n)
	h.log.seen = func() { // all are on their way before any is recorded
		arrived.Done()
		arrived.Wait()
	}
	a := sent("1.0", '0', 256)
	var logins sync.WaitGroup
	for range n {
		logins.Go(func() { h.Login(t.Context(), home, a.Clone()) })
	}
	logins.Wait()
	flags := make(map[regulation.AbnormalFlag]int)
	for i := range h.log.records {
		flags[h.log.records[i].Flag]++
	}
	if flags[regulation.FlagNormal] != 1 || flags[regulation.FlagTerminalData] != n-1 {
		t.Errorf("flags %v, want one normal and %d abnormal", flags, n-1)
	}
}

// A login that was not recorded leaves its ciphertext unseen; one that was, although it was
// answered 8, does not.
func TestRefusedLoginLeavesNothingSeen(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			h := newSeenHouse(t, nil)
			peer, a := home, attempt()
			c.spoil(h, &peer, &a)
			h.login(peer, *a.Clone())
			h.heal()
			want := ""
			if mayStay(c.want) {
				want = "terminal_info_replayed"
			}
			if _, line := h.login(home, attempt()); line.TerminalProblem != want {
				t.Errorf("afterwards problem %q, want %q", line.TerminalProblem, want)
			}
		})
	}
}

// The first fails while the second, a replay of it, is recorded: a third is a replay.
func TestFirstFailsSecondIsRecorded(t *testing.T) {
	h := newSeenHouse(t, nil)
	a := sent("1.0", '0', 256)
	h.log.fail = func() error {
		h.log.fail = nil
		h.Login(t.Context(), home, a.Clone()) // the second, inside the first
		return store.ErrOverloaded
	}
	if outcome := h.Login(t.Context(), home, a.Clone()); outcome.Reason != reason.Overloaded || len(h.log.records) != 1 {
		t.Fatal(outcome.Reason, len(h.log.records))
	}
	if _, line := h.login(home, *a.Clone()); line.TerminalProblem != "terminal_info_replayed" {
		t.Errorf("the third: %q", line.TerminalProblem)
	}
}

// The store gets the hash of each ciphertext that is remembered, and only of those.
func TestStoreIsToldWhatWasSeen(t *testing.T) {
	h := newSeenHouse(t, nil)
	a, empty := sent("1.0", '0', 256), sent("1.0", '0', 0)
	h.login(home, *a.Clone())
	h.login(home, *empty.Clone())
	if got := h.log.records[0].Seen; got != store.HashTerminal(a.Terminal.Ciphertext) {
		t.Errorf("%x", got)
	}
	if got := h.log.records[1].Seen; got != (store.SeenHash{}) {
		t.Errorf("nothing was sent, and %x is remembered", got)
	}
	// What the store kept makes the next process know it.
	next := newSeenHouse(t, nil)
	if !next.LoadSeen(h.log.records[0].TradingDay, h.log.records[0].Seen, store.VisitHash{}) {
		t.Fatal("no room")
	}
	if _, line := next.login(home, *a.Clone()); line.TerminalProblem != "terminal_info_replayed" {
		t.Errorf("after a restart: %q", line.TerminalProblem)
	}
}

func TestSeenIsOfATradingDay(t *testing.T) {
	h := newSeenHouse(t, nil)
	a := sent("2.0", '0', 256)
	flags := func(want ...regulation.AbnormalFlag) {
		t.Helper()
		for _, w := range want {
			h.login(home, *a.Clone())
			if got := h.log.records[len(h.log.records)-1].Flag; got != w {
				t.Errorf("at %v: flag %v, want %v", h.clock.now(), got, w)
			}
		}
	}
	flags('0', '3')
	h.clock.move(3*time.Hour + 30*time.Minute) // 15:30: the next day begins
	flags('0', '3')
	h.clock.move(-time.Minute) // a straggler of the day before is still known
	flags('3')
}

func TestSeenIsBounded(t *testing.T) {
	const bound = 5
	h := newSeenHouse(t, func(s *setup) { s.SeenTerminals, s.RejectReplays = bound, true })
	first := sent("2.0", '0', 256)
	h.login(home, *first.Clone())
	for i := range 20 {
		if outcome, _ := h.login(home, sent("2.0", '0', 256)); outcome.Reason != reason.OK {
			t.Fatalf("login %d is refused for want of memory: %v", i, outcome.Reason)
		}
	}
	if got := h.SeenStats(); got.Entries != bound || got.Forgotten != 16 {
		t.Errorf("%+v, want %d entries and 16 forgotten", got, bound)
	}
	if outcome, _ := h.login(home, *first.Clone()); outcome.Reason != reason.ReplayedTerminalInfo {
		t.Errorf("what is remembered, when it is full: %v", outcome.Reason)
	}
	if h.LoadSeen(h.log.records[0].TradingDay, store.SeenHash{1}, store.VisitHash{}) {
		t.Error("there was room for one more")
	}
	h.clock.move(6 * time.Hour) // the next day takes the room
	h.login(home, *first.Clone())
	if got := h.SeenStats(); got.Entries != 1 || got.Forgotten != 16 {
		t.Errorf("on the next day %+v", got)
	}
}

// A straggler of the day before finds no room when the new day has it all, and takes none.
func TestStragglerWithoutRoom(t *testing.T) {
	s := replays{bound: 2}
	s.direct(20260105, "", store.SeenHash{1})
	s.direct(20260106, "", store.SeenHash{2})
	if got, again := s.direct(20260105, "", store.SeenHash{3}); got != (claim{}) || again {
		t.Errorf("%v, %v", got, again)
	}
	if _, again := s.direct(20260105, "", store.SeenHash{1}); !again {
		t.Error("the straggler pushed its own day out")
	}
	s.direct(20260106, "", store.SeenHash{4}) // pushes the day before out
	s.settle(claim{day: 20260105, hash: store.SeenHash{1}}, true)
	if _, again := s.direct(20260106, "", store.SeenHash{2}); !again {
		t.Error("the day's own was pushed out")
	}
}

// Any order of logins, failures and days, against a model that is as plain as can be.
func TestSeenModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := replays{bound: 1 << 20}
		type held struct {
			claim
			day calendar.TradingDay
		}
		var flying []held
		kept := make(map[claim]bool)
		today := calendar.TradingDay(20260105)
		s.direct(today, "", store.SeenHash{9}) // never settled: it does not matter
		t.Repeat(map[string]func(*rapid.T){
			"reserve": func(t *rapid.T) {
				day := today - calendar.TradingDay(rapid.IntRange(0, 1).Draw(t, "yesterday"))
				want := claim{day: day, hash: store.SeenHash{byte(rapid.IntRange(1, 3).Draw(t, "which"))}}
				seenBefore := kept[want]
				for _, f := range flying {
					seenBefore = seenBefore || f.claim == want
				}
				got, again := s.direct(want.day, "", want.hash)
				if day < today && s.previous.day != day {
					return // never came on its own day: over
				}
				if again != seenBefore || got != want {
					t.Fatalf("%v: again %v, want %v", got, again, seenBefore)
				}
				flying = append(flying, held{got, day})
			},
			"settle": func(t *rapid.T) {
				if len(flying) == 0 {
					return
				}
				i := rapid.IntRange(0, len(flying)-1).Draw(t, "i")
				recorded := rapid.Bool().Draw(t, "recorded")
				s.settle(flying[i].claim, recorded)
				if recorded {
					kept[flying[i].claim] = true
				}
				flying = append(flying[:i], flying[i+1:]...)
			},
			"next day": func(*rapid.T) {
				today++
				s.direct(today, "", store.SeenHash{9})
				s.settle(claim{day: today, hash: store.SeenHash{9}}, false)
				rest := flying[:0]
				for _, f := range flying {
					if f.day >= today-1 {
						rest = append(rest, f)
					} else {
						s.settle(f.claim, true) // too late: it must not disturb
					}
				}
				flying = rest
			},
		})
	})
}

// The panic of a part gives back what the login held.
func TestPanicLeavesNothingSeen(t *testing.T) {
	h := newSeenHouse(t, nil)
	a := sent("1.0", '0', 256)
	h.log.fail = func() error { panic(errors.New("a fault of ours")) }
	func() {
		defer func() { _ = recover() }()
		h.Login(t.Context(), home, a.Clone())
	}()
	h.log.fail = nil
	if _, line := h.login(home, *a.Clone()); line.TerminalProblem != "" {
		t.Errorf("%q", line.TerminalProblem)
	}
}

func BenchmarkSeen(b *testing.B) {
	s := replays{bound: 1 << 30}
	ciphertext := bytes.Repeat([]byte("0123456789abcdef"), 16)
	var n uint64
	b.ReportAllocs()
	for b.Loop() {
		n++
		copy(ciphertext, fmt.Sprintf("%016x", n))
		t, _ := s.direct(20260105, "", store.HashTerminal(ciphertext))
		s.settle(t, true)
	}
}

// TestAVisitSurvivesASubmissionOfItThatFailed: of two submissions of one visit on their way, the first is not recorded: the
// second is still of that visit, and so is the next. If no other of the visit is on its way, the visit is forgotten.
func TestAVisitSurvivesASubmissionOfItThatFailed(t *testing.T) {
	const day = 20260105
	mine, others := store.VisitHash{1}, store.VisitHash{2}
	hash := store.SeenHash{9}
	for _, c := range []struct {
		name   string
		second store.VisitHash
		next   meeting // of the visit that failed
	}{{"the same visit", mine, metOnVisit}, {"another", others, metElsewhere}} {
		s := &replays{bound: 100}
		first, met := s.reserve(day, "8", hash, mine)
		second, _ := s.reserve(day, "8", hash, c.second)
		if met != metNowhere {
			t.Errorf("%s: the first met %v", c.name, met)
		}
		s.settle(first, false)
		s.settle(second, true)
		if _, met := s.reserve(day, "8", hash, mine); met != c.next {
			t.Errorf("%s: the next met %v, want %v", c.name, met, c.next)
		}
	}
}
