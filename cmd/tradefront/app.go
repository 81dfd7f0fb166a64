package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// appCommand is what the commands on AppIDs share.
type appCommand struct {
	env   *env
	path  string
	appID string
	form  output
}

func newApp(e *env) *cobra.Command {
	return group("app", "AppIDs: which terminal software may connect, and its authcode",
		newAppAdd(e), newAppList(e),
		newAppSwitch(e, "disable", "Withdraw an AppID's admission", false),
		newAppSwitch(e, "enable", "Admit a disabled AppID again", true),
		newAppRotate(e))
}

func (a *appCommand) flags(c *cobra.Command) {
	configFlag(c, &a.path)
	c.Flags().StringVar(&a.appID, "app-id", "", "AppID: vendor_software_version")
	must(c.MarkFlagRequired("app-id"))
}

// open loads the configuration and opens the directory that it names.
func (e *env) openDirectory(ctx context.Context, path string) (*config.Config, records, error) {
	cfg, err := config.Load(path, e.environ)
	if err != nil {
		return nil, nil, err
	}
	r, err := openRecords(ctx, cfg)
	return cfg, r, err
}

func newAppAdd(e *env) *cobra.Command {
	a := appCommand{env: e}
	var code string
	var cipher cipherFlag
	c := &cobra.Command{
		Use: "add", Short: "Admit an AppID and print its authcode, once", Args: noArgs,
		Long: "Admit an AppID (vendor_software_version, at most 10, 10 and 8 bytes) and print its authcode.\n" +
			"The code is shown this once; at rest it is encrypted. A running front knows it within seconds.\n" +
			"With --cipher sm4 the terminal answers challenges by SM4 instead of AES-128: agree on it with\n" +
			"the vendor, nothing on the wire tells.",
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			return a.change(c.Context(), code, func(ctx context.Context, d *store.Directory, id regulation.AppID, sealed []byte) error {
				now := time.Now()
				return d.AddApp(ctx, auth.App{
					AppID: id, Type: auth.AppDirect, Cipher: cipher.Cipher, Sealed: sealed, Enabled: true, Created: now, Changed: now,
				})
			})
		}),
	}
	a.flags(c)
	outputFlag(c, &a.form)
	c.Flags().StringVar(&code, "authcode", "", "use this authcode (16 of A-Z, 0-9) instead of a random one")
	c.Flags().Var(&cipher, "cipher", "aes or sm4")
	return c
}

func newAppRotate(e *env) *cobra.Command {
	a := appCommand{env: e}
	var code string
	var cipher cipherFlag
	c := &cobra.Command{
		Use: "rotate", Short: "Give an AppID a new authcode and print it, once", Args: noArgs,
		Long: "Give an AppID a new authcode and print it. The old code stops working within seconds:\n" +
			"sessions that are authenticated go on, new ones need the new code. --cipher changes what\n" +
			"challenges are answered with too; without it that stays.",
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			return a.change(c.Context(), code, func(ctx context.Context, d *store.Directory, id regulation.AppID, sealed []byte) error {
				if c.Flags().Changed("cipher") {
					return d.SetAppCode(ctx, id, sealed, cipher.Cipher)
				}
				return d.SetAppSealed(ctx, id, sealed)
			})
		}),
	}
	a.flags(c)
	outputFlag(c, &a.form)
	c.Flags().StringVar(&code, "authcode", "", "use this authcode (16 of A-Z, 0-9) instead of a random one")
	c.Flags().Var(&cipher, "cipher", "change to aes or sm4")
	return c
}

// change seals a code, the given or a new one, lets write store it, and prints it.
func (a *appCommand) change(
	ctx context.Context, given string,
	write func(context.Context, *store.Directory, regulation.AppID, []byte) error,
) (err error) {
	id, err := regulation.ParseAppID(a.appID)
	if err != nil {
		return err
	}
	code, err := authCode(given)
	if err != nil {
		return err
	}
	cfg, r, err := a.env.openDirectory(ctx, a.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	master, err := auth.LoadMasterKey(cfg.Auth.MasterKeyFile)
	if err != nil {
		return err
	}
	sealed, err := master.Seal(id, code)
	if err != nil {
		return err
	}
	if err := appError(id, write(ctx, r.Directory(), id, sealed)); err != nil {
		return err
	}
	shown := struct {
		AppID    regulation.AppID `json:"app_id"`
		AuthCode string           `json:"authcode"`
	}{id, code.Reveal()}
	return a.form.print(a.env.out, shown, func(w io.Writer) {
		fmt.Fprintf(w, "AppID     %s\nauthcode  %s\n\nThe authcode is not shown again: give it to the vendor by a safe way.\n",
			shown.AppID, shown.AuthCode)
	})
}

func authCode(given string) (auth.AuthCode, error) {
	if given == "" {
		return auth.NewAuthCode(rand.Reader)
	}
	return auth.ParseAuthCode(given)
}

// appError says in an operator's words what the store said.
func appError(id regulation.AppID, err error) error {
	switch {
	case errors.Is(err, store.ErrExists):
		return fmt.Errorf("AppID %s is admitted already; see `tradefront app list`, or give it a new code with `tradefront app rotate`", id)
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("there is no AppID %s (they are case-sensitive); see `tradefront app list`", id)
	}
	return err
}

func newAppSwitch(e *env, use, short string, enabled bool) *cobra.Command {
	a := appCommand{env: e}
	c := &cobra.Command{
		Use: use, Short: short, Args: noArgs,
		RunE: e.action(func(c *cobra.Command, _ []string) (err error) {
			_, r, err := e.openDirectory(c.Context(), a.path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			id := regulation.AppID(a.appID)
			if err := appError(id, r.Directory().SetAppEnabled(c.Context(), id, enabled)); err != nil {
				return err
			}
			fmt.Fprintf(e.out, "AppID %s is %sd; running fronts follow within seconds\n", id, use)
			return nil
		}),
	}
	a.flags(c)
	return c
}

// shownApp is an AppID as `app list -o json` prints it.
type shownApp struct {
	AppID   regulation.AppID `json:"app_id"`
	Type    string           `json:"app_type"`
	Cipher  string           `json:"cipher"`
	Enabled bool             `json:"enabled"`
	Created time.Time        `json:"created"`
	Changed time.Time        `json:"changed"`
}

func newAppList(e *env) *cobra.Command {
	a := appCommand{env: e}
	c := &cobra.Command{
		Use: "list", Short: "List the AppIDs; authcodes are never shown", Args: noArgs,
		RunE: e.action(func(c *cobra.Command, _ []string) (err error) {
			_, r, err := e.openDirectory(c.Context(), a.path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			apps, err := r.Directory().Apps(c.Context())
			if err != nil {
				return err
			}
			list := make([]shownApp, 0, len(apps))
			for _, app := range apps {
				list = append(list, shownApp{
					app.AppID, string(rune(app.Type)), app.Cipher.String(), app.Enabled, app.Created.In(regulation.Zone), app.Changed.In(regulation.Zone),
				})
			}
			slices.SortFunc(list, func(a, b shownApp) int { return strings.Compare(string(a.AppID), string(b.AppID)) })
			return a.form.print(e.out, list, func(w io.Writer) {
				table(w, "APPID\tTYPE\tCIPHER\tENABLED\tCREATED\tCHANGED", func(w io.Writer) {
					for _, s := range list {
						fmt.Fprintf(w, "%s\t%s\t%s\t%t\t%s\t%s\n", s.AppID, s.Type, s.Cipher, s.Enabled, shown(s.Created), shown(s.Changed))
					}
				})
			})
		}),
	}
	configFlag(c, &a.path)
	outputFlag(c, &a.form)
	return c
}
