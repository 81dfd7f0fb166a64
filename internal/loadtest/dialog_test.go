package loadtest

import (
	"testing"
	"time"
)

// TestDialog: each answer has one fate, in any order, and what is over is forgotten.
func TestDialog(t *testing.T) {
	var d dialog
	for i := range 5 {
		if want := uint32(i + 1); d.next() != want {
			t.Fatalf("next is %d, want %d", d.next(), want)
		}
		d.ask(time.Duration(i), time.Duration(10+i))
	}
	for _, c := range []struct {
		number uint32
		fate   fate
		left   int
	}{{0, again, 5}, {2, first, 4}, {2, again, 4}, {1, first, 3}, {1, again, 3}, {6, unasked, 3}, {5, first, 2}} {
		o, f := d.answer(c.number)
		if f != c.fate || d.unanswered() != c.left || f == first && o.due != time.Duration(c.number-1) {
			t.Errorf("answer to %d: %+v, fate %d, %d left; want fate %d, %d left", c.number, o, f, d.unanswered(), c.fate, c.left)
		}
	}
	if n := d.giveUp(13); n != 1 || d.unanswered() != 1 { // 3 was sent at 12, 4 at 13
		t.Errorf("%d given up, %d wait", n, d.unanswered())
	}
	if _, f := d.answer(3); f != tooLate {
		t.Errorf("an answer after it was given up: %d", f)
	}
	if _, f := d.answer(3); f != again {
		t.Errorf("and once more: %d", f)
	}
	if _, f := d.answer(4); f != first || d.waiting != nil || len(d.givenUp) != 0 || d.next() != 6 {
		t.Errorf("%d, %+v", f, d)
	}
}
