package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// CoreEndpoint is where a trading core listens.
type CoreEndpoint struct {
	Unix string  // the path of a Unix socket; "" for TCP
	TCP  Address // if Unix is ""
}

// CoreEndpoints are those of all cores.
type CoreEndpoints []CoreEndpoint

const (
	unixPrefix = "unix:"
	// maxUnixPath is what the kernel takes for a Unix socket, in bytes.
	maxUnixPath = 107
	// maxEndpoints bounds how many cores a front dials.
	maxEndpoints = 16
)

// String is the endpoint as it is written.
func (e CoreEndpoint) String() string {
	if e.Unix != "" {
		return unixPrefix + e.Unix
	}
	return e.TCP.String()
}

func readCoreEndpoints(written any, at place) (any, Faults) {
	var (
		all    CoreEndpoints
		faults Faults
	)
	entries := written.([]any)
	if len(entries) > maxEndpoints {
		faults.add("", fmt.Sprintf("has %d entries, at most %d are allowed", len(entries), maxEndpoints), "name the cores that take turns")
		return all, faults
	}
	for i, entry := range entries {
		e, fault := readCoreEndpoint(entry.(string), at)
		if fault.Problem == "" && slices.Contains(all, e) {
			fault.Problem = "appears twice"
		}
		if fault.Problem != "" {
			faults.add(entryKey("", i), fault.Problem, fault.Fix)
			continue
		}
		all = append(all, e)
	}
	return all, faults
}

func readCoreEndpoint(s string, at place) (e CoreEndpoint, fault Fault) {
	if path, isUnix := strings.CutPrefix(s, unixPrefix); isUnix {
		switch {
		case path == "" || strings.ContainsRune(path, 0):
			return e, Fault{Problem: "names no socket", Fix: "write unix:/run/core.sock"}
		case len(at.resolve(path)) > maxUnixPath:
			return e, Fault{Problem: fmt.Sprintf("has a path of more than %d bytes", maxUnixPath), Fix: "choose a shorter one"}
		}
		return CoreEndpoint{Unix: filepath.Clean(at.resolve(path))}, fault
	}
	address, err := parseAddress(s)
	switch {
	case err != nil:
		return e, Fault{Problem: err.Error(), Fix: "write core-a.firm:41300, or unix:/run/core.sock"}
	case address.Host == "" || address.Port == 0 || address.ip.IsUnspecified():
		return e, Fault{Problem: "names no host and port that can be dialled", Fix: "write core-a.firm:41300"}
	}
	return CoreEndpoint{TCP: address}, fault
}

// TLS reports whether the link to the endpoints that are no Unix sockets is encrypted.
func (l *Link) TLS() bool { return !l.InsecureLoopback }

func (c *Core) check(settled Faults) (faults Faults) {
	l := &c.Link
	if l.QueueLow > l.QueueBytes {
		faults.add("core.link.queue_low", fmt.Sprintf("is %d, and queue_bytes is %d", l.QueueLow, l.QueueBytes), "keep it below that")
	}
	named := len(l.Endpoints) > 0 || settled.in("core.link.endpoints") || settled.on("core.link.endpoints")
	switch {
	case c.Driver == "link" && !named:
		faults.add("core.link.endpoints", "driver link needs the address of a trading core", `write ["HOST:PORT"], or ["unix:/run/core.sock"]`)
	case c.Driver == "link":
		faults = append(faults, l.check(settled)...)
	case named && !settled.on("core.driver"):
		faults.add("core.driver", "a trading core is named, but the driver does not use it", "write driver: link, or remove core.link.endpoints")
	}
	return faults
}

// check holds the endpoints to TLS, and TLS to its files.
func (l *Link) check(settled Faults) (faults Faults) {
	remote := false
	for i, e := range l.Endpoints {
		if e.Unix != "" {
			continue
		}
		remote = true
		if l.InsecureLoopback && !e.TCP.Loopback() {
			faults.add(entryKey("core.link.endpoints", i),
				fmt.Sprintf("is %v, which insecure_loopback does not cover: passwords would cross the network in clear", e),
				"set ca_file, cert_file and key_file, and remove insecure_loopback")
		}
	}
	for _, f := range []struct {
		key  string
		file File
	}{{"core.link.ca_file", l.CAFile}, {"core.link.cert_file", l.CertFile}, {"core.link.key_file", l.KeyFile}} {
		switch given := f.file.Path != "" || settled.on(f.key); {
		case remote && l.TLS() && !given:
			faults.add(f.key, "an endpoint is no Unix socket, so the link is TLS, with a certificate on each side", "name the file; docs/core.md says how to make it")
		case given && l.InsecureLoopback:
			faults.add(f.key, "is not used with insecure_loopback", "remove one of the two")
		}
	}
	return faults
}
