package inquiry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/actions"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// shownAction is an action as `actions list -o json` prints it.
type shownAction struct {
	ID       uuid.UUID      `json:"id"`
	At       time.Time      `json:"time"`
	User     string         `json:"user"`
	RealUser string         `json:"real_user,omitempty"`
	Host     string         `json:"host"`
	Command  string         `json:"command"`
	Subject  string         `json:"subject"`
	Changes  []store.Change `json:"changes"`
	Why      string         `json:"why,omitempty"`
}

// NewActions is `actions`: who changed what by a command.
func NewActions(e *command.Env) *cobra.Command {
	return command.Group("actions", "What operators changed by commands: who, when, what, why", newActionsList(e))
}

// defaultActions is how far back actions list looks.
const defaultActions = 30 * 24 * time.Hour

func newActionsList(e *command.Env) *cobra.Command {
	var (
		path, only, subject string
		since               time.Duration
		form                command.Output
	)
	c := &cobra.Command{
		Use: "list", Short: "List what was changed, the oldest first", Args: command.NoArgs,
		Long: "List what operators changed by commands: who (the user, and who logged in to the machine where that is another), on which\n" +
			"machine, when, what from what to what, and why. They are in the database, all machines' together; with PostgreSQL those\n" +
			"of the local store of this machine (quarantine, and what was done while PostgreSQL was away) are added from it; while\n" +
			"PostgreSQL is away they are shown alone, with exit status 1. No secret is among them.\n" +
			"Without --since those of the last 30 days are listed, with --subject all.",
		Example: "  tradefront actions list -c tradefront.yaml --since 24h\n" +
			"  tradefront actions list -c tradefront.yaml --subject 10010001 -o json",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			cfg, err := e.LoadCommon(path)
			if err != nil {
				return err
			}
			from := time.Now().Add(-since)
			if subject != "" && !c.Flags().Changed("since") {
				from = time.Time{}
			}
			list, err := collectActions(c.Context(), e, cfg, from, func(a *store.Action) bool {
				return (only == "" || a.Command == only) && (subject == "" || a.Subject == subject)
			})
			if err != nil && list == nil {
				return err
			}
			return errors.Join(form.Print(e.Out, showActions(list), func(w io.Writer) { printActions(w, actions.Folded(list)) }), err)
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().DurationVar(&since, "since", defaultActions, "how far back")
	c.Flags().StringVar(&only, "command", "", `only those of this command, as "account disable"`)
	c.Flags().StringVar(&subject, "subject", "", "only those about this account, AppID, …")
	return c
}

// collectActions are those of the database and, with PostgreSQL, of the local store beside it.
func collectActions(ctx context.Context, e *command.Env, cfg *config.Config, from time.Time, wanted func(*store.Action) bool) ([]store.Action, error) {
	shared := func(visit func(*store.Action) error) error { return eachSharedAction(ctx, cfg, from, visit) }
	if cfg.Store.Driver != assemble.DriverPostgres {
		return actions.Gather(shared, wanted)
	}
	local := func(visit func(*store.Action) error) error { return eachLocalAction(ctx, cfg, from, visit) }
	list, skipped, err := actions.Join(shared, local, wanted)
	if skipped != nil {
		e.Warn("what concerns this machine's local store alone is not shown: %v", skipped)
	}
	return list, err
}

// eachSharedAction visits those of PostgreSQL, or of the embedded store.
func eachSharedAction(ctx context.Context, cfg *config.Config, since time.Time, visit func(*store.Action) error) (err error) {
	r, err := assemble.OpenRecords(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return actions.Each(ctx, r.Tables(), since, visit)
}

// eachLocalAction visits those of the local store beside PostgreSQL.
func eachLocalAction(ctx context.Context, cfg *config.Config, since time.Time, visit func(*store.Action) error) (err error) {
	if _, err := os.Stat(cfg.Store.Path); errors.Is(err, fs.ErrNotExist) {
		return actions.ErrNoLocalStore
	}
	local, err := assemble.OpenLocal(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, local.Close()) }()
	return actions.Each(ctx, local.Tables(), since, visit)
}

func showAction(a *store.Action) shownAction {
	s := shownAction{a.ID, a.At.In(regulation.Zone), a.User, a.RealUser, a.Host, a.Command, a.Subject, a.Changes, a.Why}
	if s.Changes == nil {
		s.Changes = []store.Change{}
	}
	return s
}

func showActions(list []store.Action) []shownAction {
	shown := make([]shownAction, len(list))
	for i := range list {
		shown[i] = showAction(&list[i])
	}
	return shown
}

func printActions(w io.Writer, list []store.Action) {
	brief, outcome := actions.Brief, actions.Outcome
	if command.ReadsChinese(w) {
		brief, outcome = actions.BriefChinese, actions.OutcomeChinese
	}
	command.Table(w, "TIME\tBY\tCOMMAND\tSUBJECT\tOUTCOME\tWHY\tCHANGES", func(w io.Writer) {
		for i := range list {
			a := &list[i]
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", show.Time(a.At), show.Cell(a.By()), show.Cell(a.Command), show.Cell(command.SentenceFor(w, a.Subject)),
				show.Cell(cmp.Or(outcome(a), "-")), show.Cell(a.Why), show.Cell(brief(a)))
		}
	})
}
