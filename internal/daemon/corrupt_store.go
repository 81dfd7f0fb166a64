package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/repair"
)

const (
	// unreadLooks is how often a start looks at a store that its disk does not give, and unreadPause
	// the time between: a path to a disk may be away for a moment.
	unreadLooks = 3
	unreadPause = time.Second
)

// soundLocal moves a damaged store away from store.path, whole, once a second look has found damage too.
// This front is the only one on the store and has not opened it.
func (d *Daemon) soundLocal(ctx context.Context) error {
	path := d.cfg.Store.Path
	if err := localfile.FinishMove(path); err != nil {
		return fmt.Errorf("store.path: %w", err)
	}
	if err := localfile.PlayRollbackJournal(ctx, path); err != nil {
		return fmt.Errorf("store.path: %w", err)
	}
	first, err := d.look(ctx)
	if !errors.Is(first, store.ErrDamaged) {
		return wrap("store.path", err)
	}
	if err == nil {
		d.logger.Warn("local store: a first look found damage and a second did not: the disk gave something wrong once; look at its health",
			zap.NamedError("first_look", first))
	}
	if !errors.Is(err, store.ErrDamaged) {
		return wrap("store.path", err)
	}
	aside, moveErr := localfile.MoveCorrupt(path, time.Now())
	if moveErr != nil {
		return fmt.Errorf("store.path: %w: %w", err, moveErr)
	}
	d.logger.Error("the local store is damaged: the start moves it away whole, and this front starts anew; "+
		"bring its records back with: tradefront local recover -c FILE",
		zap.String("set_aside", aside.Path), zap.Error(err))
	return nil
}

// look looks for damage, twice if there seems to be some, and anew while the disk does not give the
// pages. err is what the last look said.
func (d *Daemon) look(ctx context.Context) (first, err error) {
	var whole bool
	for looks := 1; ; looks++ {
		whole, first, err = repair.CheckTwice(ctx, d.cfg.Store.Path)
		if !errors.Is(err, store.ErrUnread) || looks == unreadLooks || ctx.Err() != nil {
			break
		}
		d.logger.Warn("local store: its disk cannot be read; trying again", zap.Error(err))
		time.Sleep(unreadPause)
	}
	switch {
	case errors.Is(err, store.ErrUnread):
		err = fmt.Errorf("%w; the store is not known to be damaged, and stays where it is: see to the disk (dmesg), and start again", err)
	case err == nil && !whole:
		d.logger.Info("local store: its size let only a part of it be checked", zap.Duration("patience", repair.CheckPatience))
	case err == nil:
		err = localfile.ForgetDamage(d.cfg.Store.Path)
	}
	return first, err
}

// adopt takes over from the corrupt stores what this one has not, the newest first.
func (d *Daemon) adopt(ctx context.Context) error {
	d.localHealth.heldUp = d.path.Journal.HeldUp
	corrupt, err := localfile.ListCorrupt(d.cfg.Store.Path)
	if err != nil {
		return wrap("store.path", err)
	}
	for i := len(corrupt) - 1; i >= 0; i-- {
		did, err := repair.Adopt(ctx, d.path.Journal, corrupt[i])
		if err != nil {
			return wrap("store.path", err)
		}
		if len(did.Rows) > 0 {
			d.logger.Warn("taken over from the corrupt store",
				zap.String("set_aside", corrupt[i].Path), zap.Any("rows", did.Rows))
		}
		if missing := did.Missing(); missing != nil {
			d.logger.Error("not all of the corrupt store could be read: look at AppIDs and accounts, "+
				"and add what is missing with tradefront app add and account add",
				zap.String("set_aside", corrupt[i].Path), zap.Error(missing))
		}
	}
	return nil
}

// wrap names the key that an error is about; nil stays nil.
func wrap(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", key, err)
}
