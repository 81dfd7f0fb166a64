package prepare

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store"
)

// ErrRealAccounts says that the store has accounts which may be customers'.
var ErrRealAccounts = errors.New("the store has accounts already")

// Check refuses a store with accounts.
func Check(ctx context.Context, d *directory.Directory) error {
	count, err := d.Count(ctx)
	if err != nil {
		return err
	}
	if count.Accounts > 0 {
		return fmt.Errorf("%w: %d, and with them perhaps customers', whom a load test would lock out or outrun; give a test store of its own, "+
			"or say --beside-real-accounts", ErrRealAccounts, count.Accounts)
	}
	return nil
}

// Options are what Add needs beside the population.
type Options struct {
	Master   *auth.MasterKey
	Params   local.Params
	Networks []netip.Prefix // of its relays
	Progress func(rows int) // nil for no one
}

// Rows is how many rows Add writes.
func Rows(p *population.Population) int { return p.Accounts + len(p.Apps) + 2*len(p.Relays) }

// Add writes the population into the store, all or none. After any error but ErrPerhapsAdded nothing was changed.
func Add(ctx context.Context, d *directory.Directory, p *population.Population, o Options) error {
	hash, err := local.HashPassword([]byte(p.Password), o.Params)
	if err != nil {
		return err
	}
	apps, err := d.Apps(ctx)
	if err != nil {
		return err
	}
	master := o.Master.For(apps)
	a := directory.Addition{Accounts: accounts(p, hash)}
	for i := range p.Apps {
		app, err := sealed(master, p, &p.Apps[i])
		if err != nil {
			return err
		}
		a.Apps = append(a.Apps, app)
	}
	for i := range p.Relays {
		app, err := sealed(master, p, &p.Relays[i].App)
		if err != nil {
			return err
		}
		a.Apps = append(a.Apps, app)
		addRelay(&a, p, &p.Relays[i], o.Networks)
	}
	written := 0
	err = d.AddAll(ctx, a, func(rows int) {
		if written = rows; o.Progress != nil {
			o.Progress(rows)
		}
	})
	switch {
	case errors.Is(err, store.ErrExists):
		return fmt.Errorf("%w: a name of this population, which begins with %s, is there; nothing was changed. Remove the earlier population with "+
			"tradefront loadtest remove, or take another --prefix", err, p.Prefix)
	case err != nil && written >= p.Accounts+operators(p)+len(a.Apps):
		return fmt.Errorf("%w: %w", ErrPerhapsAdded, err)
	}
	return err
}

// ErrPerhapsAdded says that all was written when the transaction failed: its COMMIT may have arrived.
var ErrPerhapsAdded = errors.New("the population may be in the store")

// operators is how many accounts are those of relays' operators.
func operators(p *population.Population) (n int) {
	for i := range p.Relays {
		if p.Relays[i].Operator != "" {
			n++
		}
	}
	return n
}

func sealed(master *auth.MasterKey, p *population.Population, a *population.App) (auth.App, error) {
	app := auth.App{AppID: a.AppID, Type: a.Type, Enabled: true, Created: p.Made, Changed: p.Made}
	err := master.Rotate(&app, a.AuthCode, a.Cipher, time.Time{})
	return app, err
}

// addRelay lets a relay report for every account, and as fast as it can: what it withstands is measured.
func addRelay(a *directory.Addition, p *population.Population, r *population.Relay, networks []netip.Prefix) {
	permission := relay.NewPermission(r.AppID)
	permission.Networks, permission.Connections = networks, relay.MaxConnections
	permission.Rate, permission.Burst, permission.Window = relay.MaxRate, relay.MaxBurst, relay.MaxWindow
	permission.Created, permission.Changed = p.Made, p.Made
	if r.Operator != "" {
		permission.Operators = []regulation.Account{r.Operator}
		a.Grants = append(a.Grants, relay.Grant{AppID: r.AppID, Operator: r.Operator, Kind: relay.Prefix, Value: p.Prefix})
	}
	a.Relays = append(a.Relays, permission)
}

// accounts are those of customers, and then those of operators.
func accounts(p *population.Population, hash string) iter.Seq[local.Account] {
	return func(yield func(local.Account) bool) {
		row := local.Account{UserType: regulation.UserCustomer, PasswordHash: hash, Created: p.Made, Changed: p.Made}
		for i := range p.Accounts {
			if row.Account = p.Account(i); !yield(row) {
				return
			}
		}
		row.UserType = regulation.UserOperator
		for i := range p.Relays {
			if row.Account = p.Relays[i].Operator; row.Account != "" && !yield(row) {
				return
			}
		}
	}
}

// Remove takes the population out of the store, and counts what it found of it.
func Remove(ctx context.Context, d *directory.Directory, p *population.Population, progress func(names int)) (directory.Removed, error) {
	r := directory.Removal{Created: p.Made.UnixMicro(), Accounts: func(yield func(regulation.Account) bool) {
		for a := range accounts(p, "") {
			if !yield(a.Account) {
				return
			}
		}
	}}
	for i := range p.Apps {
		r.Apps = append(r.Apps, p.Apps[i].AppID)
	}
	for i := range p.Relays {
		r.Apps = append(r.Apps, p.Relays[i].AppID)
	}
	return d.Remove(ctx, r, progress)
}
