package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

// How long the authcode before stays valid after a rotation.
const (
	defaultOverlap = 7 * 24 * time.Hour
	maxOverlap     = 90 * 24 * time.Hour // a second key to the door should not be forgotten there
)

// rotation is what `app rotate` was asked for.
type rotation struct {
	appCommand
	code    command.AuthCodeFlag
	cipher  *command.CipherFlag // nil if it stays
	overlap time.Duration
}

func newAppRotate(e *command.Env) *cobra.Command {
	a := rotation{appCommand: appCommand{env: e}}
	var cipher command.CipherFlag
	var finish bool
	c := &cobra.Command{
		Use: "rotate", Short: "Give an AppID a new authcode and print it, once",
		Long: "Give an AppID a new authcode and print it. The code before stays valid for the overlap, so that\n" +
			"the vendor can change its terminals over; if it has leaked, say --overlap 0. An AppID has two codes\n" +
			"at most: a rotation during an overlap ends the older one at once. --finish ends the overlap early,\n" +
			"without a new code; `app list` shows whether the code before is still in use.\n" +
			"Running fronts follow within seconds; sessions that are authenticated go on. --cipher changes what\n" +
			"challenges are answered with for the new code; without it that stays.",
		Args: command.NoArgs,
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			if finish {
				return a.finish(c)
			}
			if c.Flags().Changed("cipher") {
				a.cipher = &cipher
			}
			if a.overlap < 0 || a.overlap > maxOverlap {
				return fmt.Errorf("--overlap: want 0 to %s", maxOverlap)
			}
			return a.issue(c, &a.code, a.rotate)
		}),
	}
	a.flags(c)
	command.OutputFlag(c, &a.form)
	a.code.Flags(c)
	c.Flags().Var(&cipher, "cipher", "change to aes or sm4")
	c.Flags().DurationVar(&a.overlap, "overlap", defaultOverlap, "how long the authcode before stays valid; 0 for not at all")
	c.Flags().BoolVar(&finish, "finish", false, "end the overlap now; the current authcode stays")
	for _, other := range []string{"authcode", command.AuthCodeFile, "cipher", "overlap", "output"} {
		c.MarkFlagsMutuallyExclusive("finish", other)
	}
	return c
}

func (a *rotation) rotate(ctx context.Context, i *issuing) error {
	to := directory.Rotation{Code: i.code, Overlap: a.overlap}
	if a.cipher != nil {
		to.Cipher = &a.cipher.Cipher
	}
	did, err := i.directory.Rotate(ctx, i.master, i.id, to)
	if err != nil {
		return err
	}
	i.previousUntil = show.Pointer(did.Until)
	i.told = func(w io.Writer) {
		if i.previousUntil == nil {
			command.Tell(w, "The one before stops working within seconds.\n")
		} else {
			command.Tell(w, "The one before stays valid until %s; end that with --finish once `tradefront app list`\n"+
				"shows that no terminal uses it any more.\n", show.Time(did.Until))
		}
		if !did.Dropped.IsZero() {
			command.Tell(w, "The one before that, which was valid until %s, stops working within seconds.\n", show.Time(did.Dropped))
		}
	}
	return nil
}

// finish ends an overlap. None is there: nothing to do, and no failure.
func (a *rotation) finish(c *cobra.Command) (err error) {
	cfg, r, err := a.env.OpenDirectory(c.Context(), a.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	id := regulation.AppID(a.appID)
	act, err := a.env.Act(c, cfg, a.appID, "")
	if err != nil {
		return err
	}
	ended, err := directory.New(r.Tables()).As(act).EndOverlap(c.Context(), id)
	switch {
	case err != nil:
		return appError(id, err)
	case ended:
		command.Tell(a.env.Out, "AppID %s: the previous authcode stops working within seconds\n", id)
	default:
		command.Tell(a.env.Out, "AppID %s has one authcode only; there is nothing to end\n", id)
	}
	return nil
}
