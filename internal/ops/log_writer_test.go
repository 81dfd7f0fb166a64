package ops

import (
	"bytes"
	"errors"
	"fmt"
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
