package collect

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// fixture has the answers of a machine that is a folder: a line each in its file "calls".
//
//	time 2026-01-05T01:00:00Z
//	hostname trader-01
//	kernel Linux 5.15.0
//	processor BFEBFBFF000906EA CPUID
//	register 00000000481FD010
//	hypervisor KVMKVMKVM
//	root
//	denied /sys/class/dmi/id/product_serial
//	link 2 enp3s0 up mac=3CECEF010203 perm=3CECEF010203 kind=bond loopback
//	address 2 192.168.1.5
//	identify /dev/sda WD-WCC4N1234567
type fixture struct {
	at        time.Time
	host      string
	release   string
	cpu       [2]string
	register  string
	vendor    string
	superuser bool
	net       []link
	serials   map[string]string
	denied    map[string]bool
}

func readFixture(root string) (*fixture, error) {
	text, err := os.ReadFile(root + "/calls")
	if err != nil {
		return nil, fmt.Errorf("collect: fixture: %w", err)
	}
	f := &fixture{denied: make(map[string]bool), serials: make(map[string]string)}
	for line := range strings.Lines(string(text)) {
		if err := f.line(strings.TrimRight(line, "\n")); err != nil {
			return nil, fmt.Errorf("collect: fixture: %q: %w", line, err)
		}
	}
	return f, nil
}

func (f *fixture) line(line string) (err error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "", "#":
	case "time":
		f.at, err = time.Parse(time.RFC3339, rest)
	case "hostname":
		f.host, err = strconv.Unquote(`"` + rest + `"`)
	case "kernel":
		f.release = rest
	case "processor":
		f.cpu[0], f.cpu[1], _ = strings.Cut(rest, " ")
	case "register":
		f.register = rest
	case "hypervisor":
		f.vendor = rest
	case "root":
		f.superuser = true
	case "denied":
		f.denied[rest] = true
	case "identify":
		device, serial, _ := strings.Cut(rest, " ")
		f.serials[device] = serial
	case "link":
		return f.link(strings.Fields(rest))
	case "address":
		return f.address(strings.Fields(rest))
	default:
		return fmt.Errorf("no such call")
	}
	return err
}

func (f *fixture) link(words []string) (err error) {
	if len(words) < 2 {
		return fmt.Errorf("want an index and a name")
	}
	l := link{name: words[1]}
	if l.index, err = strconv.Atoi(words[0]); err != nil {
		return err
	}
	for _, word := range words[2:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "up":
			l.up = true
		case "loopback":
			l.raw.loopback = true
		case "kind":
			l.raw.kind = value
		case "mac":
			l.hardware, err = hex.DecodeString(value)
		case "perm":
			l.permanent, err = hex.DecodeString(value)
		default:
			return fmt.Errorf("no such property: %s", key)
		}
		if err != nil {
			return err
		}
	}
	f.net = append(f.net, l)
	return nil
}

func (f *fixture) address(words []string) error {
	if len(words) != 2 {
		return fmt.Errorf("want an index and an address")
	}
	addr, err := netip.ParseAddr(words[1])
	if err != nil {
		return err
	}
	for i := range f.net {
		if strconv.Itoa(f.net[i].index) == words[0] {
			f.net[i].addrs = append(f.net[i].addrs, addr)
		}
	}
	return nil
}

func (f *fixture) now() time.Time                 { return f.at }
func (f *fixture) hostname() (string, error)      { return f.host, nil }
func (f *fixture) kernel() string                 { return f.release }
func (f *fixture) links() ([]link, error)         { return f.net, nil }
func (f *fixture) processor() (id, source string) { return f.cpu[0], f.cpu[1] }
func (f *fixture) mainRegister() string           { return f.register }
func (f *fixture) hypervisor() string             { return f.vendor }
func (f *fixture) root() bool                     { return f.superuser }

func (f *fixture) identify(device string) (string, error) {
	if f.denied[device] {
		return "", &fs.PathError{Op: "open", Path: device, Err: unix.EACCES}
	}
	if serial, ok := f.serials[device]; ok {
		return serial, nil
	}
	return "", fs.ErrNotExist
}
