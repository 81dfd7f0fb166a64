package recovery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/repair"
)

// File is what became of a damaged store, as `local recover -o json` prints it.
type File struct {
	File string `json:"file"`
	Now  string `json:"now"`  // its name from now on
	Loss bool   `json:"loss"` // of it something is known that could not be brought back
	repair.Recovered
}

// Options are what an operator decided.
type Options struct {
	AcceptLoss bool         // reports need not wait for what cannot be brought back
	Waiver     store.Waiver // that is written then, for each store with the time of its recovery
	// Progress begins to show the work on a store; set takes how many rows were read.
	Progress func(path string) (set func(int64), end func())
}

// Corrupt are all corrupt stores of a front, or the one that is named.
func Corrupt(cfg *config.Config, args []string) ([]localfile.CorruptStore, error) {
	if len(args) == 0 {
		return localfile.ListCorrupt(cfg.Store.Path)
	}
	same, err := InUse(cfg, args[0])
	if err != nil {
		return nil, err
	}
	if same {
		return nil, fmt.Errorf("%s is the store in use: only a corrupt store can be recovered", args[0])
	}
	return []localfile.CorruptStore{{Path: args[0]}}, nil
}

// InUse reports whether the file is store.path itself, by any name. It must not be
// opened otherwise than by SQLite then.
func InUse(cfg *config.Config, file string) (bool, error) {
	info, err := os.Stat(file)
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() { // a pipe would keep us waiting
		return false, fmt.Errorf("%s is not a regular file", file)
	}
	used, err := os.Stat(cfg.Store.Path)
	return err == nil && os.SameFile(info, used), nil
}

// Recover brings the records of the stores back, one store after the other. A store that was read whole, or
// whose loss is accepted, gets another name; of the rest an error says what to do. What was brought back
// before an error stays.
func Recover(ctx context.Context, cfg *config.Config, stores []localfile.CorruptStore, opt Options) (done []File, err error) {
	done = []File{}
	if len(stores) == 0 {
		return done, nil
	}
	local, err := assemble.OpenLocal(ctx, cfg)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, local.Close()) }()
	for _, a := range stores {
		f, err := recoverOne(ctx, cfg, local, a, opt)
		if err != nil {
			return done, err
		}
		done = append(done, f)
	}
	return done, unaccepted(done, opt.AcceptLoss)
}

func recoverOne(ctx context.Context, cfg *config.Config, local *journal.Journal, a localfile.CorruptStore, opt Options) (f File, err error) {
	progress, end := opt.Progress(a.Path)
	did, err := repair.Recover(ctx, local, a, progress)
	end()
	if err != nil {
		return f, fmt.Errorf("%s: %w; what was brought back stays: run it again", a.Path, err)
	}
	f = File{File: a.Path, Now: a.Path, Loss: did.Loss(), Recovered: did}
	if f.Loss && !opt.AcceptLoss {
		return f, nil
	}
	if f.Loss {
		lost, err := lostOfStore(cfg, a, &did.Salvage)
		if err == nil {
			// The ledger takes one waiver of a day and an instant, and stores share their days.
			opt.Waiver.At = time.Now()
			err = GiveUp(ctx, cfg, local, opt.Waiver, lost)
		}
		if err != nil {
			return f, fmt.Errorf("%s stays where it is; what was brought back stays too: %w", a.Path, err)
		}
	}
	f.Now, err = repair.MarkRecovered(a)
	return f, err
}

// unaccepted keeps a loss from going unnoticed.
func unaccepted(done []File, accept bool) error {
	for _, f := range done {
		if f.Loss && !accept {
			return errors.New("not everything could be brought back, so reports of those days go on waiting; " +
				"look with tradefront reconcile what is lost, then: tradefront local recover --accept-loss")
		}
	}
	return nil
}
