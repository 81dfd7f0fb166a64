package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
)

// shownRefused is a record in quarantine as `quarantine list -o json` and `show` print it.
type shownRefused struct {
	RecordID    string    `json:"record_id"`
	TradingDay  string    `json:"trading_day"`
	LoginTime   time.Time `json:"login_time"`
	Account     string    `json:"account"`
	UserType    string    `json:"user_type"`
	AppID       string    `json:"app_id"`
	VendorID    string    `json:"vendor_id"`
	KeyVersion  string    `json:"key_version"`
	Flag        string    `json:"flag"`
	Provisional bool      `json:"provisional"`
	FrontID     int32     `json:"front_id"`
	SessionID   int32     `json:"session_id"`
	Error       string    `json:"error"`
	// Altered says that the bytes are not those that were recorded: nothing above is to be
	// believed, and there is no line.
	Altered bool   `json:"altered"`
	Line    string `json:"line,omitempty"` // as the report would have it
}

// NewQuarantine is `quarantine`: records that PostgreSQL refused.
func NewQuarantine(e *command.Env) *cobra.Command {
	return command.Group("quarantine", "Records that PostgreSQL refused: in no report",
		newQuarantineList(e), newQuarantineShow(e), newQuarantineRelease(e), newQuarantineDiscard(e))
}

func newQuarantineList(e *command.Env) *cobra.Command {
	var (
		path string
		form command.Output
	)
	c := &cobra.Command{
		Use: "list", Short: "List the records in this front's quarantine", Args: command.NoArgs,
		Long: "List the records that PostgreSQL refused for their data, or that were altered in the local store.\n" +
			"They are in no report, and the report of their day refuses while there is one. It may be run\n" +
			"beside the daemon.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			return withLocal(c.Context(), e, path, func(_ *config.Config, local *journal.Journal) error {
				all, err := local.Quarantine(c.Context())
				if err != nil {
					return err
				}
				list := make([]shownRefused, 0, len(all))
				for i := range all {
					list = append(list, showRefused(&all[i]))
				}
				return form.Print(e.Out, list, func(w io.Writer) { printQuarantine(w, list) })
			})
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	return c
}

func newQuarantineShow(e *command.Env) *cobra.Command {
	var (
		path string
		line bool
		form command.Output
	)
	c := &cobra.Command{
		Use: "show RECORDID", Short: "Show one of them whole, with its report line", Args: cobra.ExactArgs(1),
		Long: "Show everything that was recorded, and the line that the report would have. With --line that line\n" +
			"alone: should the reason not be mended before the report must be handed in, write it to a file with\n" +
			"the report's name in a folder of its own, and merge both with `tradefront report merge`.",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			ids, err := parseRecordIDs(args)
			if err != nil {
				return err
			}
			return withLocal(c.Context(), e, path, func(_ *config.Config, local *journal.Journal) error {
				found, err := findRefused(c.Context(), local, ids[0])
				if err != nil {
					return err
				}
				switch {
				case line && found.Altered:
					return errors.New("this record was altered in the local store: there is no line of it that could be handed in")
				case line:
					fmt.Fprintln(e.Out, found.Line)
					return nil
				}
				return form.Print(e.Out, found, found.print)
			})
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().BoolVar(&line, "line", false, "only the line of the report")
	return c
}

func newQuarantineRelease(e *command.Env) *cobra.Command {
	var (
		path string
		all  bool
		form command.Output
	)
	c := &cobra.Command{
		Use: "release RECORDID... | --all", Short: "Send records to PostgreSQL again",
		Args: func(_ *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return errors.New("name RecordIDs, or give --all, and not both")
			}
			return nil
		},
		Long: "Put records back among those that wait for PostgreSQL, when the reason was there and is mended. A\n" +
			"running front sends them within seconds, else the next start does. One that is refused again\n" +
			"comes back. Records that were altered in the local store stay (see discard); one that is named is an error.",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			ids, err := parseRecordIDs(args)
			if err != nil {
				return err
			}
			return withLocal(c.Context(), e, path, func(cfg *config.Config, local *journal.Journal) error {
				for _, id := range ids {
					found, err := findRefused(c.Context(), local, id)
					if err == nil && found.Altered {
						err = fmt.Errorf("record %v was altered in the local store and cannot be released, and nothing was; tradefront quarantine discard gives it up", id)
					}
					if err != nil {
						return err
					}
				}
				var released int64
				subject := cmp.Or(strings.Join(args, " "), "all records in quarantine")
				err := e.UndertakeIn(c, cfg, local.Tables(), command.Task{Subject: subject}, func(a *store.Action) (err error) {
					released, err = local.Release(c.Context(), ids...)
					a.Note("released", "", fmt.Sprintf("%d records", released))
					return err
				})
				if err != nil {
					return err
				}
				left, err := local.Quarantined(c.Context())
				if err != nil {
					return err
				}
				return form.Print(e.Out, releasedRecords{released, left}, func(w io.Writer) {
					command.Tell(w, "released %d records; %d are in quarantine\n", released, left)
				})
			})
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().BoolVar(&all, "all", false, "all of them")
	return c
}

// releasedRecords is what `quarantine release -o json` prints.
type releasedRecords struct {
	Released int64 `json:"released"`
	Left     int64 `json:"left"`
}

// withLocal runs f on the local store of a configuration, beside a running daemon.
func withLocal(ctx context.Context, e *command.Env, path string, f func(*config.Config, *journal.Journal) error) (err error) {
	cfg, err := config.Load(path, e.Environ)
	if err != nil {
		return err
	}
	local, err := assemble.OpenLocal(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, local.Close()) }()
	return f(cfg, local)
}

func parseRecordIDs(args []string) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, len(args))
	for i, arg := range args {
		id, err := uuid.Parse(arg)
		if err != nil {
			return nil, fmt.Errorf("%q is no RecordID: see tradefront quarantine list", arg)
		}
		ids[i] = id
	}
	return ids, nil
}

func findRefused(ctx context.Context, local *journal.Journal, id uuid.UUID) (shownRefused, error) {
	all, err := local.Quarantine(ctx)
	if err != nil {
		return shownRefused{}, err
	}
	for i := range all {
		if all[i].Record.ID == id {
			return showRefused(&all[i]), nil
		}
	}
	return shownRefused{}, fmt.Errorf("record %v is not in this front's quarantine: see tradefront quarantine list", id)
}

func showRefused(r *journal.Refused) shownRefused {
	rec := &r.Record
	s := shownRefused{
		RecordID: rec.ID.String(), TradingDay: rec.TradingDay.String(), LoginTime: rec.LoginTime.In(regulation.Zone),
		Account: string(rec.Account), UserType: rec.UserType.Word(), AppID: string(rec.AppID), VendorID: rec.VendorID,
		KeyVersion: rec.KeyVersion, Flag: rec.Flag.Word(), Provisional: rec.Provisional, FrontID: rec.FrontID,
		SessionID: rec.SessionID, Error: r.Error, Altered: r.Altered,
	}
	if !r.Altered {
		s.Line = string(reportfile.Line{
			VendorID: rec.VendorID, KeyVersion: rec.KeyVersion, Terminal: rec.Terminal, Supplement: rec.Supplement,
		}.Append(nil))
	}
	return s
}

func printQuarantine(w io.Writer, list []shownRefused) {
	if len(list) == 0 {
		command.Tell(w, "no record is in quarantine\n")
		return
	}
	command.Table(w, "RECORD\tDAY\tLOGIN\tACCOUNT\tAPPID\tWHY", func(w io.Writer) {
		for _, r := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%q\t%q\t%s\n", r.RecordID, r.TradingDay, show.Time(r.LoginTime), r.Account, r.AppID, command.SentenceFor(w, r.Error))
		}
	})
}

func (s shownRefused) print(w io.Writer) {
	command.Table(w, "record\t"+s.RecordID, func(w io.Writer) {
		for _, item := range [][2]string{
			{"trading day", s.TradingDay},
			{"login", show.Time(s.LoginTime)},
			{"account", fmt.Sprintf("%q, %s", s.Account, command.WordFor(w, "user", s.UserType))},
			{"AppID", fmt.Sprintf("%q", s.AppID)},
			{"vendor", s.VendorID},
			{"key version", s.KeyVersion},
			{"flag", command.WordFor(w, "flag", s.Flag)},
			{"front, session", fmt.Sprintf("%d, %d", s.FrontID, s.SessionID)},
			{"why", command.SentenceFor(w, s.Error)},
		} {
			fmt.Fprintf(w, "%s\t%v\n", command.HeaderFor(w, item[0]), item[1])
		}
	})
	if s.Altered {
		command.Tell(w, "It was altered in the local store's file: nothing above is certain. reconcile with the audit log tells which login it was.\n")
		return
	}
	if s.Provisional {
		command.Tell(w, "Its trading day rests on a provisional calendar.\n")
	}
	command.Tell(w, "report line:\n%s\n", s.Line)
}
