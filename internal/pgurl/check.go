package pgurl

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// parameterName is what a connection parameter or a setting of the server is called.
var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// refusedParameter is the fault of a parameter that would break what the store relies on, or
// lead to a database that the URL does not name; nil for any other.
func refusedParameter(name, value string) error {
	switch strings.ToLower(name) {
	case "default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity":
		return refused("has "+name+", with which only half of a front works",
			"remove it; a pooler between must pool by session (pool_mode = session)")
	case "service", "servicefile":
		return refused("has "+name+", and a service file can name another database", "remove it, and write host, user and database")
	case "hostaddr":
		return refused("has hostaddr, which the driver does not know", "write the address in the place of the host")
	case "target_session_attrs":
		if value == "read-only" || value == "standby" || value == "prefer-standby" {
			return refused("has a target_session_attrs that asks for a server that cannot be written to", "remove it: the server that can be is found")
		}
	case "client_encoding":
		if enc := strings.ToUpper(strings.ReplaceAll(value, "-", "")); enc != "UTF8" {
			return refused("has a client_encoding other than UTF8, and what is sent is UTF-8", "remove it")
		}
	}
	return nil
}

// check holds the parts to the characters of such names. Parts that pass may be printed.
func (u *URL) check() error {
	for _, h := range u.Hosts {
		if err := h.check(); err != nil {
			return err
		}
	}
	switch {
	case u.User == "":
		return refused("names no user: the driver would take the operating system's", want)
	case !consistsOf(u.User, "_-.$@+"):
		return ambiguous("its user's name holds other characters than letters, digits, _ - . $ @ and +")
	case u.Database == "":
		return refused("names no database: the driver would take another", want)
	case !consistsOf(u.Database, "_-.$+ "):
		return ambiguous("its database's name holds other characters than letters, digits, blanks, _ - . $ and +")
	}
	return nil
}

func (h Host) check() error {
	switch {
	case h.Name == "":
		return refused("names no host: the driver would take this machine's socket",
			"write the host, or for a socket its folder: postgres://user@/database?host=/run/postgresql")
	case !h.plausible():
		return ambiguous("its host is neither a host name, an IP address, nor the folder of a socket")
	}
	if n, err := strconv.ParseUint(h.Port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != h.Port {
		return ambiguous("its port is not a number from 1 to 65535")
	}
	return nil
}

func (h Host) plausible() bool {
	if h.Socket() {
		return strings.Trim(h.Name, alphanumeric+"/_-.") == ""
	}
	if _, err := netip.ParseAddr(h.Name); err == nil {
		return true
	}
	// Of digits and dots alone it would be a broken address, and may be half of a password.
	return len(h.Name) <= 253 && strings.Trim(h.Name, alphanumeric+"-_.") == "" && strings.Trim(h.Name, "0123456789.") != ""
}

func consistsOf(s, marks string) bool {
	for _, r := range s {
		if r == unicode.ReplacementChar || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(marks, r) {
			return false
		}
	}
	return true
}
