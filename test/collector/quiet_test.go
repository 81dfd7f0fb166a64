package collector

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// forbidden are the calls of a process that is not quiet: it starts another, connects, or changes a file.
var forbidden = []struct {
	what string
	call *regexp.Regexp
}{
	{"starts a program", regexp.MustCompile(`execve|vfork\(|fork\(`)},
	{"starts a process", regexp.MustCompile(`clone3?\((?:[^)]*)`)}, // unless it has CLONE_THREAD
	{"connects", regexp.MustCompile(`\bconnect\(|\bbind\(\d+, \{sa_family=AF_INET|\blisten\(`)},
	{"sends", regexp.MustCompile(`\bsendto\(.*AF_INET|\bsendmsg\(.*AF_INET`)},
	{"opens for writing", regexp.MustCompile(`\bopen(at)?\(.*O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)`)},
	{"changes a folder", regexp.MustCompile(`\b(unlink|rename|mkdir|rmdir|symlink|link|truncate|chmod|chown|mknod)(at|at2)?\(`)},
	{"signals", regexp.MustCompile(`\bt?g?kill\(`)},
}

// TestNoProcessNoConnectionNoFileWritten: strace sees the whole of a host's life, and the host does nothing of the kind itself.
func TestNoProcessNoConnectionNoFileWritten(t *testing.T) {
	t.Parallel()
	program := tst.compiled(t, need(t, "gcc"), "test/collector/hosts/selfcheck.c", append([]string{"-std=c99"}, tst.linked(t)...)...)
	trace := filepath.Join(t.TempDir(), "trace")
	run(t, need(t, "strace"), "-f", "-s", "200", "-e", "trace=%process,%network,%file,%desc,%signal", "-o", trace, program)
	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	if !strings.Contains(lines[0], "execve(") || !strings.Contains(string(data), "AF_NETLINK") || !strings.Contains(string(data), "/etc/os-release") {
		t.Fatalf("this is no trace of a collection: it begins %q", lines[0])
	}
	for _, line := range lines[1:] { // the first is strace's own execve
		for _, f := range forbidden {
			if f.call.MatchString(line) && !strings.Contains(line, "CLONE_THREAD") {
				t.Errorf("it %s: %s", f.what, line)
			}
		}
	}
}
