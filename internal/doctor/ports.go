package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/files"
)

// checkAddresses tells whether each address is free, or the running front's own.
func checkAddresses(_ context.Context, s *Site, f *findings) {
	var faults config.Faults
	if err := assemble.ProbeListeners(s.Config); err != nil && !errors.As(err, &faults) {
		f.fault("front.listeners", err)
		return
	}
	if !s.runs {
		for _, fault := range faults {
			f.fault("", config.Faults{fault})
		}
		if len(f.all) == 0 {
			f.pass("the addresses are free", "监听地址都可用")
		}
		return
	}
	s.compareWithFront(faults, f)
}

// compareWithFront: of a front that runs, each address is taken, and by that front.
func (s *Site) compareWithFront(taken config.Faults, f *findings) {
	ours, err := listeningPorts(s.pid)
	if err != nil {
		f.skip("whether the addresses are those of the running front is not known: %s", "不知道这些地址是否属于正在运行的前置：%s", oneLine(err))
		return
	}
	for _, l := range s.Config.Addresses() {
		if !l.Address.Given() || l.Address.Port == 0 {
			continue
		}
		port := int(l.Address.Port)
		switch fault, isTaken := faultOf(taken, l.Key); {
		case ours[port]:
		case isTaken:
			f.fault("", config.Faults{fault})
		default:
			finding := f.warn(say("the running front does not listen on %s: the address was changed after its start", "正在运行的前置没有监听 %s：启动后修改过地址", l.Address))
			finding.Key, finding.Next = l.Key, say("restart the front, or take the change back", "重启前置，或撤销修改")
		}
	}
	if len(f.all) == 0 {
		f.pass("the addresses are those of the running front (process %d)", "监听地址属于正在运行的前置（进程 %d）", s.pid)
	}
}

func faultOf(faults config.Faults, key string) (config.Fault, bool) {
	for _, f := range faults {
		if f.Key == key {
			return f, true
		}
	}
	return config.Fault{}, false
}

// Linux tells which sockets listen, and which process has which socket.
const (
	maxSocketTable = 64 << 20 // of /proc/net/tcp, some 150 bytes a connection
	stateListen    = "0A"
)

// listeningPorts are the ports on which a process listens.
func listeningPorts(pid int) (map[int]bool, error) {
	if pid == 0 {
		return nil, errors.New("the number of its process is not known")
	}
	sockets, err := socketsOf(pid)
	if err != nil {
		return nil, err
	}
	ports := make(map[int]bool)
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := files.Read(fmt.Sprintf("/proc/%d/net/%s", pid, table), maxSocketTable)
		if absent(err) && table == "tcp6" {
			continue // a machine without IPv6
		}
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(text) {
			// As "0: 0100007F:A0F5 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 …".
			fields := strings.Fields(string(line))
			if len(fields) < 10 || fields[3] != stateListen || !sockets[fields[9]] {
				continue
			}
			_, hex, _ := strings.Cut(fields[1], ":")
			if port, err := strconv.ParseUint(hex, 16, 16); err == nil {
				ports[int(port)] = true
			}
		}
	}
	return ports, nil
}

// socketsOf are the numbers of the sockets that a process has open.
func socketsOf(pid int) (map[string]bool, error) {
	folder := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	sockets := make(map[string]bool)
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(folder, e.Name()))
		if err != nil {
			continue // closed meanwhile
		}
		if number, is := strings.CutPrefix(target, "socket:["); is {
			sockets[strings.TrimSuffix(number, "]")] = true
		}
	}
	return sockets, nil
}

func checkPortRange(_ context.Context, s *Site, f *findings) {
	f.remarks(assemble.InOutgoingRange(s.Config))
	if len(f.all) == 0 {
		f.pass("the ports are outside of the range of outgoing connections, or reserved", "端口不在外连端口范围内，或者已被保留")
	}
}
