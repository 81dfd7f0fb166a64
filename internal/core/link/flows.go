package link

import (
	"math"
	"math/bits"
	"slices"

	"github.com/tradefront/tradefront/internal/ftd"
)

// flows is how far the flows of a session were delivered: up to ftd.MaxResumePoints; of others only the messages are known that have begun.
type flows struct {
	points ftd.ResumePoints
	again  *ftd.ResumePoints // behind which numbers a core sends what was delivered before; nil as a rule
	cut    uint8             // a bit for each of points: the last part of its latest message has not come
	begun  []begun           // the same of flows that are not among points, the oldest first; nil as a rule
}

// begun is a message in parts of a flow that is not among points: the terminal has its first part, and lacks the last.
type begun struct {
	series uint16
	number uint32
}

// maxBegun is how many of them a session remembers. The oldest, which its core may have given up, makes room.
const maxBegun = 8

// note takes a message of a flow, or a part of one, and reports whether it is new to the terminal. A message in parts is delivered
// with its last one: a core that is lost before that sends the whole message again, so that the terminal has it.
func (f *flows) note(h ftd.Header) bool {
	if h.SequenceSeries == 0 {
		return true
	}
	i := f.index(h.SequenceSeries)
	switch {
	case i == ftd.MaxResumePoints:
		f.noteBegun(h)
		return true
	case i == f.points.Count:
		f.points.Points[i].Series = h.SequenceSeries
		f.points.Count++
	case !f.goesOn(i, h) && f.repeats(h, f.points.Points[i].Number):
		return false
	}
	p, bit := &f.points.Points[i], uint8(1)<<i
	p.Number = int32(h.SequenceNumber)
	f.cut &^= bit
	if !endsMessage(h) {
		p.Number--
		f.cut |= bit
	}
	return true
}

// noteBegun takes a message, or a part of one, of a flow that is not among points.
func (f *flows) noteBegun(h ftd.Header) {
	if !further(h) || endsMessage(h) {
		f.begun = slices.DeleteFunc(f.begun, func(b begun) bool { return b.series == h.SequenceSeries })
	}
	if h.Chain != ftd.ChainFirst {
		return
	}
	if len(f.begun) == maxBegun {
		f.begun = slices.Delete(f.begun, 0, 1)
	}
	f.begun = append(f.begun, begun{h.SequenceSeries, h.SequenceNumber})
}

// midway reports whether the terminal lacks the last part of a message.
func (f *flows) midway() bool { return f.cut != 0 || len(f.begun) > 0 }

// beginAnew forgets the first parts that the terminal has: the core sends the whole message again.
func (f *flows) beginAnew() { f.cut, f.begun = 0, nil }

// index is where a series is in points; Count if it is not known.
func (f *flows) index(series uint16) int {
	for i, p := range f.points.All() {
		if p.Series == series {
			return i
		}
	}
	return f.points.Count
}

// goesOn reports whether h is a further part of the message of which the terminal has the first parts.
func (f *flows) goesOn(i int, h ftd.Header) bool {
	return further(h) && f.cut&(1<<i) != 0 && int32(h.SequenceNumber) == f.points.Points[i].Number+1
}

// lacksFirst reports whether h is a further part of a message whose first parts the terminal has not got, because its session was not open
// then. The core that sends it the whole message again finds the flow at the number before.
func (f *flows) lacksFirst(h ftd.Header) bool {
	if h.SequenceSeries == 0 || !further(h) {
		return false
	}
	i := f.index(h.SequenceSeries)
	if i == ftd.MaxResumePoints {
		return !slices.Contains(f.begun, begun{h.SequenceSeries, h.SequenceNumber})
	}
	return i == f.points.Count || !f.goesOn(i, h)
}

// endsMessage reports whether a message is complete with the one that has header h.
func endsMessage(h ftd.Header) bool { return h.Chain == ftd.ChainSingle || h.Chain == ftd.ChainLast }

// anchor takes, of a flow of which nothing was delivered since the terminal asked for it from then on (-1), the number behind which the
// core says it goes on: at the next resume the front can name that.
func (f *flows) anchor(behind *ftd.ResumePoints) {
	for i := range f.points.All() {
		own := &f.points.Points[i]
		for _, p := range behind.All() {
			if own.Number < 0 && p.Series == own.Series {
				own.Number = max(p.Number, own.Number)
			}
		}
	}
}

// sentAgain notes that the core will send what is behind these points once more: one that was asked to resume more than once does so for
// each of its answers. What was delivered behind the first answer must not be delivered behind the second.
func (f *flows) sentAgain(behind *ftd.ResumePoints) {
	points := *behind
	f.again = &points
}

// repeats reports whether a message comes for the second time: its number follows the point of the core's answer, or the
// repeat before it, and is not past delivered; all parts of a message have one number. The first other number of the flow ends the
// repeats: behind it the core may begin a trading day's numbers anew.
func (f *flows) repeats(h ftd.Header, delivered int32) bool {
	if f.again == nil {
		return false
	}
	for i := range f.again.All() {
		p := &f.again.Points[i]
		if p.Series != h.SequenceSeries {
			continue
		}
		if n := int64(h.SequenceNumber); n > int64(p.Number) && n <= int64(delivered) {
			if endsMessage(h) {
				p.Number = int32(h.SequenceNumber)
			}
			return true
		}
		p.Number = math.MaxInt32
	}
	return false
}

// names reports whether a terminal asked for the series.
func names(asked *ftd.ResumePoints, series uint16) bool {
	for _, p := range asked.All() {
		if p.Series == series {
			return true
		}
	}
	return false
}

const (
	// maxWindow is how far the oldest dialog request that is remembered is behind the newest. A core that is silent is
	// given up after three heartbeats: a terminal has seldom sent more by then.
	maxWindow = 64 * (maxWords - 1)
	minWords  = 2
	maxWords  = 64
)

// window is numbers of dialog requests, as of those that have no answer: those of the last maxWindow. Number n is a bit of
// words[n/64%len(words)], which has room for numbers that are 64*(len(words)-1) apart, and grows when more are.
type window struct {
	newest uint32 // of all that were added
	words  []uint64
}

// add takes a number that was passed. Numbers rise.
func (w *window) add(n uint32) {
	switch {
	case w.words == nil:
		w.words = make([]uint64, minWords)
	case n < w.newest:
		return
	default:
		w.advance(n / 64)
	}
	w.newest = n
	*w.word(n / 64) |= 1 << (n % 64)
}

func (w *window) word(block uint32) *uint64 { return &w.words[block%uint32(len(w.words))] }

// advance clears the words for the blocks behind that of the newest number up to block. One that still has numbers
// is kept if the window may grow.
func (w *window) advance(block uint32) {
	last := w.newest / 64
	for b := last + 1; b <= block && b-last <= maxWords; b++ {
		for *w.word(b) != 0 && len(w.words) < maxWords {
			w.grow(b - 1)
		}
		*w.word(b) = 0
	}
}

// grow makes twice the room; last is the block of the newest word.
func (w *window) grow(last uint32) {
	old := *w
	w.words = make([]uint64, 2*len(old.words))
	for i := range min(uint32(len(old.words)), last+1) {
		*w.word(last - i) = *old.word(last - i)
	}
}

// remove takes a number that was answered.
func (w *window) remove(n uint32) {
	if n <= w.newest && w.newest/64-n/64 < uint32(len(w.words)) {
		*w.word(n / 64) &^= 1 << (n % 64)
	}
}

// has reports whether a number is there.
func (w *window) has(n uint32) bool {
	return n <= w.newest && w.newest/64-n/64 < uint32(len(w.words)) && *w.word(n / 64)&(1<<(n%64)) != 0
}

// take empties the window into dst, lowest number first.
func (w *window) take(dst []uint32) []uint32 {
	last := w.newest / 64
	for i := min(uint32(len(w.words)), last+1); i > 0; i-- {
		block := last - (i - 1)
		for b := *w.word(block); b != 0; b &= b - 1 {
			if n := 64*block + uint32(bits.TrailingZeros64(b)); w.newest-n < maxWindow {
				dst = append(dst, n)
			}
		}
	}
	clear(w.words)
	return dst
}

// count is how many numbers there are.
func (w *window) count() (n int) {
	for _, word := range w.words {
		n += bits.OnesCount64(word)
	}
	return n
}
