package pgurl

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// URL is a URL of PostgreSQL that passed every check.
type URL struct {
	User     string
	Hosts    []Host
	Database string

	password string
	secret   bool // a password is written, here or among the parameters
	params   []param
}

// Host is one server, or the folder of a Unix socket.
type Host struct {
	Name string // a host name, an IP address, or an absolute path
	Port string // digits
}

// Socket reports whether the host is the folder of a Unix socket.
func (h Host) Socket() bool { return strings.HasPrefix(h.Name, "/") }

type param struct{ name, value string }

// Error is what is wrong with a URL and what to do. It contains nothing of the URL except the names of
// known parameters.
type Error struct{ Problem, Fix string }

func (e *Error) Error() string { return e.Problem + "; " + e.Fix }

const (
	want   = "write postgres://user:password@host:5432/database?sslmode=verify-full" //nolint:gosec // G101: a form, no password
	encode = "percent-encode in user and password: @ as %40, / as %2F, : as %3A, # as %23, ? as %3F, % as %25, a blank as %20"
)

// ambiguous is the fault of a text whose parts cannot be distinguished.
func ambiguous(problem string) error { return &Error{problem, encode} }

func refused(problem, fix string) error { return &Error{problem, fix} }

// HasPassword reports whether the URL holds a password.
func (u *URL) HasPassword() bool { return u.secret }

// Names reports whether the URL has that parameter.
func (u *URL) Names(parameter string) bool {
	for _, p := range u.params {
		if p.name == parameter {
			return true
		}
	}
	return false
}

// Param is the value of a parameter, "" without it.
func (u *URL) Param(name string) string {
	for _, p := range u.params {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// Parameters are the names of the parameters, in their order.
func (u *URL) Parameters() []string {
	names := make([]string, len(u.params))
	for i, p := range u.params {
		names[i] = p.name
	}
	return names
}

// Without is the URL without that parameter.
func (u *URL) Without(name string) *URL {
	less := *u
	less.params = slices.DeleteFunc(slices.Clone(u.params), func(p param) bool { return p.name == name })
	return &less
}

// SameButPassword reports whether both lead to the same database, as the same user, with the same parameters: all but the passwords.
func (u *URL) SameButPassword(v *URL) bool {
	a, b := u.Without("sslpassword"), v.Without("sslpassword")
	return a.User == b.User && a.Database == b.Database && slices.Equal(a.Hosts, b.Hosts) && slices.Equal(a.params, b.params)
}

// String shows database, hosts and user, without the password.
func (u *URL) String() string {
	return fmt.Sprintf("database %s on %s as %s", u.Database, u.hosts(), u.User)
}

// GoString keeps %#v from showing the password.
func (u *URL) GoString() string { return u.String() }

func (u *URL) hosts() string {
	all := make([]string, len(u.Hosts))
	for i, h := range u.Hosts {
		all[i] = h.Name
		if !h.Socket() {
			all[i] = net.JoinHostPort(h.Name, h.Port)
		}
	}
	return strings.Join(all, ",")
}

// Conn is the URL for the driver, with everything named and encoded. It holds the password.
func (u *URL) Conn() string {
	var b strings.Builder
	b.WriteString("postgres://" + escape(u.User))
	if u.password != "" {
		b.WriteString(":" + escape(u.password))
	}
	b.WriteString("@")
	for i, h := range u.Hosts {
		if i > 0 {
			b.WriteByte(',')
		}
		if strings.Contains(h.Name, ":") {
			b.WriteString("[" + h.Name + "]")
		} else {
			b.WriteString(escape(h.Name))
		}
		b.WriteString(":" + h.Port)
	}
	b.WriteString("/" + escape(u.Database))
	separator := byte('?')
	for _, p := range u.params {
		b.WriteByte(separator)
		b.WriteString(escape(p.name) + "=" + escape(p.value))
		separator = '&'
	}
	return b.String()
}

// escape percent-encodes every byte that means anything in a URL.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; strings.IndexByte(alphanumeric+"-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Secrets are the passwords that the URL holds, plain and as a URL has them, for a search: no output may have one of them.
func (u *URL) Secrets() (all []string) {
	passwords := []string{u.password, u.Param("sslpassword")}
	for _, p := range passwords {
		if p == "" {
			continue
		}
		if all = append(all, p); escape(p) != p {
			all = append(all, escape(p))
		}
	}
	return all
}
