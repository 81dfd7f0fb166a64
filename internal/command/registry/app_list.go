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
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

// shownApp is an AppID as `app list -o json` prints it.
type shownApp struct {
	AppID         regulation.AppID `json:"app_id"`
	Type          string           `json:"app_type"`
	Cipher        string           `json:"cipher"`
	Enabled       bool             `json:"enabled"`
	Created       time.Time        `json:"created"`
	Changed       time.Time        `json:"changed"`
	Mode          string           `json:"mode"`                     // the word of app_type
	PreviousUntil *time.Time       `json:"previous_until,omitempty"` // there during an overlap only
	shownBinding
	BindingFault string `json:"binding_fault,omitempty"` // why fronts leave the AppID out
	daemon.LastUse
}

func newAppList(e *command.Env) *cobra.Command {
	a := appCommand{env: e}
	var fronts []string
	c := &cobra.Command{
		Use: "list", Short: "List the AppIDs; authcodes are never shown", Args: command.NoArgs,
		Long: "List the AppIDs. During an overlap PREVIOUS UNTIL is how long the authcode before is valid too.\n" +
			"CURRENT USED and PREVIOUS USED are when a terminal was last admitted with each, as the running\n" +
			"front remembers since its start; ask several with --front.",
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			cfg, r, err := e.OpenDirectory(c.Context(), a.path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			apps, err := directory.New(r.Tables()).Apps(c.Context())
			if err != nil {
				return err
			}
			uses, err := askUses(c.Context(), cfg, fronts)
			if err != nil {
				return err
			}
			list := shownApps(apps, uses, time.Now())
			return a.form.Print(e.Out, list, func(w io.Writer) { printApps(w, list) })
		}),
	}
	command.ConfigFlag(c, &a.path)
	command.OutputFlag(c, &a.form)
	c.Flags().StringArrayVar(&fronts, "front", nil, "host:port of a front's admin listener; instead of admin.address, may be repeated")
	return c
}

// askUses asks the fronts that are named when authcodes were last used, or else this machine's, which may not run: then nothing is known.
func askUses(ctx context.Context, cfg *config.Config, fronts []string) (map[regulation.AppID]daemon.LastUse, error) {
	uses := make(map[regulation.AppID]daemon.LastUse)
	access, err := assemble.AdminAccess(&cfg.Admin)
	if len(fronts) == 0 {
		if err == nil {
			_ = daemon.AskUses(ctx, access, cfg.Admin.Address.String(), uses)
		}
		return uses, nil
	}
	if err != nil {
		return nil, err
	}
	for _, front := range fronts {
		if err := daemon.AskUses(ctx, access, front, uses); err != nil {
			return nil, fmt.Errorf("--front %s: %w", front, err)
		}
	}
	return uses, nil
}

func newAppShow(e *command.Env) *cobra.Command {
	a := appCommand{env: e}
	var fronts []string
	c := &cobra.Command{
		Use: "show APPID", Short: "Show one AppID and what it is bound to; its authcode is never shown", Args: a.arguments(),
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			cfg, r, err := e.OpenDirectory(c.Context(), a.path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			app, err := directory.New(r.Tables()).FindApp(c.Context(), regulation.AppID(a.appID))
			if err != nil {
				return appError(regulation.AppID(a.appID), err)
			}
			uses, err := askUses(c.Context(), cfg, fronts)
			if err != nil {
				return err
			}
			s := &shownApps([]auth.App{app}, uses, time.Now())[0]
			return a.form.Print(e.Out, s, s.print)
		}),
	}
	command.ConfigFlag(c, &a.path)
	command.OutputFlag(c, &a.form)
	c.Flags().StringVar(&a.appID, "app-id", "", "AppID: vendor_software_version")
	c.Flags().StringArrayVar(&fronts, "front", nil, "host:port of a front's admin listener; instead of admin.address, may be repeated")
	return c
}

func (s *shownApp) print(w io.Writer) {
	command.Listed(w, command.AppNames, [][2]string{
		{"AppID", string(s.AppID)},
		{"type", command.WordFor(w, "app", s.Mode) + ", " + s.Cipher + ", " + command.Admitted(w, s.Enabled)},
		{"created", show.Time(s.Created)},
		{"changed", show.Time(s.Changed)},
		{"used", show.Optional(s.CurrentUsed)},
	})
	if s.PreviousUntil != nil {
		previous := fmt.Sprintf(command.InLanguageOf(w, "valid until %s, used %s", "有效至 %s，最近使用 %s"), show.Time(*s.PreviousUntil), show.Optional(s.PreviousUsed))
		command.Listed(w, command.AppNames, [][2]string{{"previous", previous}})
	}
	if s.BindingFault != "" {
		fault := command.InLanguageOf(w, "cannot be read, and fronts leave the AppID out: ", "无法读取，前置不使用该 AppID：")
		command.Listed(w, command.AppNames, [][2]string{{"binding", fault + command.SentenceFor(w, s.BindingFault)}})
		return
	}
	s.shownBinding.print(w)
}

// bound is the binding in a column of the list.
func (s *shownApp) bound(w io.Writer) string {
	if s.BindingFault != "" {
		return command.InLanguageOf(w, "unreadable", "无法读取")
	}
	return s.short(w)
}

func shownApps(apps []auth.App, uses map[regulation.AppID]daemon.LastUse, now time.Time) []shownApp {
	list := make([]shownApp, 0, len(apps))
	for _, app := range apps {
		s := shownApp{
			AppID: app.AppID, Type: string(rune(app.Type)), Mode: app.Type.String(), Cipher: app.Cipher.String(), Enabled: app.Enabled,
			Created: app.Created.In(regulation.Zone), Changed: app.Changed.In(regulation.Zone), LastUse: uses[app.AppID],
		}
		if app.Previous.ValidAt(now) {
			s.PreviousUntil = show.Pointer(app.Previous.Until)
		}
		b, err := app.Binding.Parse()
		if s.shownBinding = showBinding(&b); err != nil {
			s.BindingFault = err.Error()
		}
		list = append(list, s)
	}
	return list
}

func printApps(w io.Writer, list []shownApp) {
	command.Table(w, "APPID\tTYPE\tCIPHER\tENABLED\tBOUND\tCREATED\tCHANGED\tCURRENT USED\tPREVIOUS UNTIL\tPREVIOUS USED", func(w io.Writer) {
		for _, s := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", show.Cell(string(s.AppID)), command.WordFor(w, "app", s.Mode), s.Cipher,
				command.YesNo(w, s.Enabled), s.bound(w), show.Time(s.Created), show.Time(s.Changed),
				show.Optional(s.CurrentUsed), show.Optional(s.PreviousUntil), show.Optional(s.PreviousUsed))
		}
	})
}
