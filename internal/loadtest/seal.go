package loadtest

import (
	"context"
	"sync"
	"time"
)

// sealRoom is how many terminal strings a sealer is ahead of the loop at most.
const sealRoom = 4096

// sealed is the terminal string of a login.
type sealed struct {
	login int32
	text  []byte
}

// sealer makes further terminal strings while the run goes on, in a goroutine of its own, which begins when the first is needed. The loop
// takes what is there, and never waits.
type sealer struct {
	plan   *Plan
	texts  *Ciphertexts
	from   int // the first login that it makes a string for
	made   chan sealed
	stop   context.CancelFunc
	worker sync.WaitGroup
}

// begin has it make strings ahead; a second call does nothing.
func (s *sealer) begin() {
	if s.made != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	s.made, s.stop = make(chan sealed, sealRoom), stop
	s.worker.Go(func() { s.seal(ctx) })
}

func (s *sealer) seal(ctx context.Context) {
	defer close(s.made)
	for i := s.from; ; i++ {
		text, err := s.texts.seal(s.plan, nil, i)
		if err != nil {
			return // the visits that wait for one are told so
		}
		select {
		case s.made <- sealed{int32(i), text}:
		case <-ctx.Done():
			return
		}
	}
}

// take is a string, if one is there; ended says that none will be.
func (s *sealer) take() (text sealed, is, ended bool) {
	s.begin()
	select {
	case text, is = <-s.made:
		return text, is, !is
	default:
		return text, false, false
	}
}

// end stops the goroutine, and returns once it has ended.
func (s *sealer) end() {
	if s.stop != nil {
		s.stop()
		s.worker.Wait()
	}
}

// stock has the strings of a run: each visit that begins for the first time has one that was prepared. One that comes again after a front has
// seen its string takes a prepared one, then those of the sealer.
type stock struct {
	texts  *Ciphertexts
	first  int // prepared for visits that begin for the first time, and for submissions
	begun  int // of those, taken
	again  int // the others that were prepared, taken
	later  map[int32][]byte
	sealer sealer
}

func newStock(p *Plan, texts *Ciphertexts) *stock {
	return &stock{texts: texts, first: p.firstLogins(), later: map[int32][]byte{}, sealer: sealer{plan: p, texts: texts, from: texts.count()}}
}

// next is the login of a visit that begins for the first time, or of a submission; -1 if the plan has none left.
func (s *stock) next() int32 {
	if s.begun >= min(s.first, s.texts.count()) {
		return -1
	}
	s.begun++
	return int32(s.begun - 1)
}

// nextAgain is the login of a visit that comes again, -1 if no string is there at the moment; ended says that none will be.
func (s *stock) nextAgain() (login int32, ended bool) {
	if at := s.first + s.again; at < s.texts.count() {
		s.again++
		s.sealer.begin()
		return int32(at), false
	}
	made, is, ended := s.sealer.take()
	if !is {
		return -1, ended
	}
	s.later[made.login] = made.text
	return made.login, false
}

// at is the string of a login.
func (s *stock) at(login int32) []byte {
	if text, is := s.later[login]; is {
		return text
	}
	return s.texts.at(int(login))
}

// drop forgets a string that no visit has any more.
func (s *stock) drop(login int32) { delete(s.later, login) }

// Pauses of a visit for which no string is there: the sealer makes thousands meanwhile.
const (
	shortestWait = 100 * time.Millisecond
	longestWait  = 200 * time.Millisecond
)
