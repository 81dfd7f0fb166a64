package loadtest

import "time"

// order is a request to the trading core that was sent.
type order struct {
	due, sent time.Duration // after the beginning of the run
	over      bool          // answered
}

// dialog is what a terminal has asked the trading core, by the numbers of its requests: 1, 2, 3, and so on.
type dialog struct {
	answeredTo uint32  // all up to it are over
	waiting    []order // those after it
	givenUp    map[uint32]struct{}
}

// fate is what an answer means.
type fate uint8

const (
	first   fate = iota
	again        // it was answered before
	tooLate      // it was given up
	unasked
)

// next is the number of the request that ask adds.
func (d *dialog) next() uint32 { return d.answeredTo + uint32(len(d.waiting)) + 1 }

func (d *dialog) ask(due, sent time.Duration) {
	d.waiting = append(d.waiting, order{due: due, sent: sent})
}

// answer takes the answer to a request. o is that of first.
func (d *dialog) answer(number uint32) (o order, f fate) {
	if number <= d.answeredTo || number == 0 {
		if _, was := d.givenUp[number]; was {
			delete(d.givenUp, number)
			return o, tooLate
		}
		return o, again
	}
	i := int(number - d.answeredTo - 1)
	switch {
	case i >= len(d.waiting):
		return o, unasked
	case d.waiting[i].over:
		return o, again
	}
	d.waiting[i].over = true
	o = d.waiting[i]
	d.settle()
	return o, first
}

// settle forgets those at the front that are over. The slice begins anew once it is empty, so that it does not grow.
func (d *dialog) settle() {
	n := 0
	for n < len(d.waiting) && d.waiting[n].over {
		n++
	}
	d.answeredTo += uint32(n)
	if d.waiting = d.waiting[n:]; len(d.waiting) == 0 {
		d.waiting = nil
	}
}

// giveUp counts those that were sent before an instant and wait; their answers are then too late.
func (d *dialog) giveUp(before time.Duration) (n int) {
	for i := range d.waiting {
		o := &d.waiting[i]
		if o.over || o.sent >= before {
			continue
		}
		if d.givenUp == nil {
			d.givenUp = map[uint32]struct{}{}
		}
		d.givenUp[d.answeredTo+uint32(i)+1] = struct{}{}
		o.over = true
		n++
	}
	d.settle()
	return n
}

// unanswered is how many wait.
func (d *dialog) unanswered() (n int) {
	for i := range d.waiting {
		if !d.waiting[i].over {
			n++
		}
	}
	return n
}
