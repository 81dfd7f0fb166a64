package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client"
)

// TestPasswordsLeaveMemory looks through the memory of a front for the passwords of logins that are
// over: right ones and wrong ones, of many accounts. What may be left is argon2's own buffer, which
// no code outside of it can reach, until the garbage collector gives its room to something else.
func TestPasswordsLeaveMemory(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	s.addCustomers(70000000, 8)
	d := s.serve()
	l := d.storm(t)
	l.until(90)
	l.end()
	for i := range 10 {
		c, err := d.enter(t, s.apps[0].AuthCode)
		if err != nil {
			t.Fatal(err)
		}
		user := func(r *client.LoginRequest) { r.UserID = fmt.Sprintf("6000%04d", i) }
		if _, err := login(t, c, "Wr0ng#Passw0rd", user); code(t, err) != 3 {
			t.Fatalf("a wrong password: %v", err)
		}
		_ = c.Close()
	}
	for what, secret := range map[string]string{"right": password, "wrong": "Wr0ng#Passw0rd"} {
		argon2, others, err := inMemory(d.cmd.Process.Pid, []byte(secret))
		if err != nil {
			t.Skipf("the memory of another process cannot be read here: %v", err)
		}
		if t.Logf("%d copies of %s passwords in argon2's buffers", argon2, what); len(others) > 0 {
			t.Errorf("%d other copies of %s passwords, the first in %q", len(others), what, others[0])
		}
	}
	d.stop()
}

// inMemory finds the secret in all that a process can write to. argon2 hashes its length before it.
func inMemory(pid int, secret []byte) (argon2 int, others [][]byte, err error) {
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, nil, err
	}
	defer maps.Close()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return 0, nil, err
	}
	defer mem.Close()
	length := []byte{byte(len(secret)), 0, 0, 0}
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to int64
		var rights string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &rights); err != nil || !strings.HasPrefix(rights, "rw") {
			continue
		}
		if to-from > 2<<30 {
			continue // the race detector's, which shadows all addresses
		}
		b := make([]byte, to-from)
		if _, err := mem.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
			continue // what no process may read
		}
		for at := 0; ; at++ {
			i := bytes.Index(b[at:], secret)
			if i < 0 {
				break
			}
			at += i
			if bytes.HasSuffix(b[:at], length) {
				argon2++
			} else {
				others = append(others, b[max(0, at-60):min(len(b), at+80)])
			}
		}
	}
	return argon2, others, nil
}
