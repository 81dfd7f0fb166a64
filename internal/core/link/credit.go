package link

import (
	"errors"
	"fmt"
	"math"

	"github.com/tradefront/tradefront/internal/ftd"
)

// setCredit replaces the credit by what LinkAccept says.
func (o *outbox) setCredit(frames int32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.credit = int64(frames)
	o.unhold()
}

// addCredit adds what LinkCredit says. moot says what of that gives nothing, which closes no link.
func (o *outbox) addCredit(frames int32) (p *problem, moot error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case frames == ftd.UnlimitedCredit:
		o.credit = ftd.UnlimitedCredit
	case frames < 0:
		return problemf(BadCredit, "LinkCredit of %d frames", frames), nil
	case frames == 0:
		return nil, errors.New("LinkCredit of 0 frames")
	case o.credit < 0: // unlimited stays so
	case o.credit+int64(frames) > math.MaxInt32:
		moot = fmt.Errorf("LinkCredit of %d frames over %d that are left: the sum is held at %d", frames, o.credit, math.MaxInt32)
		o.credit = math.MaxInt32
	default:
		o.credit += int64(frames)
	}
	o.unhold()
	return nil, moot
}
