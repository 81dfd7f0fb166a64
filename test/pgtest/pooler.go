package pgtest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/ports"
	"github.com/tradefront/tradefront/test/testmain"
)

// Pooler starts pgbouncer before the database of that URL, with that pool_mode and any
// further settings, a line each, and returns the URL through it. It ends with the test.
func Pooler(t testing.TB, database, mode string, settings ...string) string {
	t.Helper()
	through, err := startPooler(t, database, mode, settings)
	if err != nil {
		t.Fatalf("pgtest: pgbouncer: %v; ./test/ensure-tools.sh installs it", err)
	}
	return through
}

func startPooler(t testing.TB, database, mode string, settings []string) (string, error) {
	behind, err := url.Parse(database)
	if err != nil {
		return "", err
	}
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // where Debian has it, which is not in every PATH
	}
	dir, err := testmain.MkdirTemp("", folders)
	if err != nil {
		return "", err
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	user, err := unprivileged()
	if err != nil {
		return "", err
	}
	if user != nil {
		if err := os.Chown(dir, int(user.Uid), int(user.Gid)); err != nil {
			return "", err
		}
	}
	port, err := ports.Take()
	if err != nil {
		return "", err
	}
	ini := fmt.Sprintf("[databases]\n* = host=%s port=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\n"+
		"auth_type = trust\nauth_file = %s/users\npool_mode = %s\n", behind.Hostname(), behind.Port(), port, dir, mode)
	for _, line := range settings {
		ini += line + "\n"
	}
	users := fmt.Sprintf("%q \"\"\n", behind.User.Username())
	for name, text := range map[string]string{"ini": ini, "users": users} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil { // another user reads it
			return "", err
		}
	}
	if err := runPooler(t, program, dir, user, port); err != nil {
		return "", err
	}
	behind.Host = fmt.Sprintf("127.0.0.1:%d", port)
	return behind.String(), nil
}

// runPooler starts it and waits until it takes connections.
func runPooler(t testing.TB, program, dir string, user *syscall.Credential, port int) error {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own copy
	cmd := exec.Command(program, filepath.Join(dir, "ini"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	exited := make(chan struct{})
	if err := startWith(cmd, exited); err != nil {
		return err
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
	})
	deadline := time.After(startPatience)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return conn.Close()
		}
		select {
		case <-exited:
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("it ended at its start:\n%s", text)
		case <-deadline:
			return fmt.Errorf("it takes no connections after %v", startPatience)
		case <-poll.C:
		}
	}
}
