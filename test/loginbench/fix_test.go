//go:build linux

package loginbench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/child"
)

// startFIX starts the acceptor of folder fix; a visit is connect, Logon, Logout, close.
func startFIX(t testing.TB) (*peer, error) {
	if testing.Short() {
		return nil, errors.New("quickfixgo: -short builds no foreign program")
	}
	path := filepath.Join(t.TempDir(), "fix")
	if err := built(t.Context(), "fix", path); err != nil {
		return nil, err
	}
	cmd := exec.Command(path)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = child.Start(cmd)
	}
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // what it says is of no interest any more
	})
	var at listens
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		return nil, fmt.Errorf("quickfixgo said not where it listens: %w", err)
	}
	return &peer{
		name: "FIX logon (quickfixgo, in memory)", pids: func() []int { return []int{cmd.Process.Pid} },
		visit: func(number int) error { return fixVisit(at.Address, number%fixSessions) },
	}, nil
}

// fixSessions are configured at the acceptor. Visits take turns in them: it refuses a logon while it still ends the same session.
const fixSessions = 4096

func fixVisit(address string, client int) error {
	c, err := net.DialTimeout("tcp", address, visitPatience)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(visitPatience)); err != nil {
		return err
	}
	in := bufio.NewReader(c)
	for i, kind := range []string{"A", "5"} { // Logon, Logout
		more := ""
		if kind == "A" {
			more = "98=0\x01108=30\x01141=Y\x01"
		}
		if _, err := c.Write(fixMessage(kind, client, i+1, more)); err != nil {
			return err
		}
		answer, err := readFIX(in)
		if err != nil {
			return err
		}
		if !bytes.Contains(answer, []byte("\x0135="+kind+"\x01")) {
			return fmt.Errorf("to %s the acceptor answers %q", kind, answer)
		}
	}
	return nil
}

// fixMessage is one of the session's own messages.
func fixMessage(kind string, client, number int, more string) []byte {
	body := fmt.Sprintf("35=%s\x0134=%d\x0149=C%d\x0152=%s\x0156=FRONT\x01%s", kind, number, client, time.Now().UTC().Format("20060102-15:04:05.000"), more)
	message := fmt.Appendf(nil, "8=FIX.4.4\x019=%d\x01%s", len(body), body)
	var sum byte
	for _, b := range message {
		sum += b
	}
	return fmt.Appendf(message, "10=%03d\x01", sum)
}

// readFIX reads to the end of a message: its checksum is the last field.
func readFIX(in *bufio.Reader) ([]byte, error) {
	message := []byte{1}
	for {
		field, err := in.ReadBytes(1)
		if err != nil {
			return nil, err
		}
		message = append(message, field...)
		if bytes.HasPrefix(field, []byte("10=")) {
			return message, nil
		}
	}
}
