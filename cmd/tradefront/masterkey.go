package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/store"
)

func newMasterKey(e *env) *cobra.Command {
	var (
		path string
		form output
	)
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
			master, err := auth.LoadMasterKey(file)
			if err != nil {
				return err
			}
			created := struct {
				File        string `json:"file"`
				Fingerprint string `json:"fingerprint"`
			}{file, master.Fingerprints()[0]}
			return form.print(e.out, created, func(w io.Writer) {
				tell(w, "created %s (mode 0600); keep a copy in a safe place\n", cfg.Auth.MasterKeyFile)
			})
		}),
	}
	configFlag(create, &path)
	outputFlag(create, &form)
	return group("masterkey", "The key that encrypts authcodes at rest", create, newMasterKeyRotate(e), newMasterKeyList(e))
}
