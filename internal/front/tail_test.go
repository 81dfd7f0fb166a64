package front

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestTail: it is the end of what was given, and what is kept is moved no oftener than once a byte that was written.
func TestTail(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var (
		kept            tail
		given           []byte
		unsent          int
		moved, capacity int
	)
	for i := range 20_000 {
		message := bytes.Repeat([]byte{byte(i)}, 1+random.IntN(400))
		given = append(given, message...)
		unsent += len(message)
		if read := 1 << 10; i%4 == 3 && unsent > 100_000 {
			unsent -= read
		}
		before := len(kept.kept)
		kept.add(message, unsent)
		if len(kept.kept) < before+len(message) {
			moved += len(kept.kept)
		}
		capacity = max(capacity, cap(kept.kept))
		if got := kept.last(unsent); len(got) != unsent || !bytes.Equal(got, given[len(given)-unsent:]) {
			t.Fatalf("after %d messages: %d bytes of %d, or others", i, len(got), unsent)
		}
	}
	if written := len(given) - unsent; moved > written {
		t.Errorf("%d bytes were moved while %d were written", moved, written)
	}
	if capacity > 4*unsent {
		t.Errorf("%d bytes are kept for %d", capacity, unsent)
	}
	if kept.add(make([]byte, 100), 10); len(kept.kept) != 10 {
		t.Errorf("%d bytes are kept for 10", len(kept.kept))
	}
}
