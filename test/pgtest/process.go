package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// folders is the kind of the temporary folders.
const folders = "pgtest"

// unprivileged is the user that runs PostgreSQL when we are root, else nil: ourselves.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

// children lists the processes whose parent is pid.
func children(pid int) ([]int, error) {
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		return nil, fmt.Errorf("ps: %w", err)
	}
	var pids []int
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) != 2 || f[1] != strconv.Itoa(pid) {
			continue
		}
		child, err := strconv.Atoi(f[0])
		if err != nil {
			return nil, fmt.Errorf("ps: %w", err)
		}
		pids = append(pids, child)
	}
	return pids, nil
}

// Processes are the cluster's server and then the processes that it has started.
func (c *Cluster) Processes() []int {
	c.t.Helper()
	c.server.mu.Lock()
	cmd := c.server.cmd
	c.server.mu.Unlock()
	if cmd == nil {
		c.t.Fatal("pgtest: the cluster is stopped")
	}
	pids, err := children(cmd.Process.Pid)
	if err != nil {
		c.t.Fatal("pgtest: ", err)
	}
	return append([]int{cmd.Process.Pid}, pids...)
}
