package inquiry

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/archive"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/explain"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

func archiveFlag(c *cobra.Command, paths *[]string) {
	c.Flags().StringArrayVar(paths, "archive", nil, "file of an archived day, once for each: its audit logs are read instead of those of the configuration")
}

// openedShelf is archives that are searched, with their audit logs in a temporary folder. A crash leaves that folder.
type openedShelf struct {
	shelf *archive.Shelf
	dir   string
	audit []string // the audit logs there
}

func openShelf(ctx context.Context, e *command.Env, paths []string) (u *openedShelf, err error) {
	u = new(openedShelf)
	if u.shelf, err = archive.OpenShelf(paths); err != nil {
		return nil, err
	}
	if u.dir, err = os.MkdirTemp("", "tradefront-archive-"); err != nil {
		return nil, errors.Join(err, u.shelf.Close())
	}
	reading := e.Progress(command.Doing("reading archives"), int64(len(paths)), "files")
	defer reading.End()
	if u.audit, err = u.shelf.UnpackAudit(ctx, u.dir); err != nil {
		return nil, errors.Join(err, u.close())
	}
	return u, nil
}

func (u *openedShelf) close() error { return errors.Join(u.shelf.Close(), os.RemoveAll(u.dir)) }

// place is a line's place in its archive, of one in the temporary folder.
func (u *openedShelf) place(where string) string { return strings.ReplaceAll(where, u.dir+"/", "") }

// shorten is place of all that was found.
func (u *openedShelf) shorten(r *explain.Result) {
	for i := range r.Visits {
		for j := range r.Visits[i].Entries {
			r.Visits[i].Entries[j].Where = u.place(r.Visits[i].Entries[j].Where)
		}
	}
	for i := range r.Warnings {
		r.Warnings[i] = u.place(r.Warnings[i])
	}
}

// archivedIn asks the ledger for the archives that have the records of a day; nil where days are not archived.
func archivedIn(r assemble.Records) func(context.Context, calendar.TradingDay) ([]string, error) {
	pg, is := r.(*postgres.Store)
	if !is {
		return nil
	}
	return func(ctx context.Context, day calendar.TradingDay) (names []string, err error) {
		all, err := pg.Archives(ctx, day)
		for i := range all {
			if s := all[i].State; s == store.ArchiveDetached || s == store.ArchiveDropped {
				names = append(names, all[i].File)
			}
		}
		return names, err
	}
}
