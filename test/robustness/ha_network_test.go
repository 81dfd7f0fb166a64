package robustness

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tradefront/tradefront/test/testmain"
)

const (
	lanBridge = "lan"
	// customersAt is where the test itself is in the network. Terminals are the addresses behind it.
	customersAt   = "10.9.0.1"
	customersFrom = "10.128.0.0/9"
	// noMachineAt is a hardware address that no machine has.
	noMachineAt = "02:00:00:00:de:ad"
)

// machine is one machine of a data centre: a network namespace with an address of its own, and the daemons that its systemd
// keeps running.
type machine struct {
	t       *testing.T
	name    string
	place   string // data centre: a, b or c
	address string
	dir     string // its disk for all but stores
	data    *disk  // its disk for a store
	daemons []*front
	on      bool
}

// newLAN is the network that all machines are in, and the customers behind it. The process must be in a network
// namespace of its own.
func newLAN(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll("/run/netns", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := mountDisk("/run/netns", 1<<20); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unmountDisk("/run/netns") })
	ip(t, "link set lo up", "link add "+lanBridge+" type bridge", "addr add "+customersAt+"/8 dev "+lanBridge, "link set "+lanBridge+" up",
		"route add local "+customersFrom+" dev lo")
	t.Cleanup(func() { ip(t, "route del local "+customersFrom+" dev lo", "link del "+lanBridge) }) // the next test makes them anew
}

// ip runs commands of iproute2, of which each must succeed.
func ip(t *testing.T, commands ...string) {
	t.Helper()
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ip: %v\n%s\n%s", err, strings.Join(commands, "\n"), out)
	}
}

// newMachine connects one more machine.
func newMachine(t *testing.T, name, place, address string) *machine {
	t.Helper()
	dir, err := testmain.MkdirTemp(testmain.Memory(), "ha") // short, for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil { // PostgreSQL runs as another user
		t.Fatal(err)
	}
	m := &machine{t: t, name: name, place: place, address: address, dir: dir, on: true}
	ip(t, "netns add "+name)
	t.Cleanup(func() {
		_ = exec.Command("ip", "link", "del", name).Run() // the kernel takes a namespace's end away some time after it, and the next test wants the name
		ip(t, "netns del "+name)
	})
	ip(t, "link add "+name+" type veth peer name eth0 netns "+name, "link set "+name+" master "+lanBridge+" up")
	m.ip("link set lo up", "addr add "+address+"/8 dev eth0", "link set eth0 up", "route add "+customersFrom+" via "+customersAt)
	t.Cleanup(m.off)
	return m
}

// ip is the function ip in the machine.
func (m *machine) ip(commands ...string) {
	m.t.Helper()
	cmd := exec.Command("ip", "-n", m.name, "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("ip in %s: %v\n%s\n%s", m.name, err, strings.Join(commands, "\n"), out)
	}
}

// show is what iproute2 shows of one kind of things in the machine.
func (m *machine) show(what string) string {
	out, err := exec.Command("ip", "-n", m.name, what, "show").CombinedOutput()
	if err != nil {
		m.t.Errorf("ip %s show in %s: %v\n%s", what, m.name, err, out)
	}
	return string(out)
}

// daemon is a program that the machine keeps running from now on, as that user ("" is root), with more of an environment.
func (m *machine) daemon(user string, env []string, command ...string) *front {
	m.t.Helper()
	args := append(m.enter(user), command...)
	f := newDaemon(m.t, m.dir, args[1:]...)
	f.log = filepath.Join(m.dir, filepath.Base(command[0])+".log")
	f.binary, f.env = args[0], env
	m.daemons = append(m.daemons, f)
	f.start()
	return f
}

// enter is the beginning of a command that runs in the machine. Each program replaces the one before: no process is between.
func (m *machine) enter(user string) []string {
	args := []string{"nsenter", "--net=/run/netns/" + m.name}
	if user != "" {
		args = append(args, "setpriv", "--reuid="+user, "--regid="+user, "--clear-groups")
	}
	return args
}

// processes are all that run in the machine.
func (m *machine) processes() (pids []int) {
	mine, err := os.Stat("/run/netns/" + m.name)
	if err != nil {
		return nil // it was taken away
	}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		info, err := os.Stat(filepath.Join(dir, "ns/net"))
		if err != nil || !os.SameFile(mine, info) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// signal reaches every process of the machine.
func (m *machine) signal(sig syscall.Signal) {
	for _, pid := range m.processes() {
		_ = syscall.Kill(pid, sig)
	}
}

// off takes its power away: every process ends at once. What is on its disks stays.
func (m *machine) off() {
	if !m.on {
		return
	}
	m.on = false
	for _, f := range m.daemons {
		f.abandon()
	}
	for n := 1; n > 0; n = len(m.processes()) { // one may have begun another
		m.signal(syscall.SIGKILL)
	}
}

// boot is for a machine that was off: its daemons start again.
func (m *machine) boot() {
	if m.on {
		return
	}
	m.on = true
	for _, f := range m.daemons {
		f.start()
	}
}

// freeze stops every process, as a machine that hangs or is moved does: connections stay open and nothing answers.
func (m *machine) freeze() { m.signal(syscall.SIGSTOP) }
func (m *machine) thaw()   { m.signal(syscall.SIGCONT) }

// cut loses every packet between machines of one set and of the other, both ways and without a word, also of connections
// that are there. The returned function ends it.
func cut(some, others []*machine) (join func()) {
	each := func(do func(from, to *machine) string) {
		for _, sides := range [][2][]*machine{{some, others}, {others, some}} {
			for _, from := range sides[0] {
				var commands []string
				for _, to := range sides[1] {
					commands = append(commands, do(from, to))
				}
				from.ip(commands...)
			}
		}
	}
	each(func(_, to *machine) string {
		return fmt.Sprintf("neigh replace %s lladdr %s nud permanent dev eth0", to.address, noMachineAt)
	})
	return func() {
		each(func(_, to *machine) string { return fmt.Sprintf("neigh del %s dev eth0", to.address) })
	}
}

// anyCustomer is an address that a terminal connects from.
func anyCustomer(random *rand.Rand) netip.Addr {
	n := random.Uint32()
	return netip.AddrFrom4([4]byte{10, byte(n>>16) | 0x80, byte(n >> 8), byte(n%254) + 1})
}
