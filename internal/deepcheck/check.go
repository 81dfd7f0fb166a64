package deepcheck

import (
	"context"
	"errors"
	"fmt"
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

// Result is what the check found, a sentence each.
type Result struct {
	Sound    []string // what was checked and is good
	Warnings []string
	Faults   config.Faults
}

type check struct {
	cfg    *config.Config
	master *auth.MasterKey
	Result
}

// Run checks what cfg names. cfg is without fault, and master is what its file holds.
func Run(ctx context.Context, cfg *config.Config, master *auth.MasterKey) Result {
	d := check{cfg: cfg, master: master}
	if assemble.FrontRuns(cfg.Store.Path) {
		d.warn("a front runs on this store: its addresses and its local store were left alone; ask it: tradefront front status")
	} else {
		d.addresses()
		d.local(ctx)
	}
	if cfg.Store.Driver == assemble.DriverPostgres {
		d.postgres(ctx)
	}
	return d.Result
}

func (d *check) good(format string, args ...any) {
	d.Sound = append(d.Sound, fmt.Sprintf(format, args...))
}

func (d *check) warn(text string) { d.Warnings = append(d.Warnings, text) }

func (d *check) fault(key string, err error, fix string) {
	problem := strings.ReplaceAll(err.Error(), "\n", "; ")
	d.Faults = append(d.Faults, config.Fault{Key: key, Problem: problem, Fix: fix})
}

func (d *check) addresses() {
	var faults config.Faults
	switch err := assemble.ProbeListeners(d.cfg); {
	case errors.As(err, &faults):
		d.Faults = append(d.Faults, faults...)
	case err != nil:
		d.fault("front.listeners", err, "")
	default:
		d.good("the addresses are free")
	}
}

// local checks the local store as a start does.
func (d *check) local(ctx context.Context) {
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

func (d *check) postgres(ctx context.Context) {
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

// server checks the rights and the settings of a PostgreSQL that works.
func (d *check) server(ctx context.Context, pg *postgres.Store) {
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
func (d *check) authcodes(ctx context.Context, directory *directory.Directory) {
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
