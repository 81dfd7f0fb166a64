package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/repair"
)

// backedUp is what `local backup -o json` prints.
type backedUp struct {
	File    string      `json:"file"`
	Bytes   int64       `json:"bytes"`
	Days    []dayOfRows `json:"days"`
	Refused int64       `json:"quarantine"`
}

func newLocalBackup(e *command.Env) *cobra.Command {
	var (
		path string
		form command.Output
	)
	c := &cobra.Command{
		Use: "backup OUT", Short: "Copy the local store, beside a running daemon, into one file", Args: cobra.ExactArgs(1),
		Long: "Write all that is committed in the local store into the new file OUT, beside a running daemon\n" +
			"at any load: as of one moment, checked and on the disk when the command ends. OUT is never\n" +
			"overwritten. To restore: stop the front, move away what is at store.path (also -wal, -shm and\n" +
			".damaged), copy OUT there, and start the front.",
		Example: "  tradefront local backup -c tradefront.yaml /backup/front-20260105.db",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			cfg, err := config.Load(path, e.Environ)
			if err != nil {
				return err
			}
			if _, err := os.Stat(cfg.Store.Path); err != nil {
				return fmt.Errorf("store.path: %w; it is made by the first start", err)
			}
			end := e.Waiting(command.Doing("copying and checking %s", cfg.Store.Path))
			did, err := repair.Backup(c.Context(), cfg.Store.Path, args[0])
			end()
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s is there already: a backup overwrites nothing; give it another name", args[0])
			}
			if err != nil {
				return err
			}
			done := backedUp{File: args[0], Bytes: did.Bytes, Days: []dayOfRows{}, Refused: did.Refused}
			// After the copy was checked, and found sound: opening a damaged store to write this first would move it away.
			e.Note(c, cfg, e.LocalWriter(cfg), command.Task{Subject: args[0]}, func(a *store.Action) { a.Note("copied", "", fmt.Sprintf("%d bytes", did.Bytes)) })
			for _, d := range did.Days {
				done.Days = append(done.Days, dayOfRows{d.Day.String(), d.Records})
			}
			return form.Print(e.Out, done, done.print)
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	return c
}

func (b backedUp) print(w io.Writer) {
	command.Tell(w, "%s: %d bytes, checked\n", b.File, b.Bytes)
	command.Table(w, "trading day\trecords", func(w io.Writer) {
		for _, day := range b.Days {
			fmt.Fprintf(w, "%s\t%d\n", day.Day, day.Records)
		}
	})
	if b.Refused > 0 {
		command.Tell(w, "%d in quarantine\n", b.Refused)
	}
}
