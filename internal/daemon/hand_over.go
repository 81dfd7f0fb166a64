package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/handover"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// A live upgrade (SIGUSR2): this process starts the program that its file holds now, gives it listeners and sessions, and ends.
// docs/design.md, "Live upgrade", says why that is safe.
//
// Until the new process is prepared, this one keeps all that it has, and Release undoes everything: after any fault it goes on.
// If we crash in here, the new process either has everything and serves, or ends.

const (
	// launchPatience is how long the new process may take until it is ready, while this one serves.
	launchPatience = time.Minute
	// holdPatience is how long terminals are left unread until the logins and requests that are under way are answered.
	holdPatience = 3 * time.Second
	// givePatience bounds what follows while no process serves: images are given, and taken in.
	givePatience = 10 * time.Second
	// leavePatience is how long the old process may take to end.
	leavePatience = time.Second
)

// errHandedOver says that another process has the front.
var errHandedOver = errors.New("handed over")

// catchUpgrades keeps SIGUSR2 from ending the process, from now until release.
func catchUpgrades() (upgrades <-chan os.Signal, release func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR2)
	return c, func() { signal.Stop(c) }
}

// upgrade hands over to a new process of this program, and returns errHandedOver, after which this process must end at once; or
// why not, and then this one serves on.
func (d *Daemon) upgrade(ctx context.Context) error {
	began := time.Now()
	path, err := os.Executable()
	if err != nil {
		return err
	}
	d.logger.Info("SIGUSR2: a new process of this program is started, to take this one's place", zap.String("program", path))
	to, err := handover.Launch(path, os.Args[1:])
	if err != nil {
		return err
	}
	ready, cancel := context.WithTimeout(ctx, launchPatience)
	defer cancel()
	if err := to.AwaitReady(ready); err != nil {
		to.Abort()
		return err
	}
	crashPoint("ready")
	held := time.Now()
	err = d.give(ctx, to)
	if err == nil {
		d.logger.Info("SIGUSR2: the new process has everything, this one ends", zap.Int("pid", to.PID()),
			zap.Duration("started_in", held.Sub(began)), zap.Duration("held_for", time.Since(held)))
		d.leave(to.PID())
		return errHandedOver
	}
	to.Abort() // first: this one serves again only once the other cannot
	if d.path.Link != nil {
		d.path.Link.Release()
	}
	d.front.Release()
	return err
}

// give stops what this process does for terminals and gives it all to the new one, which is then prepared.
func (d *Daemon) give(ctx context.Context, to *handover.Giver) error {
	hold, cancel := context.WithTimeout(ctx, holdPatience)
	defer cancel()
	if err := d.front.Hold(hold); err != nil {
		return err
	}
	crashPoint("held")
	if d.path.Link != nil {
		if err := d.path.Link.Hold(hold); err != nil {
			return err
		}
	}
	rest, cancel := context.WithTimeout(ctx, givePatience)
	defer cancel()
	parked, err := d.front.Park(rest)
	if err != nil {
		return err
	}
	if d.path.Link != nil {
		if err := d.path.Link.Settled(); err != nil {
			return err
		}
	}
	crashPoint("parked")
	image, fds, err := d.handOut(parked)
	if err != nil {
		return err
	}
	if err := to.Give(rest, image, fds); err != nil {
		return err
	}
	crashPoint("given")
	return to.AwaitPrepared(rest)
}

// handOut is what the new process gets: the image, and the descriptors in the order that handed says, which stay this process's own.
func (d *Daemon) handOut(parked *front.Handover) (*handed, []int, error) {
	h := &handed{
		Form: handedForm, Version: d.build.Version, FrontID: d.cfg.Front.ID, Store: localfile.RealPath(d.cfg.Store.Path),
		Admin: d.admin != nil, Health: d.balancers != nil, LastID: parked.LastID,
	}
	for _, l := range assemble.FrontListeners(d.cfg) {
		h.Listeners = append(h.Listeners, l.Address)
	}
	var sockets []net.Listener
	for _, l := range parked.Listeners {
		sockets = append(sockets, l)
	}
	fds, err := descriptors(sockets)
	fds = append(fds, int(d.sole.Fd()))
	var others []net.Listener
	if h.Admin {
		others = append(others, d.admin.Listener())
	}
	if h.Health {
		others = append(others, d.balancers.Listener())
	}
	more, err2 := descriptors(others)
	fds = append(fds, more...)
	for i := range parked.Moved {
		h.Connections = append(h.Connections, parked.Moved[i].Image)
		fds = append(fds, parked.Moved[i].FD)
	}
	if d.path.Link != nil {
		sessions := d.path.Link.Image()
		h.Link = &sessions
	}
	if d.online != nil {
		h.setOnlineKeys(d.online.Keys())
	}
	return h, fds, errors.Join(err, err2)
}

// descriptors are those of listeners, which keep them.
func descriptors(listeners []net.Listener) (fds []int, err error) {
	for _, l := range listeners {
		raw, err := l.(*net.TCPListener).SyscallConn()
		if err == nil {
			err = raw.Control(func(fd uintptr) { fds = append(fds, int(fd)) })
		}
		if err != nil {
			return nil, fmt.Errorf("handover: listener %v: %w", l.Addr(), err)
		}
	}
	return fds, nil
}

// leave writes what this process alone has, and no longer than leavePatience: the new process serves once this one has ended.
// What is not written is what a crash would leave, and of that records are no part.
func (d *Daemon) leave(successor int) {
	tellSystemd("MAINPID=" + strconv.Itoa(successor)) // the service's process from now on
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), leavePatience)
		defer cancel()
		d.end() // watchers, and the heartbeat among them
		if err := d.path.Audit.Close(ctx); err != nil {
			d.logger.Error("the audit log is not whole", zap.Error(err))
		}
		if d.path.Forwarder != nil {
			d.path.Forwarder.Close()
		}
		if d.path.Verifiers != nil {
			_ = d.path.Verifiers.Flush(ctx) // what is not written costs argon2
		}
		if err := d.path.Journal.Close(); err != nil {
			d.logger.Error("the local store was not closed; the new process has it open", zap.Error(err))
		}
	}()
	select {
	case <-done:
	case <-time.After(leavePatience):
	}
	crashPoint("leaving")
}

// crashPoint kills this process at a step that a test names.
func crashPoint(step string) {
	if os.Getenv("TRADEFRONT_TEST_CRASH_AT") == step {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Hour) // it arrives before that
	}
}
