package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store"
)

// appCommand is what the commands on AppIDs share.
type appCommand struct {
	env   *command.Env
	path  string
	appID string
	form  command.Output
}

// NewApp is `app`: which terminal programs may authenticate.
func NewApp(e *command.Env) *cobra.Command {
	return command.Group("app", "AppIDs: which terminal software may connect, and its authcode",
		newAppAdd(e), newAppList(e), newAppShow(e), newAppBind(e), newAppUnbind(e),
		newAppSwitch(e, "disable", "Withdraw an AppID's admission", false),
		newAppSwitch(e, "enable", "Admit a disabled AppID again", true),
		newAppRotate(e), newAppExport(e))
}

func (a *appCommand) flags(c *cobra.Command) {
	command.ConfigFlag(c, &a.path)
	c.Flags().StringVar(&a.appID, "app-id", "", "AppID: vendor_software_version")
	command.Must(c.MarkFlagRequired("app-id"))
}

func newAppAdd(e *command.Env) *cobra.Command {
	a := appCommand{env: e}
	var code command.AuthCodeFlag
	var cipher command.CipherFlag
	kind := appType(auth.AppDirect)
	c := &cobra.Command{
		Use: "add", Short: "Admit an AppID and print its authcode, once", Args: command.NoArgs,
		Long: "Admit an AppID (vendor_software_version, at most 10, 10 and 8 bytes) and print its authcode.\n" +
			"The code is shown this once; at rest it is encrypted. A running front knows it within seconds.\n" +
			"With --cipher sm4 the terminal answers challenges by SM4 instead of AES-128: agree on it with\n" +
			"the vendor, nothing on the wire tells.\n" +
			"With a relay's --type the AppID may do nothing until `tradefront relay change` and `relay scope` say what.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
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
	command.OutputFlag(c, &a.form)
	code.Flags(c)
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
func (a *appCommand) issue(c *cobra.Command, given *command.AuthCodeFlag, work func(context.Context, *issuing) error) (err error) {
	id, err := regulation.ParseAppID(a.appID)
	if err != nil {
		return err
	}
	code, err := given.Code(c, a.env)
	if err != nil {
		return err
	}
	defer code.Wipe()
	cfg, r, err := a.env.OpenDirectory(c.Context(), a.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	master, err := assemble.LoadMasterKey(cfg)
	if err != nil {
		return err
	}
	act, err := a.env.Act(c, cfg, string(id), "")
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
	return a.form.Print(a.env.Out, shown, func(w io.Writer) {
		command.Tell(w, "AppID     %s\nauthcode  %s\n\nThe authcode is not shown again: give it to the vendor by a safe way.\n",
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

func newAppSwitch(e *command.Env, use, short string, enabled bool) *cobra.Command {
	a := appCommand{env: e}
	var why string
	c := &cobra.Command{
		Use: use, Short: short, Args: command.NoArgs,
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			cfg, r, err := e.OpenDirectory(c.Context(), a.path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			id := regulation.AppID(a.appID)
			act, err := e.Act(c, cfg, a.appID, why)
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
			return a.form.Print(e.Out, shown, func(w io.Writer) {
				if unchanged {
					command.Tell(w, alreadySwitched[enabled], id)
					return
				}
				command.Tell(w, appSwitched[enabled], id)
			})
		}),
	}
	a.flags(c)
	command.OutputFlag(c, &a.form)
	command.WhyFlag(c, &why)
	return c
}
