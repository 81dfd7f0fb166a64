package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// stuckWriter is a pipe whose reader reads when the test releases it.
type stuckWriter struct {
	reads chan struct{} // one for each write that may return
	began chan struct{}
	out   bytes.Buffer
	err   error
}

func (w *stuckWriter) Write(b []byte) (int, error) {
	w.began <- struct{}{}
	<-w.reads
	if w.err != nil {
		return 0, w.err
	}
	return w.out.Write(b)
}

// TestStuckLogReader: no caller waits; what does not fit is counted, and reported once the
// reader reads again.
func TestStuckLogReader(t *testing.T) {
	out := &stuckWriter{reads: make(chan struct{}), began: make(chan struct{}, 10)}
	w := NewLogWriter(out)
	defer w.Close(time.Minute)
	line := []byte(strings.Repeat("x", 1023) + "\n")
	fmt.Fprintln(w, "first")
	<-out.began // and it does not return
	const lines = maxLogQueued/1024 + 500
	for range lines {
		if n, err := w.Write(line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	if n := w.Lost(); n != 500 {
		t.Errorf("%d lines are lost, want 500", n)
	}
	w.mu.Lock()
	w.since = w.since.Add(-stalledAfter)
	w.mu.Unlock()
	if err := w.Trouble(); err == nil || !strings.Contains(err.Error(), "500 lines are lost") {
		t.Errorf("trouble: %v", err)
	}
	close(out.reads)
	w.flush(time.Minute)
	if err := w.Trouble(); err != nil {
		t.Error(err)
	}
	text := out.out.String()
	if !strings.HasPrefix(text, "first\n{") || !strings.Contains(text, `"msg":"500 lines of this log are lost: `) || strings.Count(text, "\n") != lines-500+2 {
		t.Errorf("%d lines: %.300s", strings.Count(text, "\n"), text)
	}
}

// TestDeadLogReader: a reader that is gone costs lines only.
func TestDeadLogReader(t *testing.T) {
	out := &stuckWriter{reads: make(chan struct{}), began: make(chan struct{}, 10), err: errors.New("broken pipe")}
	close(out.reads)
	w := NewLogWriter(out)
	defer w.Close(time.Minute)
	for i := range 3 {
		fmt.Fprintln(w, "line")
		w.flush(time.Minute)
		if n, err := w.Lost(), w.Trouble(); n != int64(i+1) || err == nil || !strings.Contains(err.Error(), "broken pipe") {
			t.Errorf("%d lost, %v", n, err)
		}
	}
}

// TestCloseDoesNotWaitForEver: a front ends although no reader reads. A Close that waits for one hangs this test.
func TestCloseDoesNotWaitForEver(*testing.T) {
	out := &stuckWriter{reads: make(chan struct{}), began: make(chan struct{}, 10)}
	w := NewLogWriter(out)
	fmt.Fprintln(w, "line")
	<-out.began
	w.Close(time.Millisecond)
	close(out.reads)
}

// TestRecentLines: the last lines of the log are kept, whether their reader took them or not, and not more than fit.
func TestRecentLines(t *testing.T) {
	w := NewLogWriter(io.Discard)
	defer w.Close(0)
	line := func(i int) []byte { return fmt.Appendf(nil, "%08d %s\n", i, strings.Repeat("x", 100)) }
	const lines = 3 * keptLog / 110
	for i := range lines {
		if _, err := w.Write(line(i)); err != nil {
			t.Fatal(err)
		}
	}
	kept := w.Recent()
	if len(kept) > keptLog || len(kept) < keptLog/2-len(line(0)) || !bytes.HasSuffix(kept, line(lines-1)) {
		t.Errorf("%d bytes, ending %q", len(kept), kept[max(0, len(kept)-30):])
	}
	all := bytes.Count(kept, []byte("\n"))
	if want := bytes.Join(linesFrom(lines-all, lines, line), nil); !bytes.Equal(kept, want) {
		t.Error("a line is missing between the oldest and the last")
	}
	before := len(kept)
	if _, err := w.Write(bytes.Repeat([]byte("y"), keptLog)); err != nil || len(w.Recent()) > before {
		t.Error("a line that is longer than what is kept was kept")
	}
}

func linesFrom(first, end int, line func(int) []byte) (all [][]byte) {
	for i := first; i < end; i++ {
		all = append(all, line(i))
	}
	return all
}
