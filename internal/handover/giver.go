package handover

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// variable tells the taker which descriptor is its end. It does not begin with TRADEFRONT_, whose variables are keys.
const variable = "FRONT_HANDOVER_FD"

// inheritedFD is the first that exec.Cmd gives behind standard input, output and error.
const inheritedFD = 3

// endPatience bounds how long the end of a process is waited for that has closed its end of the talk.
const endPatience = time.Second

// Giver is the process that hands over. Make it with Launch, and end it with Abort, or by ending the process.
type Giver struct {
	conn   *net.UnixConn
	cmd    *exec.Cmd
	exited chan struct{} // closed once the taker has ended
	err    error         // how; after exited

	patience time.Duration // endPatience; a test's is longer
}

// Launch starts the program at path with these arguments, this process's environment and its standard output and error. It is
// to call Inherited.
func Launch(path string, args []string) (*Giver, error) {
	fds, err := socketpair()
	if err != nil {
		return nil, fmt.Errorf("handover: %w", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "taker")
	defer theirs.Close()
	conn, err := connOf(os.NewFile(uintptr(fds[0]), "giver"))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...) //nolint:gosec // G204: our own program, as it was started
	cmd.Env = append(environment(), variable+"="+strconv.Itoa(inheritedFD))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{theirs}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("handover: start %s: %w", path, err), conn.Close())
	}
	g := &Giver{conn: conn, cmd: cmd, exited: make(chan struct{}), patience: endPatience}
	go func() {
		defer close(g.exited)
		g.err = cmd.Wait()
	}()
	return g, nil
}

// environment is ours without the process that systemd's watchdog is for: that is the taker then.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "WATCHDOG_PID=") })
}

// socketpair is one that no other program inherits.
func socketpair() (fds [2]int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if fds, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	return fds, err
}

// connOf makes a connection of one end, and takes it over.
func connOf(f *os.File) (*net.UnixConn, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("handover: %w", err)
	}
	u, is := c.(*net.UnixConn)
	if !is {
		return nil, errors.Join(errUnexpected, c.Close())
	}
	return u, nil
}

// PID is the taker's.
func (g *Giver) PID() int { return g.cmd.Process.Pid }

// AwaitReady returns once the taker can take, or with what keeps it from that.
func (g *Giver) AwaitReady(ctx context.Context) error { return g.await(ctx, kindReady) }

// AwaitPrepared returns once the taker can serve as soon as this process has ended, or with what keeps it from that.
func (g *Giver) AwaitPrepared(ctx context.Context) error { return g.await(ctx, kindPrepared) }

func (g *Giver) await(ctx context.Context, kind byte) error {
	defer within(ctx, g.conn)()
	_, err := receive(g.conn, kind)
	return g.why(ctx, err)
}

// why says of a fault that the taker has ended, or that ctx has.
func (g *Giver) why(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("handover: the new process takes too long: %w", ctx.Err())
	case brokenOff(err) && g.hasEnded(ctx):
		return fmt.Errorf("handover: the new process ended (%s) before it could tell why; if the front's log has no line of it, try the program: %s version",
			g.how(), g.cmd.Path)
	}
	return fmt.Errorf("handover: %w", err)
}

// brokenOff reports whether the other end of the talk is closed: the error tells nothing else.
func brokenOff(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// hasEnded waits for the end of a taker that has closed its end of the talk, which the kernel does a moment before it tells of the end.
func (g *Giver) hasEnded(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, g.patience)
	defer cancel()
	select {
	case <-g.exited:
		return true
	case <-ctx.Done():
		return false
	}
}

// how the taker ended, as "exit status 1" or "signal: killed".
func (g *Giver) how() string {
	if g.err == nil {
		return "exit status 0"
	}
	return g.err.Error()
}

// Give sends the image as JSON, and the descriptors, which stay open here.
func (g *Giver) Give(ctx context.Context, image any, fds []int) error {
	data, err := json.Marshal(image)
	if err != nil {
		return fmt.Errorf("handover: %w", err)
	}
	defer within(ctx, g.conn)()
	data = append(binary.BigEndian.AppendUint32(nil, uint32(len(fds))), data...)
	if err = send(g.conn, kindImage, data); err == nil {
		err = sendFDs(g.conn, fds)
	}
	return g.why(ctx, err)
}

// Abort kills the taker and returns once it has ended: nothing of it can serve any more.
func (g *Giver) Abort() {
	_ = g.cmd.Process.Kill() // it may have ended
	<-g.exited
	_ = g.conn.Close()
}
