package coresim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
)

// Run is what the command core-sim does besides flags and printing.
type Run struct {
	Options Options
	Listen  []string    // host:port, or unix:/path
	TLS     *tls.Config // nil: Listen names loopback and Unix sockets alone
	Control string      // path of a Unix socket, - for In and Out, "" for none
	In      io.Reader
	Out     io.Writer
	Started func(Listening) // is called when fronts are accepted
}

// Listening is where a core-sim is.
type Listening struct {
	CoreID   string   `json:"core_id"` // that of no trading core
	Instance string   `json:"instance"`
	Listen   []string `json:"listen"`
	Control  string   `json:"control,omitempty"`
}

// Do serves until ctx ends, and reports what was seen.
func (r *Run) Do(ctx context.Context) (*Report, error) {
	s, err := New(r.Options)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	at := Listening{CoreID: s.o.CoreID, Instance: s.Instance(), Control: r.Control}
	var listeners []net.Listener
	for _, address := range r.Listen {
		l, err := listen(address, r.TLS)
		if err != nil {
			closeAll(listeners)
			return nil, err
		}
		listeners = append(listeners, l)
		at.Listen = append(at.Listen, shownAddress(l.Addr()))
	}
	var control net.Listener
	if r.Control != "" && r.Control != "-" {
		if control, err = listenUnix(r.Control); err != nil {
			closeAll(listeners)
			return nil, err
		}
	}
	return s.serveAll(ctx, r, at, listeners, control)
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		_ = l.Close()
	}
}

// serveAll returns when ctx has ended, or a listener failed.
func (s *Server) serveAll(ctx context.Context, r *Run, at Listening, listeners []net.Listener, control net.Listener) (*Report, error) {
	failed := make(chan error, len(listeners)+1)
	var serving sync.WaitGroup
	for _, l := range listeners {
		serving.Go(func() { failed <- s.Serve(l) })
	}
	if control != nil {
		serving.Go(func() { failed <- s.ServeControl(control) })
	}
	if r.Control == "-" {
		go func() { _ = s.Control(r.In, r.Out) }() // it may stay in a read of standard input until the process ends
	}
	if r.Started != nil {
		r.Started(at)
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	report := s.Report()
	_ = s.Close()
	serving.Wait()
	return report, err
}

// listen is a listener for fronts: TLS on TCP if there are certificates, without them on loopback only.
func listen(address string, certificates *tls.Config) (net.Listener, error) {
	if path, unix := strings.CutPrefix(address, "unix:"); unix {
		return listenUnix(path)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w", address, err)
	}
	if certificates != nil {
		return tls.NewListener(l, certificates), nil
	}
	if at, err := netip.ParseAddrPort(l.Addr().String()); err != nil || !at.Addr().Unmap().IsLoopback() {
		_ = l.Close()
		return nil, fmt.Errorf("--listen %s: passwords would be in clear on the network; give --cert, --key and --client-ca, "+
			"or listen on loopback or unix:/path", address)
	}
	return l, nil
}

// listenUnix removes the socket of a process that has ended without doing so.
func listenUnix(path string) (net.Listener, error) {
	l, err := net.Listen("unix", path)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	if c, dialErr := net.Dial("unix", path); dialErr == nil {
		_ = c.Close()
		return nil, fmt.Errorf("%w: another process serves it", err)
	} else if info, statErr := os.Lstat(path); statErr != nil || info.Mode().Type() != os.ModeSocket || !errors.Is(dialErr, syscall.ECONNREFUSED) {
		return nil, err
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	return net.Listen("unix", path)
}

func shownAddress(a net.Addr) string {
	if a.Network() == "unix" {
		return "unix:" + a.String()
	}
	return a.String()
}
