package corebench

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// copyTo is the variable by which this test program becomes one that copies bytes: the address that it copies to.
const copyTo = "TRADEFRONT_TEST_COPY_TO"

// copier starts a process between a client and the core that reads and writes bytes and does nothing else, as Go does it: a
// goroutine for each direction. What it adds to a round trip is the least that a Go program in the front's place can add.
func (s *stage) copier(t testing.TB) (address string) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), copyTo+"="+s.core)
	banner, _ := launch(t, c)
	return strings.TrimSpace(banner)
}

// copyBytes takes one client and returns when SIGTERM or the client ends it.
func copyBytes(core string) error {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	go func() {
		<-end
		os.Exit(0)
	}()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	client, err := l.Accept()
	if err != nil {
		return err
	}
	upper, err := net.Dial("tcp", core)
	if err != nil {
		return err
	}
	go func() { _ = pass(client, upper) }()
	if err := pass(upper, client); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	<-end // the benchmark ends this process, when it has ended the others
	return nil
}

// pass copies by read and write: io.Copy would let the kernel move the bytes, which the front cannot.
func pass(to io.Writer, from io.Reader) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return err
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return err
		}
	}
}
