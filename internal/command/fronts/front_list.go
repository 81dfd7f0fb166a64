package fronts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/heartbeat"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

// shownFront is a front as `front list -o json` prints it.
type shownFront struct {
	FrontID   int32                 `json:"front_id"`
	StoreID   string                `json:"store_id"`
	Life      string                `json:"life"`
	State     string                `json:"state"` // running, stopped, silent, other life or retired
	Host      string                `json:"host"`
	Version   string                `json:"version"`
	Config    string                `json:"config_hash,omitempty"`
	Admin     string                `json:"admin_address,omitempty"`
	Started   time.Time             `json:"started"`
	Seen      time.Time             `json:"last_seen"` // by PostgreSQL's clock
	Records   int64                 `json:"holds"`
	Held      map[string]store.Held `json:"holds_by_day,omitempty"`
	Oldest    *time.Time            `json:"oldest,omitempty"`
	SetAside  int                   `json:"set_aside"`
	Unread    bool                  `json:"holds_unreadable,omitempty"`
	Forwarded int64                 `json:"forwarded"`
	Clock     float64               `json:"clock_offset_seconds"` // the front's ahead of PostgreSQL's
	Retired   *time.Time            `json:"retired,omitempty"`

	holds string
}

func newFrontList(e *command.Env) *cobra.Command {
	var (
		path string
		all  bool
		form command.Output
	)
	c := &cobra.Command{
		Use: "list", Short: "List the fronts, and what each still holds", Args: command.NoArgs,
		Long: "List what each front last told PostgreSQL: which records it holds that are not there yet, by\n" +
			"trading day, and when it said so. A front that is running says it every few seconds. One line a\n" +
			"local store: a front that was moved to another machine is listed twice until the old one is retired. \"other\n" +
			"life\" is a store of which an older copy was put back, or runs beside it: what it held then may be lost.\n" +
			"Fronts with different CONFIG run different settings: it is a hash of all but front.id, addresses, names\n" +
			"of files and secrets, of what is in force (-o json has it whole).",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			fronts, err := readFronts(c.Context(), e, path)
			if err != nil {
				return err
			}
			list := make([]shownFront, 0, len(fronts))
			for i := range fronts {
				if all || fronts[i].Retired.IsZero() {
					list = append(list, showFront(&fronts[i]))
				}
			}
			return form.Print(e.Out, list, func(w io.Writer) { printFronts(w, list) })
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().BoolVar(&all, "all", false, "the retired ones too")
	return c
}

func readFronts(ctx context.Context, e *command.Env, path string) (fronts []store.Front, err error) {
	err = withPostgres(ctx, e, path, func(_ *config.Config, pg *postgres.Store) error {
		fronts, err = pg.Fronts(ctx)
		return err
	})
	return fronts, err
}

// withPostgres runs f on the PostgreSQL of a configuration.
func withPostgres(ctx context.Context, e *command.Env, path string, f func(*config.Config, *postgres.Store) error) (err error) {
	cfg, err := config.Load(path, e.Environ)
	if err != nil {
		return err
	}
	pg, err := assemble.OpenPostgres(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Close()) }()
	return f(cfg, pg)
}

func showFront(f *store.Front) shownFront {
	held := make(map[string]store.Held, len(f.Held))
	for day, h := range f.Held {
		held[day.String()] = h
	}
	return shownFront{
		FrontID: f.FrontID, StoreID: f.StoreID.String(), Life: f.Life.String(), State: heartbeat.State(f), Host: f.Host, Version: f.Version,
		Config: f.Config, Admin: f.AdminAddress,
		Started: f.Started.In(regulation.Zone), Seen: f.Seen.In(regulation.Zone), Records: f.Records(), Held: held,
		Oldest: show.Pointer(f.Oldest), SetAside: f.CorruptStores, Unread: f.Unreadable, Forwarded: f.Forwarded, Clock: f.ClockOffset.Seconds(),
		Retired: show.Pointer(f.Retired), holds: heartbeat.Holds(f),
	}
}

func printFronts(w io.Writer, list []shownFront) {
	command.Table(w, "FRONT\tSTATE\tHOST\tVERSION\tCONFIG\tSTARTED\tLAST SEEN\tCLOCK\tFORWARDED\tHOLDS", func(w io.Writer) {
		for _, f := range list {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%+.1fs\t%d\t%s\n", f.FrontID, command.WordFor(w, "front", f.State), show.Cell(f.Host), show.Cell(f.Version),
				cmp.Or(show.Hash(f.Config), "-"), show.Time(f.Started),
				show.Time(f.Seen), f.Clock, f.Forwarded, command.PartsFor(w, f.holds))
		}
	})
}
