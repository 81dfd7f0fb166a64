package storage

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store"
)

// rotatedKey is what a step of `masterkey rotate` did, as -o json prints it.
type rotatedKey struct {
	Step         string   `json:"step"` // begin, seal or finish
	File         string   `json:"file"`
	Fingerprints []string `json:"fingerprints"`        // of the keys in the file now; the first seals
	AuthCodes    *int     `json:"authcodes,omitempty"` // of seal: all that are sealed under the first, and
	Anew         *int     `json:"anew,omitempty"`      // those of them that this run sealed
	Removed      string   `json:"removed,omitempty"`   // of finish: the fingerprint of the key that left the file
}

// masterKeyRotation is what `masterkey rotate` was asked for.
type masterKeyRotation struct {
	path          string
	begin, finish bool
	form          command.Output
}

func newMasterKeyRotate(e *command.Env) *cobra.Command {
	var m masterKeyRotation
	c := &cobra.Command{
		Use: "rotate", Short: "Change the master key beside running fronts, in three steps", Args: command.NoArgs,
		Long: "Change the master key beside running fronts. Each step can be repeated; none interrupts a login.\n\n" +
			"  1. masterkey rotate --begin   on one machine: its file now holds a new key and the old one.\n" +
			"     Copy the file to every front and to wherever `app` commands run, reload each front\n" +
			"     (SIGHUP), and compare `masterkey list`: the same two fingerprints everywhere.\n" +
			"  2. masterkey rotate           once: seals every authcode anew, in one transaction. It refuses\n" +
			"     if one opens under neither key.\n" +
			"  3. masterkey rotate --finish  on each machine: the old key leaves the file. Reload each front.\n\n" +
			"Keep the old key as long as backups of the database from before are kept.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error { return m.run(c, e) }),
	}
	command.ConfigFlag(c, &m.path)
	command.OutputFlag(c, &m.form)
	c.Flags().BoolVar(&m.begin, "begin", false, "put a new key before the old one in the file")
	c.Flags().BoolVar(&m.finish, "finish", false, "remove the old key from the file, if no authcode needs it")
	c.MarkFlagsMutuallyExclusive("begin", "finish")
	return c
}

func (m *masterKeyRotation) run(c *cobra.Command, e *command.Env) error {
	cfg, err := config.Load(m.path, e.Environ)
	if err != nil {
		return err
	}
	switch {
	case m.begin:
		return m.beginKey(c, e, cfg)
	case m.finish:
		return m.finishKey(c, e, cfg)
	}
	return m.seal(c, e, cfg)
}

func (m *masterKeyRotation) beginKey(c *cobra.Command, e *command.Env, cfg *config.Config) error {
	file := cfg.Auth.MasterKeyFile.Path
	if err := cfg.Auth.MasterKeyFile.Err(); err != nil {
		return err
	}
	var prints []string
	err := e.Undertake(c, cfg, e.Writer(cfg), command.Task{Subject: file, Despite: true}, func(a *store.Action) error {
		if err := auth.BeginMasterKey(file); err != nil {
			return err
		}
		master, err := assemble.LoadMasterKey(cfg)
		if err != nil {
			return err
		}
		prints = master.Fingerprints()
		a.Note("master_key", prints[1], prints[0]+" and "+prints[1])
		return nil
	})
	if err != nil {
		return err
	}
	return m.form.Print(e.Out, rotatedKey{Step: "begin", File: file, Fingerprints: prints}, func(w io.Writer) {
		command.Tell(w, "%s now holds a new key, %s, and the old one, %s\n"+
			"next: copy it to every machine, reload every front, compare `tradefront masterkey list`;\n"+
			"then: tradefront masterkey rotate\n", file, prints[0], prints[1])
	})
}

// seal is step 2. Codes that open under neither key are told all at once.
func (m *masterKeyRotation) seal(c *cobra.Command, e *command.Env, cfg *config.Config) (err error) {
	ctx := c.Context()
	master, err := assemble.LoadMasterKey(cfg)
	if err != nil {
		return err
	}
	prints := master.Fingerprints()
	if len(prints) < 2 {
		return fmt.Errorf("%s holds one key: begin with tradefront masterkey rotate --begin", cfg.Auth.MasterKeyFile)
	}
	r, err := assemble.OpenRecords(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	act, err := e.Act(c, cfg, cfg.Auth.MasterKeyFile.Path, "")
	if err != nil {
		return err
	}
	did, err := directory.New(r.Tables()).As(act).Reseal(ctx, master)
	if err != nil {
		return err
	}
	done := rotatedKey{
		Step: "seal", File: cfg.Auth.MasterKeyFile.Path, Fingerprints: prints, AuthCodes: &did.Codes, Anew: &did.Anew,
	}
	return m.form.Print(e.Out, done, func(w io.Writer) {
		command.Tell(w, "%d authcodes are sealed under %s now, %d of them anew\n"+
			"next, on each machine: tradefront masterkey rotate --finish, and reload its front\n",
			did.Codes, prints[0], did.Anew)
	})
}

// finishKey is step 3. Crash before the file is replaced: both keys are still there.
func (m *masterKeyRotation) finishKey(c *cobra.Command, e *command.Env, cfg *config.Config) error {
	master, census, err := masterKeyCensus(c.Context(), cfg)
	if err != nil {
		return err
	}
	file, prints := cfg.Auth.MasterKeyFile.Path, master.Fingerprints()
	done := rotatedKey{Step: "finish", File: file, Fingerprints: prints[:1]}
	switch {
	case len(prints) == 1:
		return m.form.Print(e.Out, done, func(w io.Writer) {
			command.Tell(w, "%s holds one key only, %s; there is nothing to finish\n", cfg.Auth.MasterKeyFile, prints[0])
		})
	case census.Under[1] > 0:
		return fmt.Errorf("%d authcodes are still sealed under the old key, %s: run tradefront masterkey rotate", census.Under[1], prints[1])
	case census.Neither != nil:
		return fmt.Errorf("the old key stays, for these open under neither: %w", census.Neither)
	}
	err = e.Undertake(c, cfg, e.Writer(cfg), command.Task{Subject: file, Despite: true}, func(a *store.Action) error {
		a.Note("master_key", prints[0]+" and "+prints[1], prints[0])
		return auth.FinishMasterKey(file)
	})
	if err != nil {
		return err
	}
	done.Removed = prints[1]
	return m.form.Print(e.Out, done, func(w io.Writer) {
		command.Tell(w, "%s holds %s only; reload its front. Keep the old key, %s, as long as backups from before\n",
			cfg.Auth.MasterKeyFile, prints[0], prints[1])
	})
}

// masterKeyCensus is the key of this machine, and what of the directory it opens.
func masterKeyCensus(ctx context.Context, cfg *config.Config) (master *auth.MasterKey, census auth.Census, err error) {
	if master, err = assemble.LoadMasterKey(cfg); err != nil {
		return nil, census, err
	}
	r, err := assemble.OpenRecords(ctx, cfg)
	if err != nil {
		return nil, census, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	census, err = directory.New(r.Tables()).Census(ctx, master)
	return master, census, err
}

// shownMasterKey is a key of the file as `masterkey list -o json` prints it.
type shownMasterKey struct {
	Fingerprint string `json:"fingerprint"`
	Role        string `json:"role"` // current, or during a change new and old
	AuthCodes   int    `json:"authcodes"`
}

func newMasterKeyList(e *command.Env) *cobra.Command {
	var path string
	var form command.Output
	c := &cobra.Command{
		Use: "list", Short: "Show the fingerprints of this machine's master key, and what is sealed under it", Args: command.NoArgs,
		Long: "Show the fingerprints of the keys in this machine's file, to compare with other machines', and how\n" +
			"many authcodes are sealed under each. Exit status 1 if some open under none of them.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			cfg, err := config.Load(path, e.Environ)
			if err != nil {
				return err
			}
			master, census, err := masterKeyCensus(c.Context(), cfg)
			if err != nil {
				return err
			}
			for _, left := range auth.Leftovers(cfg.Auth.MasterKeyFile.Path) {
				e.Warn("%s was left by a change of the master key that was killed, and holds keys: remove it", left)
			}
			roles := []string{"current"}
			if len(census.Under) == 2 {
				roles = []string{"new", "old"}
			}
			list := make([]shownMasterKey, len(roles))
			for i, print := range master.Fingerprints() {
				list[i] = shownMasterKey{print, roles[i], census.Under[i]}
			}
			return errors.Join(form.Print(e.Out, list, func(w io.Writer) {
				command.Table(w, "FINGERPRINT\tROLE\tAUTHCODES", func(w io.Writer) {
					for _, k := range list {
						fmt.Fprintf(w, "%s\t%s\t%d\n", k.Fingerprint, command.WordFor(w, "masterkey", k.Role), k.AuthCodes)
					}
				})
			}), census.Neither)
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	return c
}
