package fronts

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/recovery"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/heartbeat"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

func newFrontRetire(e *command.Env) *cobra.Command {
	var (
		path, storeID, reason string
		force                 bool
		form                  command.Output
	)
	c := &cobra.Command{
		Use: "retire ID", Short: "Say that a front is gone for good", Args: cobra.ExactArgs(1),
		Long: "Say that a front, or its local store on a machine that was given up, is gone for good: reports no\n" +
			"longer wait for it. One that is running is left alone, so that after a move to another machine\n" +
			"`front retire ID` retires the old one. If it last said that it holds records, those are in no report\n" +
			"unless its disk can be read: bring the disk back and start the front on it, or give them up with --force:\n" +
			"a waiver, so the reports of their days say who gave them up, when and why. One that did not say that it\n" +
			"stopped may have taken logins after it was last seen: the reports of the days since say so by a waiver\n" +
			"too, also without --force. A front that reports again is there again.",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 32)
			if err != nil || id < 1 {
				return fmt.Errorf("%q is no front.id: want a number, see tradefront front list", args[0])
			}
			why := "front retire"
			if force {
				why += " --force"
			}
			w, err := e.NewWaiver(reason, why)
			if err != nil {
				return err
			}
			return withPostgres(c.Context(), e, path, func(cfg *config.Config, pg *postgres.Store) error {
				fronts, err := pg.Fronts(c.Context())
				if err != nil {
					return err
				}
				gone, err := heartbeat.ChooseRetired(fronts, int32(id), storeID, force)
				if err != nil {
					return err
				}
				lost, err := recovery.LostOfFronts(cfg, gone, w.At)
				if err != nil {
					return err
				}
				return e.UndertakeIn(c, cfg, pg.Tables(), command.Task{Subject: "front " + args[0], Why: reason}, func(a *store.Action) error {
					if err := settlement.GiveUp(c.Context(), pg, w, lost); err != nil {
						return fmt.Errorf("nothing was retired: the waiver of what is lost cannot be noted: %w", err)
					}
					return retireFronts(c.Context(), e, pg, gone, lost, a, form)
				})
			})
		}),
	}
	command.ConfigFlag(c, &path)
	c.Flags().StringVar(&storeID, "store-id", "", "only the local store with this ID, of front list -o json")
	c.Flags().BoolVar(&force, "force", false, "waive the records that it holds: they will be in no report")
	c.Flags().StringVar(&reason, "reason", "", command.ReasonHelp)
	command.OutputFlag(c, &form)
	return c
}

func retireFronts(
	ctx context.Context, e *command.Env, pg *postgres.Store, gone []store.Front, lost []settlement.Loss, a *store.Action, form command.Output,
) error {
	retired := make([]shownFront, 0, len(gone))
	for i := range gone {
		f := &gone[i]
		if err := pg.RetireFront(ctx, f); err != nil {
			return fmt.Errorf("front %d on host %s was heard of in this moment: %w", f.FrontID, f.Host, err)
		}
		a.Note("retired", "", "on host "+f.Host+", it held "+heartbeat.Holds(f))
		retired = append(retired, showFront(f))
	}
	return form.Print(e.Out, retired, func(w io.Writer) {
		for i := range gone {
			f := &gone[i]
			command.Tell(w, "retired front %d on host %s, last seen %s; then it held: %s\n",
				f.FrontID, f.Host, show.Time(f.Seen), command.PartsFor(w, heartbeat.Holds(f)))
			if !f.Stopped {
				command.Tell(w, "its last report was not that it stopped, so it may have taken logins since: reconcile with its audit log tells which\n")
			}
		}
		if days := daysOf(lost); len(days) > 0 {
			command.Tell(w, "the reports of %d trading days, from %s to %s, say from now on that logins may be missing\n",
				len(days), days[0], days[len(days)-1])
		}
	})
}

// daysOf are the days of losses, in their order.
func daysOf(lost []settlement.Loss) (days []string) {
	for i := range lost {
		days = append(days, lost[i].Day.String())
	}
	slices.Sort(days)
	return slices.Compact(days)
}
