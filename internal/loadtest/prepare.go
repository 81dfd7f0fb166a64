package loadtest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// Ciphertexts are the terminal strings of all logins of a run, each of a machine of its own, encrypted as the collection library does.
type Ciphertexts struct {
	all  []byte // each behind its length, of 2 bytes
	room int    // bytes of each
	key  supplement.Encrypter
}

// count is how many there are.
func (c *Ciphertexts) count() int { return len(c.all) / c.room }

// at is that of login i.
func (c *Ciphertexts) at(i int) []byte {
	b := c.all[i*c.room:]
	return b[2 : 2+binary.BigEndian.Uint16(b)]
}

// drawKind is the first that is drawn of a terminal.
func drawKind(random *rand.Rand) regulation.TerminalType {
	kinds := int(regulation.TerminalWeChat-regulation.TerminalWindows) + 1
	return regulation.TerminalWindows + regulation.TerminalType(random.IntN(kinds))
}

// kindOf is what the terminal is whose string is that of login i.
func (p *Plan) kindOf(i int) regulation.TerminalType { return drawKind(p.random(i)) }

// random is the source of what the terminal of login i is.
func (p *Plan) random(i int) *rand.Rand {
	return rand.New(rand.NewPCG(p.Seed, uint64(p.index(i)))) //nolint:gosec // which machine a synthetic terminal is
}

// prepareChunk is how many a goroutine makes before it tells how far it is.
const prepareChunk = 256

// Prepare makes them on all processors, before the clock starts. progress is called with how many are there,
// by several goroutines.
func (p *Plan) Prepare(ctx context.Context, key supplement.Encrypter, progress func(done int)) (*Ciphertexts, error) {
	_, longest := key.CiphertextLen()
	n := p.Logins()
	c := &Ciphertexts{all: make([]byte, n*(longest+2)), room: longest + 2, key: key}
	var next, done atomic.Int64
	var failed atomic.Pointer[error]
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for ctx.Err() == nil && failed.Load() == nil {
				from := int(next.Add(prepareChunk)) - prepareChunk
				if from >= n {
					return
				}
				to := min(from+prepareChunk, n)
				if err := c.fill(p, from, to); err != nil {
					failed.Store(&err)
					return
				}
				progress(int(done.Add(int64(to - from))))
			}
		})
	}
	workers.Wait()
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	return c, ctx.Err()
}

// fill makes those from to to.
func (c *Ciphertexts) fill(p *Plan, from, to int) error {
	for i := from; i < to; i++ {
		place := c.all[i*c.room : (i+1)*c.room]
		out, err := c.seal(p, place[2:2], i)
		if err != nil {
			return err
		}
		binary.BigEndian.PutUint16(place, uint16(len(out)))
	}
	return nil
}

// seal appends that of login i. Each has a random source of its own, so that a seed makes the same strings on any number of processors,
// and no generator makes another's.
func (c *Ciphertexts) seal(p *Plan, to []byte, i int) ([]byte, error) {
	random := p.random(i)
	kind := drawKind(random)
	out, err := c.key.Encrypt(to, []byte(terminalinfo.Build(kind, random, time.Now())))
	if err != nil {
		return nil, fmt.Errorf("encrypt the string of terminal %d: %w", i, err)
	}
	return out, nil
}
