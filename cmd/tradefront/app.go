package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
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
		newAppAdd(e), newAppList(e), newAppShow(e), newAppBind(e), newAppUnbind(e),
		newAppSwitch(e, "disable", "Withdraw an AppID's admission", false),
		newAppSwitch(e, "enable", "Admit a disabled AppID again", true),
		newAppRotate(e), newAppExport(e))
}

func (a *appCommand) flags(c *cobra.Command) {
	configFlag(c, &a.path)
	c.Flags().StringVar(&a.appID, "app-id", "", "AppID: vendor_software_version")
	must(c.MarkFlagRequired("app-id"))
}

// open loads the configuration and opens the directory that it names.
func (e *env) openDirectory(ctx context.Context, path string) (*config.Config, assemble.Records, error) {
	cfg, err := config.Load(path, e.environ)
	if err != nil {
		return nil, nil, err
	}
	r, err := assemble.OpenRecords(ctx, cfg)
	return cfg, r, err
}

func newAppAdd(e *env) *cobra.Command {
	a := appCommand{env: e}
	var code authCodeFlag
	var cipher cipherFlag
	kind := appType(auth.AppDirect)
	c := &cobra.Command{
		Use: "add", Short: "Admit an AppID and print its authcode, once", Args: noArgs,
		Long: "Admit an AppID (vendor_software_version, at most 10, 10 and 8 bytes) and print its authcode.\n" +
			"The code is shown this once; at rest it is encrypted. A running front knows it within seconds.\n" +
			"With --cipher sm4 the terminal answers challenges by SM4 instead of AES-128: agree on it with\n" +
			"the vendor, nothing on the wire tells.\n" +
			"With a relay's --type the AppID may do nothing until `tradefront relay change` and `relay scope` say what.",
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			if problem := config.Misleading(a.appID); problem != "" {
				return fmt.Errorf("--app-id: %s", problem)
			}
			return a.issue(c, &code, func(ctx context.Context, i *issuing) error {
				if kind := auth.AppType(kind); kind.Relay() {
					return i.directory.AdmitRelay(ctx, i.master, kind, i.code, cipher.Cipher, relay.NewPermission(i.id), nil)
				}
				return i.directory.Admit(ctx, i.master, i.id, i.code, cipher.Cipher)
			})
		}),
	}
	a.flags(c)
	outputFlag(c, &a.form)
	code.flags(c)
	c.Flags().Var(&cipher, "cipher", "aes or sm4")
	c.Flags().Var(&kind, "type", "direct, investor-relay or operator-relay")
	return c
}

// appType is --type of app add.
type appType auth.AppType

func (t *appType) String() string { return auth.AppType(*t).String() }

// Type is what help shows.
func (*appType) Type() string { return "type" }

// Set refuses any other word.
func (t *appType) Set(s string) error {
	for _, known := range []auth.AppType{auth.AppDirect, auth.AppInvestorRelay, auth.AppOperatorRelay} {
		if s == known.String() {
			*t = appType(known)
			return nil
		}
	}
	return errors.New("want direct, investor-relay or operator-relay")
}

// issue runs work with the AppID, the code that was given or a new one, the directory and
// the master key, and prints the code and what work says of it.
func (a *appCommand) issue(c *cobra.Command, given *authCodeFlag, work func(context.Context, *issuing) error) (err error) {
	id, err := regulation.ParseAppID(a.appID)
	if err != nil {
		return err
	}
	code, err := given.code(c, a.env)
	if err != nil {
		return err
	}
	defer code.Wipe()
	cfg, r, err := a.env.openDirectory(c.Context(), a.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	master, err := assemble.LoadMasterKey(cfg)
	if err != nil {
		return err
	}
	act, err := a.env.act(c, cfg, string(id), "")
	if err != nil {
		return err
	}
	i := issuing{id: id, code: code, directory: directory.New(r.Tables()).As(act), master: master}
	if err := work(c.Context(), &i); err != nil {
		return appError(id, err)
	}
	shown := struct {
		AppID         regulation.AppID `json:"app_id"`
		AuthCode      string           `json:"authcode"`
		PreviousUntil *time.Time       `json:"previous_until,omitempty"`
	}{id, code.Reveal(), i.previousUntil}
	return a.form.print(a.env.out, shown, func(w io.Writer) {
		tell(w, "AppID     %s\nauthcode  %s\n\nThe authcode is not shown again: give it to the vendor by a safe way.\n",
			shown.AppID, shown.AuthCode)
		if i.told != nil {
			i.told(w)
		}
	})
}

// issuing is an authcode on its way to an AppID.
type issuing struct {
	id        regulation.AppID
	code      auth.AuthCode
	directory *directory.Directory
	master    *auth.MasterKey

	previousUntil *time.Time        // nil if no other code stays valid
	told          func(w io.Writer) // prints what became of the codes before; nil if there were none
}

// authCodeFlag is --authcode and --authcode-file.
type authCodeFlag struct {
	text string
	file secretFile
}

func (g *authCodeFlag) flags(c *cobra.Command) {
	c.Flags().StringVar(&g.text, "authcode", "",
		"use this authcode (16 of A-Z, 0-9) instead of a random one; the machine's list of processes shows it: better --authcode-file")
	g.file.flags(c, authCodeFile, "authcode")
	c.MarkFlagsMutuallyExclusive("authcode", authCodeFile)
}

const authCodeFile = "authcode-file"

// code is the authcode that was given, or a new one.
func (g *authCodeFlag) code(c *cobra.Command, e *env) (auth.AuthCode, error) {
	switch {
	case c.Flags().Changed(authCodeFile):
		text, err := g.file.read(e)
		if err != nil {
			return auth.AuthCode{}, err
		}
		defer clear(text)
		code, err := auth.ParseAuthCode(string(text))
		if err != nil {
			return code, fmt.Errorf("--%s: %w", authCodeFile, err)
		}
		return code, nil
	case g.text != "":
		return auth.ParseAuthCode(g.text)
	}
	return auth.NewAuthCode(rand.Reader)
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

// What is printed of a switch, by what it is then.
var (
	appSwitched = map[bool]string{
		true: "AppID %s is enabled; running fronts follow within seconds\n", false: "AppID %s is disabled; running fronts follow within seconds\n",
	}
	alreadySwitched = map[bool]string{
		true: "AppID %s is already enabled; nothing was changed\n", false: "AppID %s is already disabled; nothing was changed\n",
	}
)

func newAppSwitch(e *env, use, short string, enabled bool) *cobra.Command {
	a := appCommand{env: e}
	var why string
	c := &cobra.Command{
		Use: use, Short: short, Args: noArgs,
		RunE: e.action(func(c *cobra.Command, _ []string) (err error) {
			cfg, r, err := e.openDirectory(c.Context(), a.path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			id := regulation.AppID(a.appID)
			act, err := e.act(c, cfg, a.appID, why)
			if err != nil {
				return err
			}
			err = directory.New(r.Tables()).As(act).SetAppEnabled(c.Context(), id, enabled)
			unchanged := errors.Is(err, directory.ErrUnchanged)
			if err != nil && !unchanged {
				return appError(id, err)
			}
			shown := struct {
				AppID   regulation.AppID `json:"app_id"`
				Enabled bool             `json:"enabled"`
				Before  bool             `json:"enabled_before"`
			}{id, enabled, enabled == unchanged}
			return a.form.print(e.out, shown, func(w io.Writer) {
				if unchanged {
					tell(w, alreadySwitched[enabled], id)
					return
				}
				tell(w, appSwitched[enabled], id)
			})
		}),
	}
	a.flags(c)
	outputFlag(c, &a.form)
	whyFlag(c, &why)
	return c
}
