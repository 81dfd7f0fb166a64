package fronts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/store"
)

// adminListeners are those that a command asks, and how.
type adminListeners struct {
	ops.Access
	cfg       *config.Config
	addresses []string
	// unknown says which fronts cannot be asked; nil if all can.
	unknown error
}

// admins are the listeners that are named, or that of the configuration.
func admins(e *command.Env, path string, named []string) (*adminListeners, error) {
	cfg, err := config.Load(path, e.Environ)
	if err != nil {
		return nil, err
	}
	if len(named) == 0 {
		named = []string{cfg.Admin.Address.String()}
	}
	access, err := assemble.AdminAccess(&cfg.Admin)
	return &adminListeners{Access: access, cfg: cfg, addresses: named}, err
}

// everyAdmin are the listeners that are named, by host:port or FrontID, or those of all fronts of the firm by their last heartbeats. With
// the embedded store there is one front. A front whose listener cannot be told is in unknown, and the others are asked all the same.
func everyAdmin(ctx context.Context, e *command.Env, path string, named []string) (*adminListeners, error) {
	a, err := admins(e, path, named)
	if err != nil || a.cfg.Store.Driver != assemble.DriverPostgres || len(named) > 0 && !anyFrontID(named) {
		return a, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("this machine's name: %w", err)
	}
	fronts, err := readFronts(ctx, e, path)
	if err != nil {
		if len(named) > 0 {
			return nil, err
		}
		a.unknown = fmt.Errorf("PostgreSQL cannot say which fronts there are, so the front of this machine alone was asked; --front names others: %w", err)
		return a, nil
	}
	if len(named) == 0 {
		a.takeAll(fronts, host)
		return a, nil
	}
	return a, a.resolve(named, fronts, host)
}

// oneAdmin is the one listener that is named, or that of the configuration.
func oneAdmin(ctx context.Context, e *command.Env, path string, named []string) (*adminListeners, error) {
	switch len(named) {
	case 0:
		return admins(e, path, nil)
	case 1:
		return everyAdmin(ctx, e, path, named)
	}
	return nil, errors.New("it is about one front: name one --front")
}

func anyFrontID(named []string) bool {
	for _, s := range named {
		if _, err := strconv.ParseInt(s, 10, 32); err == nil {
			return true
		}
	}
	return false
}

// takeAll takes the listeners of all fronts that may have sessions. If none ever reported, this machine's remains.
func (a *adminListeners) takeAll(fronts []store.Front, host string) {
	var addresses []string
	var unknown error
	known := make(map[string]bool)
	for i := range fronts {
		if !mayServe(&fronts[i]) {
			continue
		}
		address, err := adminOf(&fronts[i], host)
		if unknown = errors.Join(unknown, err); err == nil && !known[address] {
			known[address] = true
			addresses = append(addresses, address)
		}
	}
	if len(addresses) > 0 || unknown != nil {
		a.addresses, a.unknown = addresses, unknown
	}
}

// resolve puts the listener of a front in the place of its FrontID.
func (a *adminListeners) resolve(named []string, fronts []store.Front, host string) error {
	a.addresses = nil
	for _, name := range named {
		id, err := strconv.ParseInt(name, 10, 32)
		if err != nil {
			a.addresses = append(a.addresses, name)
			continue
		}
		found := false
		for i := range fronts {
			if f := &fronts[i]; int64(f.FrontID) == id && mayServe(f) {
				address, err := adminOf(f, host)
				if err != nil {
					return err
				}
				a.addresses, found = append(a.addresses, address), true
			}
		}
		if !found {
			return fmt.Errorf("PostgreSQL knows no running front %d: see `tradefront front list`", id)
		}
	}
	return nil
}

// mayServe says whether a front may have sessions, by its last heartbeat. One whose heartbeats are missing may: PostgreSQL may be
// out of its reach.
func mayServe(f *store.Front) bool {
	return !f.Stopped && f.Retired.IsZero() && (f.Alive() || !f.OtherLife)
}

// adminOf is where the admin listener of a front is reached from the machine of that name.
func adminOf(f *store.Front, here string) (string, error) {
	problem := func(format string, args ...any) (string, error) {
		return "", fmt.Errorf("front %d on host %s was not asked: %s", f.FrontID, f.Host, fmt.Sprintf(format, args...))
	}
	if f.AdminAddress == "" {
		return problem("it reports no admin listener: its admin.address is empty, or its program is older; --front host:port names it")
	}
	host, port, err := net.SplitHostPort(f.AdminAddress)
	if err != nil {
		return problem("it reports the admin listener %q, which is no host:port", f.AdminAddress)
	}
	ip, _ := netip.ParseAddr(host)
	switch {
	case f.Host == here:
		return f.AdminAddress, nil
	case host == "localhost" || ip.IsLoopback():
		return problem("its admin listener is on %s, which other machines cannot reach: run this there, or give it an admin.address "+
			"that they reach, with a password", f.AdminAddress)
	case host == "" || ip.IsUnspecified():
		return net.JoinHostPort(f.Host, port), nil
	}
	return f.AdminAddress, nil
}

// answered is what one front said.
type answered struct {
	address  string
	sessions []daemon.Session
	err      error
}

// ask asks each front for its sessions, all at the same time.
func (a *adminListeners) ask(ctx context.Context, full bool) []answered {
	page := "/sessions"
	if full {
		page = "/sessions/full"
	}
	all := make([]answered, len(a.addresses))
	var asking sync.WaitGroup
	for i, address := range a.addresses {
		asking.Go(func() {
			one := &all[i]
			one.address = address
			if err := a.Ask(ctx, address, page, &one.sessions); err != nil {
				one.err = askError(address, err)
			}
		})
	}
	asking.Wait()
	return all
}

// sessions are those of all fronts. Of several the ones that answered are there, and the others are the error.
func (a *adminListeners) sessions(ctx context.Context, full bool) (all []daemon.Session, err error) {
	for _, one := range a.ask(ctx, full) {
		all, err = append(all, one.sessions...), errors.Join(err, one.err)
	}
	return all, errors.Join(err, a.unknown)
}

func askError(address string, err error) error {
	return fmt.Errorf("ask the front at %q: %w; is it running, and is that its admin.address? --front names another", address, err)
}
