package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/repair"
)

// notChecked is what `config check` says that it leaves out.
const notChecked = "not checked: whether PostgreSQL answers and has the schema and the rights, whether the master key opens the AppIDs' " +
	"authcodes, whether the local store is sound, whether the addresses are free; --deep checks them"

// deepCheck looks at what a configuration names and plain check cannot see. It changes nothing, but
// that a local store of an older version is brought up to date, as by every command. It may run beside
// a front: what that one holds is then left to its /readyz.
type deepCheck struct {
	cfg    *config.Config
	master *auth.MasterKey

	looked   []string // what was looked at and is good
	warnings []string
	faults   config.Faults
}

func (d *deepCheck) run(ctx context.Context) error {
	if assemble.FrontRuns(d.cfg.Store.Path) {
		d.warn("a front runs on this store: its addresses and its local store were left alone; ask it: tradefront front status")
	} else {
		d.addresses()
		d.local(ctx)
	}
	if d.cfg.Store.Driver == assemble.DriverPostgres {
		d.postgres(ctx)
	}
	return d.faults.Err()
}

func (d *deepCheck) good(format string, args ...any) {
	d.looked = append(d.looked, fmt.Sprintf(format, args...))
}

func (d *deepCheck) warn(text string) { d.warnings = append(d.warnings, text) }

func (d *deepCheck) fault(key string, err error, fix string) {
	problem := strings.ReplaceAll(err.Error(), "\n", "; ")
	d.faults = append(d.faults, config.Fault{Key: key, Problem: problem, Fix: fix})
}

func (d *deepCheck) addresses() {
	var faults config.Faults
	switch err := assemble.ProbeListeners(d.cfg); {
	case errors.As(err, &faults):
		d.faults = append(d.faults, faults...)
	case err != nil:
		d.fault("front.listeners", err, "")
	default:
		d.good("the addresses are free")
	}
}

// local looks at the local store as a start does. One that is not there is made by the first start.
func (d *deepCheck) local(ctx context.Context) {
	path := d.cfg.Store.Path
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		d.good("the local store %s is not there yet; the first start makes it", path)
		return
	}
	if _, err := repair.Check(ctx, path); err != nil {
		d.fault("store.path", err, "see: tradefront local inspect")
		return
	}
	d.good("the local store %s is sound", path)
	if d.cfg.Store.Driver == assemble.DriverPostgres {
		return
	}
	local, err := assemble.OpenLocal(ctx, d.cfg)
	if err != nil {
		d.fault("store.path", err, "")
		return
	}
	defer local.Close()
	d.authcodes(ctx, directory.New(local.Tables()))
}

func (d *deepCheck) postgres(ctx context.Context) {
	pg, err := assemble.OpenPostgres(ctx, d.cfg)
	if err != nil {
		d.fault(d.cfg.Store.URLKey(), err, "")
		return
	}
	defer pg.Close()
	d.good("PostgreSQL answers, and its schema is that of this program")
	d.authcodes(ctx, directory.New(pg.Tables()))
	d.server(ctx, pg)
}

// server adds what of PostgreSQL works and should be looked at.
func (d *deepCheck) server(ctx context.Context, pg *postgres.Store) {
	rights, err := pg.CheckRights(ctx)
	if err != nil {
		d.warn("the rights of the roles could not be checked: " + err.Error())
	}
	const granting = "run deploy/sql/roles.sql once more, as a superuser"
	for _, r := range rights.TooMuch {
		d.warn(r + "; " + granting)
	}
	if n := len(rights.Lacking); n > 0 {
		d.fault("store.url", fmt.Errorf("the roles lack %d rights, the first: %s", n, rights.Lacking[0]), granting)
	}
	findings, err := pg.Inspect(ctx)
	if err != nil {
		d.warn("the settings of PostgreSQL could not be read: " + err.Error())
	}
	for i := range findings {
		d.warn(findings[i].String())
	}
	extras, err := pg.Extras(ctx)
	if err != nil {
		d.warn("what is on the tables beside tradefront's own could not be read: " + err.Error())
	}
	for _, text := range extras {
		d.warn(text)
	}
}

// authcodes tries the master key on every AppID.
func (d *deepCheck) authcodes(ctx context.Context, directory *directory.Directory) {
	apps, err := directory.Apps(ctx)
	if err != nil {
		d.fault("auth.master_key_file", fmt.Errorf("could not be tried, since the AppIDs cannot be read: %w", err), "")
		return
	}
	if lost := d.master.Unopened(apps, time.Now()); len(lost) > 0 {
		d.fault("auth.master_key_file", fmt.Errorf("does not open the authcodes of %d of %d AppIDs (%s)", len(lost), len(apps), assemble.SomeOf(lost)),
			"name the file that sealed them; tradefront masterkey list shows fingerprints")
		return
	}
	d.good("the master key opens the authcodes of all AppIDs (%d)", len(apps))
}

func (d *deepCheck) print(w io.Writer) {
	for _, text := range d.looked {
		fmt.Fprintln(w, "checked:", text)
	}
	for _, text := range d.warnings {
		fmt.Fprintln(w, "warning:", text)
	}
}
