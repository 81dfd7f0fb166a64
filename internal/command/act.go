package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/actions"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// deed is what a command changes, and the audit log that is told.
type deed struct {
	action  *store.Action
	path    string // of the audit log
	frontID int32
	despite bool // it is logged also if no database has it
}

// auditPatience bounds how long a command waits for its line of the audit log.
const auditPatience = 5 * time.Second

// Act begins an action of that command on a subject. It is written down with the change (directory.As); the audit log gets its line
// when the command ends.
func (e *Env) Act(c *cobra.Command, cfg *config.Config, subject, why string) (*store.Action, error) {
	who, err := actions.Who(e.Environ)
	if err != nil {
		return nil, err
	}
	a, err := actions.New(who, NameOf(c), subject, why)
	if err != nil {
		return nil, err
	}
	e.deeds = append(e.deeds, deed{action: a, path: cfg.AuditLog, frontID: cfg.Front.ID})
	return a, nil
}

// Task is a change that the directory's transactions do not make: of a file, a running front, the ledger.
type Task struct {
	Subject, Why string
	// despite says that it is done also if it cannot be written down: what an emergency needs, or what comes before there is a database.
	Despite bool
}

// Undertake does it between two rows of that database: that it begins, and how it ended.
func (e *Env) Undertake(c *cobra.Command, cfg *config.Config, to actions.Writer, t Task, do func(*store.Action) error) error {
	a, err := e.Act(c, cfg, t.Subject, t.Why)
	if err != nil {
		return err
	}
	var despite func(error)
	if t.Despite {
		despite = func(lost error) {
			e.deeds[len(e.deeds)-1].despite = true
			e.Warn("the database cannot be told who does this, and it is done all the same: %v", lost)
		}
	}
	u, err := actions.Undertake(c.Context(), to, a, despite, do)
	if u.Ended != nil {
		e.deeds = append(e.deeds, deed{action: u.Ended, path: cfg.AuditLog, frontID: cfg.Front.ID, despite: t.Despite})
	}
	if u.Unwritten != nil {
		e.Warn("the database has that `%s` began, and could not be told how it ended: %v", a.Command, u.Unwritten)
	}
	return err
}

// UndertakeIn is Undertake with the rows in db.
func (e *Env) UndertakeIn(c *cobra.Command, cfg *config.Config, db *sqlrows.Tables, t Task, do func(*store.Action) error) error {
	return e.Undertake(c, cfg, actions.To(db), t, do)
}

// Note writes one action of what is done already and changes nothing here: a copy that was made, a schema that is there now. Without it the
// command has done its work, and warns.
func (e *Env) Note(c *cobra.Command, cfg *config.Config, to actions.Writer, t Task, changes func(*store.Action)) {
	a, err := e.Act(c, cfg, t.Subject, t.Why)
	if err == nil {
		changes(a)
		err = to(c.Context(), a)
	}
	if err != nil {
		e.Warn("`%s` is done; the database could not be told who did it: %v", NameOf(c), err)
	}
}

// LocalWriter writes into the local store of this machine, which is opened for each row.
func (e *Env) LocalWriter(cfg *config.Config) actions.Writer {
	return func(ctx context.Context, a *store.Action) error {
		return writeTo(ctx, a, func() (assemble.Records, error) { return assemble.OpenLocal(ctx, cfg) })
	}
}

// Writer writes where the firm's actions are: in PostgreSQL, and while that is away in the local store of this machine, if it has one. It
// opens and closes a store for each, so that do may open the same one. An operator who looks for the action elsewhere is told where it is.
func (e *Env) Writer(cfg *config.Config) actions.Writer {
	told := false
	return func(ctx context.Context, a *store.Action) error {
		if cfg.Store.Driver != assemble.DriverPostgres {
			return writeLocal(ctx, cfg, a)
		}
		err := writeTo(ctx, a, func() (assemble.Records, error) { return assemble.OpenPostgres(ctx, cfg) })
		if err == nil {
			return nil
		}
		if writeLocal(ctx, cfg, a) != nil {
			return err
		}
		if !told {
			told = true
			e.Warn("who does this is in the local store of this machine, where `tradefront actions list` finds it: PostgreSQL could not be told: %v", err)
		}
		return nil
	}
}

// HasStore says that there is a database, or should be. A firm that begins has none yet.
func HasStore(cfg *config.Config) bool {
	_, err := os.Stat(cfg.Store.Path)
	return cfg.Store.Driver == assemble.DriverPostgres || err == nil
}

// writeLocal writes into the local store that is there. It makes none: that would belong to the user of the command, and the front could not
// open it. It migrates none: a front of the version before may run on it, and could neither start again nor hand over.
func writeLocal(ctx context.Context, cfg *config.Config, a *store.Action) error {
	if _, err := os.Stat(cfg.Store.Path); err != nil {
		return err
	}
	if err := localfile.SameSchema(ctx, cfg.Store.Path); err != nil {
		return fmt.Errorf("store.path: %s: %w", cfg.Store.Path, err)
	}
	return writeTo(ctx, a, func() (assemble.Records, error) { return assemble.OpenLocal(ctx, cfg) })
}

func writeTo(ctx context.Context, a *store.Action, open func() (assemble.Records, error)) error {
	r, err := open()
	if err != nil {
		return err
	}
	return errors.Join(actions.Write(ctx, r.Tables(), a), r.Close())
}

// WhyFlag is of commands whose reason an operator may be asked for later.
func WhyFlag(c *cobra.Command, why *string) {
	c.Flags().StringVar(why, "why", "", "why; it is kept with the change, see tradefront actions list")
}

// logDeeds adds a line to the audit log of each action that the store has. It ends in time also if the command was interrupted.
func (e *Env) logDeeds(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditPatience)
	defer cancel()
	for _, d := range e.deeds {
		if !d.action.Written && !d.despite {
			continue
		}
		if err := actions.Log(ctx, d.path, d.frontID, d.action); err != nil {
			e.Warn("`%s` is done; the audit log of this machine has no line of who did it: %v", d.action.Command, err)
		}
	}
	e.deeds = nil
}
