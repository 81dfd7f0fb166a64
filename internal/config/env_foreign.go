package config

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Variables that begin with TRADEFRONT_ and are other programs': Kubernetes gives each
// container of a namespace in which a service tradefront (or tradefront-a) is such ones, and
// configs/haproxy.cfg has its own. Only what has their exact shape, value included, is passed
// over: any other name may be a setting that was misspelt.
var foreignForms = sync.OnceValue(func() (f struct{ serviceLink, serviceURL, balancer, backend *regexp.Regexp }) {
	f.serviceLink = regexp.MustCompile(`^TRADEFRONT_(?:[A-Z0-9_]+_)??(?:` +
		`(SERVICE_HOST)|(SERVICE_PORT(?:_[A-Z0-9_]+)?)|(PORT(?:_[0-9]+_(?:TCP|UDP|SCTP))?)|` +
		`PORT_[0-9]+_(?:TCP|UDP|SCTP)_(?:(PROTO)|(PORT)|(ADDR)))$`)
	f.serviceURL = regexp.MustCompile(`^(tcp|udp|sctp)://(.+)$`)
	f.balancer = regexp.MustCompile(`^TRADEFRONT_(BIND(_TLS)?|CERT|MAXCONN|SOCKET|USER)$`)
	f.backend = regexp.MustCompile(`^TRADEFRONT_[A-Z](_TLS|_HEALTH)?=.*:[0-9]+$`)
	return f
})

// foreign reports whether a variable that is no key's is another program's.
func foreign(name, value string) bool {
	if !strings.HasPrefix(name, "TRADEFRONT_") { // most starts have none, and compile no form
		return false
	}
	f := foreignForms()
	if f.balancer.MatchString(name) || f.backend.MatchString(name+"="+value) {
		return true
	}
	m := f.serviceLink.FindStringSubmatch(name)
	switch {
	case m == nil:
		return false
	case m[1] != "" || m[6] != "":
		_, err := netip.ParseAddr(value)
		return err == nil
	case m[2] != "" || m[5] != "":
		return isPort(value)
	case m[3] != "":
		u := f.serviceURL.FindStringSubmatch(value)
		if u == nil {
			return false
		}
		_, err := netip.ParseAddrPort(u[2])
		return err == nil
	}
	return slices.Contains([]string{"tcp", "udp", "sctp"}, value)
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// Ignored is one sentence that names the variables of env that are other programs' and were
// passed over; "" if there is none.
func Ignored(env []string) string {
	known := variables(schema())
	var names []string
	for _, line := range env {
		name, value, _ := strings.Cut(line, "=")
		if _, ours := known[name]; !ours && foreign(name, value) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	const few = 3
	more := ""
	if len(names) > few {
		more = " and " + strconv.Itoa(len(names)-few) + " more"
		names = names[:few]
	}
	return "the environment has variables that are no configuration of a front, and are ignored: " + strings.Join(names, ", ") + more +
		" (Kubernetes' service links, which enableServiceLinks: false takes away; haproxy.cfg's own)"
}
