package pgtest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// admin is a psql that makes and drops databases, one after the other: a program and a connection for
// each would cost more than the database does.
type admin struct {
	mu     sync.Mutex // one statement at a time
	in     io.WriteCloser
	out    *bufio.Reader
	exited chan struct{}
}

func newAdmin(s *server) (*admin, error) {
	cmd := exec.Command(filepath.Join(s.bin, "psql"), "-X", "-A", "-t", "-q", "-d", s.url("postgres"))
	cmd.Dir = s.root
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	a := &admin{in: in, out: bufio.NewReader(out), exited: make(chan struct{})}
	return a, startWith(cmd, a.exited)
}

// run runs one statement that returns no rows.
func (a *admin) run(statement string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := fmt.Fprintf(a.in, "%s;\n\\echo :SQLSTATE :LAST_ERROR_MESSAGE\n", statement); err != nil {
		return fmt.Errorf("psql: %s: %w", statement, err)
	}
	line, err := a.out.ReadString('\n')
	if err != nil {
		return fmt.Errorf("psql ended at %s: %w", statement, err)
	}
	if !strings.HasPrefix(line, "00000") { // of a statement that succeeds; the message is then an older one
		return fmt.Errorf("psql: %s: %s", statement, line)
	}
	return nil
}

// close ends the psql, and returns when it has ended.
func (a *admin) close() {
	_ = a.in.Close() // psql ends with its input
	<-a.exited
}

// create makes a database. Its files are copied: by default PostgreSQL 15 and newer write each page of the new
// database to the log, which takes two and a half times the processor. Older ones know no other way than copying.
func (a *admin) create(s *server, name, options string) error {
	text, err := os.ReadFile(filepath.Join(s.data(), "PG_VERSION"))
	if err != nil {
		return err
	}
	if major, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && major >= 15 {
		options += " STRATEGY file_copy"
	}
	return a.run("CREATE DATABASE " + name + " " + options)
}

// drop drops a database, connections or not.
func (a *admin) drop(name string) error { return a.run("DROP DATABASE " + name + " WITH (FORCE)") }
