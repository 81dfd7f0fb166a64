package gateway

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"

	"github.com/tradefront/tradefront/internal/reason"
)

// References makes references that do not repeat for a billion refusals and do not show how many there were: a counter, spread by a
// multiplication that is one-to-one on 30 bits. It is for a Gateway, and for what answers terminals beside one: a relay agent. It is
// safe for concurrent use; make it with NewReferences.
type References struct {
	counter atomic.Uint32
}

const (
	refBits   = 30
	refMask   = 1<<refBits - 1
	refSpread = 0x2545F491 // odd, so that multiplying by it is one-to-one modulo a power of 2

	// refLetters leaves out I, L, O and U, which are misheard or misread.
	refLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// NewReferences starts at a random place, so that references of one day do not come again the next.
func NewReferences() *References {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	r := new(References)
	r.counter.Store(binary.BigEndian.Uint32(b[:]))
	return r
}

// Next is one that was not given for a billion refusals.
func (r *References) Next() reason.Ref {
	n := r.counter.Add(1) * refSpread & refMask
	var ref reason.Ref
	for i := range ref {
		ref[i] = refLetters[n&31]
		n >>= 5
	}
	return ref
}
