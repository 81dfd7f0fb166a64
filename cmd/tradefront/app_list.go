package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
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
	daemon.LastUse
}

func newAppList(e *env) *cobra.Command {
	a := appCommand{env: e}
	var fronts []string
	c := &cobra.Command{
		Use: "list", Short: "List the AppIDs; authcodes are never shown", Args: noArgs,
		Long: "List the AppIDs. During an overlap PREVIOUS UNTIL is how long the authcode before is valid too.\n" +
			"CURRENT USED and PREVIOUS USED are when a terminal was last admitted with each, as the running\n" +
			"front remembers since its start; ask several with --front.",
		RunE: e.action(func(c *cobra.Command, _ []string) (err error) {
			cfg, r, err := e.openDirectory(c.Context(), a.path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			apps, err := directory.New(r.Tables()).Apps(c.Context())
			if err != nil {
				return err
			}
			uses := make(map[regulation.AppID]daemon.LastUse)
			access, err := assemble.AdminAccess(&cfg.Admin)
			if len(fronts) == 0 && err == nil {
				_ = daemon.AskUses(c.Context(), access, cfg.Admin.Address.String(), uses) // it may not run: the columns stay empty
			}
			if len(fronts) > 0 && err != nil {
				return err
			}
			for _, front := range fronts {
				if err := daemon.AskUses(c.Context(), access, front, uses); err != nil {
					return fmt.Errorf("--front %s: %w", front, err)
				}
			}
			list := shownApps(apps, uses, time.Now())
			return a.form.print(e.out, list, func(w io.Writer) { printApps(w, list) })
		}),
	}
	configFlag(c, &a.path)
	outputFlag(c, &a.form)
	c.Flags().StringArrayVar(&fronts, "front", nil, "host:port of a front's admin listener; instead of admin.address, may be repeated")
	return c
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
		list = append(list, s)
	}
	return list
}

func printApps(w io.Writer, list []shownApp) {
	table(w, "APPID\tTYPE\tCIPHER\tENABLED\tCREATED\tCHANGED\tCURRENT USED\tPREVIOUS UNTIL\tPREVIOUS USED", func(w io.Writer) {
		for _, s := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%t\t%s\t%s\t%s\t%s\t%s\n", s.AppID, s.Mode, s.Cipher, s.Enabled,
				show.Time(s.Created), show.Time(s.Changed), show.Optional(s.CurrentUsed), show.Optional(s.PreviousUntil), show.Optional(s.PreviousUsed))
		}
	})
}
