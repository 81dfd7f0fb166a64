package main

import (
	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/store"
)

func newMasterKey(e *env) *cobra.Command {
	var path string
	create := &cobra.Command{
		Use: "create", Short: "Make the master key file that encrypts authcodes at rest", Args: noArgs,
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			cfg, err := e.loadCommon(path)
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
			if hasStore(cfg) {
				e.note(c, cfg, e.writer(cfg), task{subject: file}, func(a *store.Action) { a.Note("master_key", "", "made") })
			}
			tell(e.out, "created %s (mode 0600); keep a copy in a safe place\n", cfg.Auth.MasterKeyFile)
			return nil
		}),
	}
	configFlag(create, &path)
	return group("masterkey", "The key that encrypts authcodes at rest", create, newMasterKeyRotate(e), newMasterKeyList(e))
}
