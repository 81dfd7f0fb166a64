package logs

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

const (
	// maxLogQueued is how many bytes of the application log may wait for their reader.
	maxLogQueued = 1 << 20
	// keptLog is how many bytes of the last lines are kept for a support bundle, at least half of it.
	keptLog = 512 << 10
)

// LogWriter writes lines of the application log to standard error without making its callers wait
// for the reader: a reader that does not read, or has ended, costs lines, which are counted, and
// never delays or ends a front. A crash loses the lines that wait.
type LogWriter struct {
	out io.Writer

	mu       sync.Mutex
	changed  sync.Cond // signalled when there is something to write, or it has been written
	queue    []byte
	older    []byte // the last lines, whether they were written or not
	newer    []byte // those after them
	writing  bool
	closed   bool
	since    time.Time // when the write that is under way began
	failed   error     // of the last write
	lost     int64     // lines, since the start
	reported int64     // of these, those that the log itself has reported
}

// NewLogWriter writes to out from a goroutine of its own, until Close.
func NewLogWriter(out io.Writer) *LogWriter {
	w := &LogWriter{out: out}
	w.changed.L = &w.mu
	go w.run()
	return w
}

// Write takes whole lines, or counts them as lost. It never waits and never fails.
func (w *LogWriter) Write(lines []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keep(lines)
	if w.closed || len(w.queue)+len(lines) > maxLogQueued {
		w.lost += countLines(lines)
		return len(lines), nil
	}
	w.queue = append(w.queue, lines...)
	w.changed.Broadcast()
	return len(lines), nil
}

// keep adds lines to the last ones, and drops the oldest.
func (w *LogWriter) keep(lines []byte) {
	if len(w.newer)+len(lines) > keptLog/2 {
		w.older, w.newer = w.newer, w.older[:0]
	}
	if len(lines) <= keptLog/2 {
		w.newer = append(w.newer, lines...)
	}
}

// Recent are the last lines of the log.
func (w *LogWriter) Recent() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Concat(w.older, w.newer)
}

// Close writes what waits, for that long at most. Lines that come later are lost.
func (w *LogWriter) Close(patience time.Duration) {
	w.flush(patience)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.changed.Broadcast()
}

// flush returns when all lines are written, or have waited that long.
func (w *LogWriter) flush(patience time.Duration) {
	late := false
	timer := time.AfterFunc(patience, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		late = true
		w.changed.Broadcast()
	})
	defer timer.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for (len(w.queue) > 0 || w.writing) && !late {
		w.changed.Wait()
	}
}

// Lost is how many lines were not written.
func (w *LogWriter) Lost() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

// Trouble is nil while the reader takes the lines. It is for the readiness.
func (w *LogWriter) Trouble() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.failed != nil:
		return fmt.Errorf("standard error takes no lines, %d are lost: %w; give the front a reader and restart it", w.lost, w.failed)
	case w.writing && time.Since(w.since) >= stalledAfter:
		return fmt.Errorf("who reads standard error has taken nothing for %v, %d lines are lost", time.Since(w.since).Truncate(time.Second), w.lost)
	}
	return nil
}

func (w *LogWriter) run() {
	for {
		lines := w.take()
		if lines == nil {
			return
		}
		n, err := w.out.Write(lines)
		if err == nil && n < len(lines) {
			err = io.ErrShortWrite
		}
		w.settle(lines[min(n, len(lines)):], err)
	}
}

// take waits for lines; a line that reports a loss is first. It returns none after Close.
func (w *LogWriter) take() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 {
		if w.closed {
			return nil
		}
		w.changed.Wait()
	}
	lines := w.queue
	if w.lost > w.reported && w.failed == nil {
		lines = append(lossLine(w.lost-w.reported), lines...)
		w.reported = w.lost
	}
	w.queue, w.writing, w.since = nil, true, time.Now()
	return lines
}

func (w *LogWriter) settle(rest []byte, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing, w.failed = false, err
	if err != nil {
		w.lost += countLines(rest)
	}
	w.changed.Broadcast()
}

func countLines(b []byte) int64 { return int64(bytes.Count(b, []byte{'\n'})) }

func lossLine(lines int64) []byte {
	return fmt.Appendf(nil, `{"level":"warn","time":"%s","msg":"%d lines of this log are lost: its reader did not take them"}`+"\n",
		time.Now().In(regulation.Zone).Format(timeMillis), lines)
}
