package fronts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/store"
)

const (
	// reloadPatience is longer than a live upgrade takes until it succeeds or is given up.
	reloadPatience = 90 * time.Second
	// successorPatience is how long the new process may take until it answers, once the old one has ended.
	successorPatience = 30 * time.Second
	// reloadPause is between two looks.
	reloadPause = 100 * time.Millisecond
)

func newFrontReload(e *command.Env) *cobra.Command {
	var (
		path, address string
		pid           int
		form          command.Output
	)
	c := &cobra.Command{
		Use: "reload", Short: "Have the running front take over its configuration, or a new version of the program", Args: command.NoArgs,
		Long: "Have the running front take over what changed, and wait until it has: `systemctl reload` runs it. If the file\n" +
			"of the program was replaced since the front started, the front hands listeners and sessions over to a new process\n" +
			"of it (SIGUSR2, a live upgrade). Else it loads its configuration afresh (SIGHUP).\n\n" +
			"The exit status is 1 if the configuration has faults or the new process did not take over. The front then\n" +
			"goes on as before. It is 1 too if the front could not reopen its audit log, as a rotation wants. Without an admin\n" +
			"listener the outcome of SIGHUP is in the front's log alone. Who did it is in `tradefront actions list`; a database\n" +
			"that is away does not hold a reload up for longer than some seconds.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			var named []string
			if address != "" {
				named = []string{address}
			}
			admin, err := admins(e, path, named)
			if err != nil {
				return err
			}
			r := reload{pid: pid, admin: admin, patience: reloadPatience, successor: successorPatience}
			var done *reloaded
			t := command.Task{Subject: fmt.Sprintf("front %d", admin.cfg.Front.ID), Despite: true}
			err = e.Undertake(c, admin.cfg, e.Writer(admin.cfg), t, func(a *store.Action) (err error) {
				if done, err = r.run(c.Context()); err == nil {
					done.note(a)
				}
				return err
			})
			if err != nil {
				return err
			}
			return form.Print(e.Out, done, done.print)
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().IntVar(&pid, "pid", 0, "process of the running front; of a systemd unit $MAINPID")
	c.Flags().StringVar(&address, "front", "", "host:port of the front's admin listener, instead of admin.address")
	command.Must(c.MarkFlagRequired("pid"))
	return c
}

// reload of the front that is process pid.
type reload struct {
	pid       int
	admin     *adminListeners
	patience  time.Duration // for an answer of the front that is process pid
	successor time.Duration // for an answer of the process that took over
}

// reloaded is what `front reload -o json` prints.
type reloaded struct {
	PID     int    `json:"pid"`
	Signal  string `json:"signal"`
	Upgrade bool   `json:"live_upgrade"`
	Known   bool   `json:"outcome_known"` // false of SIGHUP without an admin listener: the outcome is in the front's log alone
	Before  string `json:"config_hash_before,omitempty"`
	After   string `json:"config_hash_after,omitempty"`
	// Restart are the keys that were changed and need a restart.
	Restart []string `json:"need_restart,omitempty"`
}

// note is what the reload changed, for the row of its outcome.
func (r *reloaded) note(a *store.Action) {
	a.Note("signal", "", fmt.Sprintf("%s to process %d", r.Signal, r.PID))
	if r.After != "" {
		a.Note("config_hash", r.Before, r.After)
	}
}

func (r *reloaded) print(w io.Writer) {
	switch {
	case !r.Known:
		command.Tell(w, "%s was sent; the admin listener does not answer, so look into the front's log for what came of it\n", r.Signal)
	case r.Upgrade:
		command.Tell(w, "another process of the front's program has taken over, with all sessions\n")
	case len(r.Restart) > 0:
		command.Tell(w, "the configuration was taken over; these keys were changed too, and need a restart: %s\n", strings.Join(r.Restart, ", "))
	default:
		command.Tell(w, "the configuration was taken over\n")
	}
}

func (r *reload) run(ctx context.Context) (*reloaded, error) {
	upgrade, err := programReplaced(r.pid)
	if err != nil {
		return nil, err
	}
	before, told := r.ask(ctx)
	signal, name := syscall.SIGHUP, "SIGHUP"
	if upgrade {
		signal, name = syscall.SIGUSR2, "SIGUSR2"
	}
	if err := syscall.Kill(r.pid, signal); err != nil {
		return nil, fmt.Errorf("%s to process %d: %w", name, r.pid, err)
	}
	done := &reloaded{PID: r.pid, Signal: name, Upgrade: upgrade, Known: told || upgrade, Before: before.Config}
	switch {
	case told:
		var now daemon.Status
		now, err = r.await(ctx, before.Signal.Number, upgrade)
		done.After, done.Restart = now.Config, now.Signal.Restart
	case upgrade:
		err = r.awaitUntold(ctx)
	}
	return done, err
}

// awaitUntold returns once another process is the front, without the admin listener: there is none, or the configuration names another address
// than the front has, which it refuses to hand over. Who holds the local store is the front; from one process to the other it is held
// without a gap: where no process holds it, none has taken over.
func (r *reload) awaitUntold(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	for {
		if _, err := os.Readlink(exeOf(r.pid)); err != nil {
			pid, runs := assemble.FrontPID(r.admin.cfg.Store.Path)
			switch {
			case runs && pid != r.pid:
				return nil
			case !runs:
				return fmt.Errorf("process %d has ended, and no other has taken its place; look into its log, and start the front", r.pid)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %d has not handed over within %v, and its admin listener does not answer; its log says why", r.pid, r.patience)
		case <-time.After(reloadPause):
		}
	}
}

// await returns the status of the front that serves once another process has taken over, or tells the signal's outcome.
func (r *reload) await(ctx context.Context, before uint64, upgrade bool) (daemon.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	for {
		if _, err := os.Readlink(exeOf(r.pid)); err != nil {
			if upgrade {
				return r.awaitSuccessor(ctx)
			}
			return daemon.Status{}, fmt.Errorf("process %d has ended; look into its log, and start the front", r.pid)
		}
		now, told := r.ask(ctx)
		switch {
		case !told || now.Signal.Number == before: // it is busy, or not done
		case now.Signal.Fault != "":
			return daemon.Status{}, errors.New(now.Signal.Fault)
		case !upgrade:
			return now, nil
		}
		select {
		case <-ctx.Done():
			return daemon.Status{}, fmt.Errorf("process %d has neither done it nor refused within %v; look into its log", r.pid, r.patience)
		case <-time.After(reloadPause):
		}
	}
}

// awaitSuccessor returns its status once a process has told that it took over; the old one may have crashed before
// that. A front that has no signal's outcome was started by itself, as systemd does after a crash.
func (r *reload) awaitSuccessor(ctx context.Context) (daemon.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, r.successor)
	defer cancel()
	for {
		now, told := r.ask(ctx)
		switch {
		case told && now.Signal.Number > 0:
			return now, nil
		case told && now.State == "serving":
			return daemon.Status{}, fmt.Errorf("process %d has ended before another took over, and the front was started without its sessions; "+
				"look into its log", r.pid)
		}
		select {
		case <-ctx.Done():
			return daemon.Status{}, fmt.Errorf("process %d has ended, and no other has answered in its place within %v; "+
				"look into its log, and start the front", r.pid, r.successor)
		case <-time.After(reloadPause):
		}
	}
}

// ask the front for its status; told says whether it answered.
func (r *reload) ask(ctx context.Context) (s daemon.Status, told bool) {
	err := r.admin.Ask(ctx, r.admin.addresses[0], "/status", &s)
	return s, err == nil
}

func exeOf(pid int) string { return fmt.Sprintf("/proc/%d/exe", pid) }

// programReplaced reports whether the file of the process's program is another one than it runs, as it is after a package was installed.
func programReplaced(pid int) (bool, error) {
	runs, err := os.Stat(exeOf(pid))
	if err != nil {
		return false, fmt.Errorf("process %d: %w; is it the running front, and is this its user?", pid, err)
	}
	path, err := os.Readlink(exeOf(pid))
	if err != nil {
		return false, err
	}
	there, err := os.Stat(strings.TrimSuffix(path, " (deleted)"))
	if err != nil {
		return false, fmt.Errorf("the front's program is gone: %w; install it again", err)
	}
	return !os.SameFile(runs, there), nil
}
