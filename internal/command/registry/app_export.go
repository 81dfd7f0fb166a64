package registry

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/agent/registryfile"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// appExportFlags are of `app export`.
type appExportFlags struct {
	path, relayID, out, key string
	form                    command.Output
}

func newAppExport(e *command.Env) *cobra.Command {
	var f appExportFlags
	c := &cobra.Command{
		Use: "export", Short: "Write the file by which a relay agent knows its terminals' AppIDs", Args: command.NoArgs,
		Long: "Write the AppIDs that are admitted and allowed for a relay, with their authcodes, into a file that only\n" +
			"the relay agent's own master key opens (`tradefront masterkey create --config relay.yaml`). The agent takes a\n" +
			"file that replaces its registry.file over within seconds. Export again after each change of AppIDs.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error { return f.run(c, e) }),
	}
	command.ConfigFlag(c, &f.path)
	command.OutputFlag(c, &f.form)
	c.Flags().StringVar(&f.relayID, "for-relay", "", "the relay's AppID")
	c.Flags().StringVar(&f.out, "out", "", "file to write")
	c.Flags().StringVar(&f.key, "master-key", "", "the relay agent's master key file")
	for _, flag := range []string{"for-relay", "out", "master-key"} {
		command.Must(c.MarkFlagRequired(flag))
	}
	return c
}

func (f *appExportFlags) run(c *cobra.Command, e *command.Env) (err error) {
	to, err := auth.LoadMasterKey(f.key)
	if err != nil {
		return err
	}
	cfg, r, err := e.OpenDirectory(c.Context(), f.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	from, err := assemble.LoadMasterKey(cfg)
	if err != nil {
		return err
	}
	d := directory.New(r.Tables())
	generation, err := d.Generation(c.Context()) // before the rows: a change between is in the next export
	if err != nil {
		return err
	}
	found, err := d.FindRelay(c.Context(), regulation.AppID(f.relayID))
	if err != nil {
		return appError(regulation.AppID(f.relayID), err)
	}
	apps, err := d.Apps(c.Context())
	if err != nil {
		return err
	}
	content, err := registryfile.Export(&found.Permission, generation, apps, from, to, time.Now())
	if err != nil {
		return err
	}
	err = e.UndertakeIn(c, cfg, r.Tables(), command.Task{Subject: f.relayID}, func(a *store.Action) error {
		a.Note("authcodes", "", fmt.Sprintf("of %d AppIDs into %s, sealed to master key %s", len(content.Apps), f.out, to.Fingerprints()[0]))
		return registryfile.Write(f.out, content, to)
	})
	if err != nil {
		return err
	}
	written := struct {
		Relay     regulation.AppID `json:"relay"`
		File      string           `json:"file"`
		Apps      int              `json:"apps"`
		MasterKey string           `json:"master_key"` // the fingerprint of the agent's
	}{regulation.AppID(f.relayID), f.out, len(content.Apps), to.Fingerprints()[0]}
	return f.form.Print(e.Out, written, func(w io.Writer) {
		command.Tell(w, "wrote %d AppIDs for relay %s to %s, sealed to master key %s\n", written.Apps, written.Relay, written.File, written.MasterKey)
	})
}
