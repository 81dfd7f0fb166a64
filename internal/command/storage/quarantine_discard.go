package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/recovery"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
)

func newQuarantineDiscard(e *command.Env) *cobra.Command {
	var (
		path, reason string
		form         command.Output
	)
	c := &cobra.Command{
		Use: "discard RECORDID", Short: "Remove a record that was altered, for good", Args: cobra.ExactArgs(1),
		Long: "Remove a record that was altered in the local store, which can never be released and holds up the\n" +
			"report of its day. What could be read of it is printed first: file that output, nothing else is\n" +
			"left. What the login really was is lost, and reconcile names it. That it is given up is a waiver: the report\n" +
			"of its day says who did it, when and why. A sound record is refused: it can be released. It may be\n" +
			"run beside the daemon.",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			ids, err := parseRecordIDs(args)
			if err != nil {
				return err
			}
			w, err := e.NewWaiver(reason, "quarantine discard")
			if err != nil {
				return err
			}
			return withLocal(c.Context(), e, path, func(cfg *config.Config, local *journal.Journal) error {
				return discard(c, e, form, cfg, local, ids[0], w)
			})
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().StringVar(&reason, "reason", "", command.ReasonHelp)
	return c
}

// discard prints, notes the loss, then removes: if we crash in between, the record is still there, and the
// command is run again. Other than that nothing of it would be left anywhere.
func discard(c *cobra.Command, e *command.Env, form command.Output, cfg *config.Config, local *journal.Journal, id uuid.UUID, w store.Waiver) error {
	ctx := c.Context()
	found, err := findAltered(ctx, local, id)
	if err != nil {
		return err
	}
	s := showRefused(found)
	var text bytes.Buffer // text forms do not tell of a write that fails
	if err := form.Print(e.ReadBy(&text), s, s.print); err != nil {
		return err
	}
	if _, err := e.Out.Write(text.Bytes()); err != nil {
		return fmt.Errorf("nothing was discarded, since what it said could not be printed: %w", err)
	}
	err = e.UndertakeIn(c, cfg, local.Tables(), command.Task{Subject: id.String(), Why: w.Reason}, func(a *store.Action) error {
		if err := recovery.GiveUp(ctx, cfg, local, w, recovery.LostRecord(cfg, found)); err != nil {
			return fmt.Errorf("record %v was not discarded: %w", id, err)
		}
		if err := local.Discard(ctx, found.Seq); err != nil {
			return fmt.Errorf("record %v was not discarded: %w", id, err)
		}
		a.Note("record", "in quarantine", "discarded")
		return nil
	})
	if err != nil {
		return err
	}
	command.Tell(e.ReadBy(e.Err), "discarded record %v: file the output of this command, it is all that is left of the record. "+
		"The login's true record is lost, and in no report: tradefront reconcile with the day's audit logs names it\n", id)
	return nil
}

// findAltered is the oldest altered record of that RecordID: the RecordID itself may be what
// was altered, and then several can have the same one.
func findAltered(ctx context.Context, local *journal.Journal, id uuid.UUID) (*journal.Refused, error) {
	all, err := local.Quarantine(ctx)
	if err != nil {
		return nil, err
	}
	err = fmt.Errorf("record %v is not in this front's quarantine: see tradefront quarantine list", id)
	for i := range all {
		switch r := &all[i]; {
		case r.Record.ID != id:
		case r.Altered:
			return r, nil
		default:
			err = errors.New("this record is sound and is not discarded: once the reason is mended, " +
				"tradefront quarantine release " + id.String())
		}
	}
	return nil, err
}
