package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
)

// tally is an observer that counts.
type tally struct {
	mu              sync.Mutex
	written, failed int
	errs            []error
}

func (c *tally) AuditWritten(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.written += n
}

func (c *tally) AuditFailed(n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed += n
	c.errs = append(c.errs, err)
}

// disk is a file in memory that can be full, slow, and fail to sync.
type disk struct {
	content  bytes.Buffer
	calls    int           // of Write
	room     int           // bytes that still fit; -1 for no end
	gate     chan struct{} // if not nil, each Write takes one from it first
	syncErr  error
	syncedAt int // bytes that were there at the last Sync
	closed   int
}

func (d *disk) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if d.gate != nil {
		<-d.gate
	}
	d.calls++
	if d.room >= 0 && len(p) > d.room {
		n := d.room
		d.content.Write(p[:n])
		d.room = 0
		return n, syscall.ENOSPC
	}
	if d.room >= 0 {
		d.room -= len(p)
	}
	return d.content.Write(p)
}

func (d *disk) Sync() error  { d.syncedAt = d.content.Len(); return d.syncErr }
func (d *disk) Close() error { d.closed++; return nil }

func numbered(n int) Entry {
	e := full()
	e.SessionID = int32(n)
	return e
}

// sessions reads the log and gives the session of each line; every line must be JSON. It parses
// no line again that differs from the last one it parsed only in the session.
func sessions(t *testing.T, log []byte) (all []int) {
	t.Helper()
	const key = `"session_id":`
	var before, after []byte
	for l := range bytes.Lines(log) {
		if number, ok := bytes.CutPrefix(l, before); ok && len(before) > 0 {
			if number, ok := bytes.CutSuffix(number, after); ok {
				if n, err := strconv.ParseUint(string(number), 10, 31); err == nil {
					all = append(all, int(n))
					continue
				}
			}
		}
		var e struct {
			SessionID int    `json:"session_id"`
			UserType  string `json:"user_type"`
		}
		if err := json.Unmarshal(l, &e); err != nil || e.UserType != "1" || l[len(l)-1] != '\n' {
			t.Fatalf("line %q: %v", l, err)
		}
		if head, rest, ok := bytes.Cut(l, []byte(key)); ok {
			before, after = l[:len(head)+len(key)], bytes.TrimLeft(rest, "-0123456789")
		}
		all = append(all, e.SessionID)
	}
	return all
}

// wholeLines leaves the torn lines out, each of which must be the beginning of one.
func wholeLines(t *testing.T, log []byte) (whole []byte) {
	t.Helper()
	const constant = len(`{"time":"`)
	begin := line(numbered(0))[:constant]
	for l := range bytes.Lines(log) {
		switch {
		case json.Valid(l):
			whole = append(whole, l...)
		case len(l) < 2 || !bytes.HasPrefix(l, []byte(begin[:min(len(l)-1, constant)])):
			t.Errorf("line %q", l)
		}
	}
	return whole
}

// Entries of one goroutine are in its order, none is lost, none twice.
func TestAuditConcurrently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	seen := new(tally)
	a, err := OpenAudit(path, seen)
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 500
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				a.Log(numbered(w*each + i))
			}
		})
	}
	wg.Wait()
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var next [writers]int
	for _, n := range sessions(t, log) {
		if w := n / each; n%each != next[w] {
			t.Fatalf("entry %d of writer %d follows %d", n%each, w, next[w]-1)
		}
		next[n/each]++
	}
	for w, n := range next {
		if n != each {
			t.Errorf("writer %d has %d entries", w, n)
		}
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 || seen.written != writers*each || seen.failed != 0 {
		t.Errorf("mode %v, written %d, failed %d", info.Mode(), seen.written, seen.failed)
	}
}

// While one write is in progress, the next one fills: one call takes it all.
func TestAuditWritesWhatIsQueuedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{room: -1, gate: make(chan struct{})}
		a := newAudit("x", d, nil)
		a.Log(numbered(0))
		synctest.Wait() // the writer is in its first Write
		for i := 1; i <= 100; i++ {
			a.Log(numbered(i))
		}
		close(d.gate)
		if err := a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := sessions(t, d.content.Bytes()); d.calls != 2 || len(got) != 101 {
			t.Errorf("%d entries in %d writes", len(got), d.calls)
		}
	})
}

// A full disk: what was not written is counted and reported, and each entry that was written has a
// line of its own, also behind a torn one.
func TestAuditDiskFull(t *testing.T) {
	one := len(line(numbered(100)))
	for _, room := range []int{0, 1, one - 1, one, one + 1, 2*one + one/2} {
		for _, more := range []int{0, 1, one / 4, 50 * one} { // room that comes back before the next write
			synctest.Test(t, func(t *testing.T) {
				seen := new(tally)
				d := &disk{room: room}
				a := newAudit("x", d, []AuditObserver{seen})
				for i := range 3 {
					a.Log(numbered(100 + i))
					synctest.Wait()
				}
				d.room += more
				a.Log(numbered(103))
				synctest.Wait()
				d.room = -1
				a.Log(numbered(104))
				if err := a.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				if seen.written+seen.failed != 5 || seen.failed > 0 && !errors.Is(seen.errs[0], syscall.ENOSPC) {
					t.Errorf("room %d+%d: written %d, failed %d, %v", room, more, seen.written, seen.failed, seen.errs)
				}
				whole := wholeLines(t, d.content.Bytes())
				// A line that lacked only its end was counted as lost, and is whole now.
				if got := sessions(t, whole); len(got) < seen.written || got[len(got)-1] != 104 {
					t.Errorf("room %d+%d: lines %v, written %d", room, more, got, seen.written)
				}
			})
		}
	}
}

func TestAuditClose(t *testing.T) {
	seen := new(tally)
	d := &disk{room: -1, syncErr: syscall.EIO}
	a := newAudit("x", d, []AuditObserver{seen})
	a.Log(numbered(1))
	first, second := a.Close(t.Context()), a.Close(t.Context())
	if !errors.Is(first, syscall.EIO) || !errors.Is(second, syscall.EIO) {
		t.Errorf("Close: %v, then %v", first, second)
	}
	if d.syncedAt != d.content.Len() || d.closed != 1 || seen.written != 1 || seen.failed != 0 || len(seen.errs) != 1 {
		t.Errorf("%+v, %+v", d, seen)
	}
	a.Log(numbered(2))
	if seen.failed != 1 || !errors.Is(seen.errs[1], ErrAuditClosed) {
		t.Errorf("%+v", seen)
	}
	if err := a.Reopen(t.Context()); !errors.Is(err, ErrAuditClosed) {
		t.Errorf("Reopen: %v", err)
	}
}

// Close and Log at once: each entry is written or reported, none is lost without a report, no call hangs.
func TestAuditCloseWhileLogging(t *testing.T) {
	seen := new(tally)
	d := &disk{room: -1}
	a := newAudit("x", d, []AuditObserver{seen})
	var wg sync.WaitGroup
	const each = 200
	for range 4 {
		wg.Go(func() {
			for i := range each {
				a.Log(numbered(i))
			}
		})
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if got := len(sessions(t, d.content.Bytes())); seen.written+seen.failed != 4*each || got != seen.written {
		t.Errorf("written %d, failed %d, lines %d", seen.written, seen.failed, got)
	}
}

// Rotation while entries come in: each is in the old file or in the new one.
func TestAuditReopen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.jsonl")
	a, err := OpenAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	const each, rotations = 300, 5
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range each {
			a.Log(numbered(i))
		}
	})
	for i := range rotations {
		if err := os.Rename(path, path+strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
		if err := a.Reopen(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, suffix := range []string{"0", "1", "2", "3", "4", ""} {
		log, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sessions(t, log)...)
	}
	for i, n := range all {
		if i != n {
			t.Fatalf("entry %d is at %d", n, i)
		}
	}
	if len(all) != each {
		t.Errorf("%d entries, want %d", len(all), each)
	}
}

func TestAuditReopenFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	a, err := OpenAudit(filepath.Join(dir, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	if err := a.Reopen(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Reopen: %v", err)
	}
	a.Log(numbered(1))
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(dir+".old", "audit.jsonl"))
	if err != nil || len(sessions(t, log)) != 1 {
		t.Errorf("%q, %v", log, err)
	}
}

// A line that a crash tore is ended, so that the next entry has a line of its own; what is
// there is never touched.
func TestAuditOpensBehindTornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	if err := os.WriteFile(path, []byte(`{"time":"20`), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		a, err := OpenAudit(path)
		if err != nil {
			t.Fatal(err)
		}
		a.Log(numbered(1))
		if err := a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	log, _ := os.ReadFile(path)
	torn, rest, _ := bytes.Cut(log, []byte{'\n'})
	if string(torn) != `{"time":"20` || len(sessions(t, rest)) != 2 {
		t.Errorf("%q", log)
	}
}

func TestAuditOnStandardError(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	os.Stderr = w
	defer func() { os.Stderr = stderr }()
	a, err := OpenAudit("")
	if err != nil {
		t.Fatal(err)
	}
	a.Log(numbered(1))
	if err := errors.Join(a.Reopen(t.Context()), a.Close(t.Context()), w.Close()); err != nil { // w.Close: ours was not closed
		t.Error(err)
	}
	if log, err := io.ReadAll(r); err != nil || len(sessions(t, log)) != 1 {
		t.Errorf("%q, %v", log, err)
	}
}

func TestOpenAuditFails(t *testing.T) {
	if _, err := OpenAudit(filepath.Join(t.TempDir(), "none", "audit.jsonl")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// The real thing: a device that is always full.
func TestAuditOnFullDevice(t *testing.T) {
	seen := new(tally)
	a, err := OpenAudit("/dev/full", seen)
	if err != nil {
		t.Fatal(err)
	}
	a.Log(numbered(1))
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if seen.failed != 1 || seen.written != 0 || !errors.Is(seen.errs[0], syscall.ENOSPC) {
		t.Errorf("%+v", seen)
	}
}

// What an event loop pays for an entry, of which some are dropped if the disk is slow.
func BenchmarkAuditLog(b *testing.B) {
	a, err := OpenAudit(filepath.Join(b.TempDir(), "audit.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	e := full()
	b.ReportAllocs()
	for b.Loop() {
		a.Log(e)
	}
	if err := a.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}
