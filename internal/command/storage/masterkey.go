package storage

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store"
)

// NewMasterKey is `masterkey`: the key of the authcodes at rest.
func NewMasterKey(e *command.Env) *cobra.Command {
	var (
		path string
		form command.Output
	)
	create := &cobra.Command{
		Use: "create", Short: "Make the master key file that encrypts authcodes at rest", Args: command.NoArgs,
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			cfg, err := e.LoadCommon(path)
			if err != nil {
				return err
			}
			if err := cfg.Auth.MasterKeyFile.Err(); err != nil {
				return err
			}
			file := cfg.Auth.MasterKeyFile.Path
			if err := auth.CreateMasterKey(file); err != nil {
				return err
			}
			if command.HasStore(cfg) {
				e.Note(c, cfg, e.Writer(cfg), command.Task{Subject: file}, func(a *store.Action) { a.Note("master_key", "", "made") })
			}
			master, err := auth.LoadMasterKey(file)
			if err != nil {
				return err
			}
			warnOfSealed(c.Context(), e, cfg, master)
			created := struct {
				File        string `json:"file"`
				Fingerprint string `json:"fingerprint"`
			}{file, master.Fingerprints()[0]}
			return form.Print(e.Out, created, func(w io.Writer) {
				command.Tell(w, "created %s (mode 0600); keep a copy in a safe place\n", cfg.Auth.MasterKeyFile)
			})
		}),
	}
	command.ConfigFlag(create, &path)
	command.OutputFlag(create, &form)
	return command.Group("masterkey", "The key that encrypts authcodes at rest", create, newMasterKeyRotate(e), newMasterKeyList(e))
}

// warnOfSealed warns that the firm has a master key already, which the new one is not: of another front of the firm, or one that was lost.
// That the database cannot be asked is no news here.
func warnOfSealed(ctx context.Context, e *command.Env, cfg *config.Config, master *auth.MasterKey) {
	if !command.HasStore(cfg) {
		return
	}
	r, err := assemble.OpenRecords(ctx, cfg)
	if err != nil {
		return
	}
	defer r.Close()
	apps, err := directory.New(r.Tables()).Apps(ctx)
	if lost := master.Unopened(apps, time.Now()); err == nil && len(lost) > 0 {
		e.Warn("this new key does not open the authcodes of %d of %d AppIDs (%s): put the file of another front, or the copy from the safe, in its place; "+
			"if there is none, `tradefront app rotate --overlap 0` each", len(lost), len(apps), assemble.SomeOf(lost))
	}
}
