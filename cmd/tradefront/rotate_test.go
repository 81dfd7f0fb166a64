package main

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ops"
)

// TestRotateOnHangup does what logrotate does: move the file away, send SIGHUP. Entries
// before it are in the old file, entries after it in a new one.
func TestRotateOnHangup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	audit, err := ops.OpenAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	said, logTo := io.Pipe()
	logger, err := ops.NewLogger("info", logTo)
	if err != nil {
		t.Fatal(err)
	}
	stop := rotateOnHangup(audit, logger)

	audit.Log(ops.Entry{Time: time.Now(), Event: ops.EventLogin, Reason: "before"})
	rotate(t, path, path+".1", said)
	audit.Log(ops.Entry{Time: time.Now(), Event: ops.EventLogin, Reason: "after"})
	stop()
	if err := audit.Close(); err != nil {
		t.Fatal(err)
	}

	// What was queued when the file was moved may go to either file, but to one of them.
	old, fresh := read(t, path+".1"), read(t, path)
	if n := strings.Count(old+fresh, `"before"`); n != 1 {
		t.Errorf("the entry before is there %d times", n)
	}
	if n := strings.Count(fresh, `"after"`); n != 1 || strings.Contains(old, `"after"`) {
		t.Errorf("the entry after is in the new file %d times; old file: %s", n, old)
	}
}

// rotate returns once the daemon has said that it reopened the log.
func rotate(t *testing.T, from, to string, said io.Reader) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil || !strings.Contains(line, "reopened") || strings.Contains(line, "error") {
		t.Fatalf("the daemon said %q, %v", line, err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
