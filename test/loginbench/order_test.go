//go:build linux

package loginbench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/testmain"
)

// A login is answered after its audit line was written, and after the WAL that has its record was synced: seen from
// outside, in the system calls of the front that ships. Durability is what a faster login must not cost.
func TestAnswerComesAfterAuditLineAndSync(t *testing.T) {
	t.Parallel()
	visits := testmain.Fewer(400, 100)
	front := newFront(t, embeddedName, program, nil, "")
	s := &stage{terminals: startTerminals(t)}
	s.visits(t, front, concurrent, concurrent) // the accounts are verified
	trace := traced(t, front.pid, func() { s.visits(t, front, concurrent, visits) })
	answers, faults := judgeOrder(trace)
	if answers != visits {
		t.Errorf("%d answers with a RecordID in the trace, %d logins were answered", answers, visits)
	}
	for _, fault := range faults[:min(len(faults), 10)] {
		t.Error(fault)
	}
}

// traced is what strace sees of a process while work runs.
func traced(t *testing.T, pid int, work func()) *trace {
	t.Helper()
	file := filepath.Join(t.TempDir(), "trace")
	strace := exec.Command("strace", "-f", "-y", "-xx", "-s", "100000", "-o", file,
		"-e", "trace=write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync", "-p", fmt.Sprint(pid))
	said, err := strace.StderrPipe()
	if err == nil {
		err = child.StartEnding(strace, syscall.SIGINT)
	}
	if err != nil {
		t.Skipf("strace cannot run here: %v", err)
	}
	lines := bufio.NewReader(said)
	first, err := lines.ReadString('\n')
	if !strings.Contains(first, "attached") {
		rest, _ := io.ReadAll(lines)
		_ = strace.Wait()
		t.Skipf("strace cannot trace here: %v %s%s", err, first, rest)
	}
	work()
	_ = strace.Process.Signal(unix.SIGINT) // it detaches
	_, _ = io.Copy(io.Discard, lines)
	_ = strace.Wait() // it reports the signal
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parsed, err := parseTrace(f)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// judgeOrder counts the answers to logins, and says of each that came too early what was missing.
func judgeOrder(tr *trace) (answers int, faults []string) {
	var audit, wal, syncs []*call
	for i := range tr.calls {
		switch c := &tr.calls[i]; {
		case strings.HasSuffix(c.path, "audit.jsonl"):
			audit = append(audit, c)
		case strings.HasSuffix(c.path, "-wal") && strings.Contains(c.name, "sync"):
			syncs = append(syncs, c)
		case strings.HasSuffix(c.path, "-wal"):
			wal = append(wal, c)
		}
	}
	for i := range tr.calls {
		answer := &tr.calls[i]
		id := recordIDOf(answer)
		if id == nil {
			continue
		}
		answers++
		raw := rawUUID(id)
		if !slices.ContainsFunc(audit, func(c *call) bool { return c.before(answer) && bytes.Contains(c.data, id) }) {
			faults = append(faults, fmt.Sprintf("%s is answered on line %d, and no audit line with it was written before", id, answer.begun))
		}
		synced := slices.ContainsFunc(wal, func(written *call) bool {
			return bytes.Contains(written.data, raw) &&
				slices.ContainsFunc(syncs, func(sync *call) bool { return written.before(sync) && sync.before(answer) })
		})
		if !synced {
			faults = append(faults, fmt.Sprintf("%s is answered on line %d, and no WAL with it was synced before", id, answer.begun))
		}
	}
	return answers, faults
}
