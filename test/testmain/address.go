package testmain

import "net"

// Listens reports whether a program can listen on this address here: machines without IPv6 have neither ::1 nor ::.
func Listens(host string) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}
