package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// How long the authcode before stays valid after a rotation.
const (
	defaultOverlap = 7 * 24 * time.Hour
	maxOverlap     = 90 * 24 * time.Hour // a second key to the door should not be forgotten there
)

// rotation is what `app rotate` was asked for.
type rotation struct {
	appCommand
	code    string
	cipher  *cipherFlag // nil if it stays
	overlap time.Duration
}

func newAppRotate(e *env) *cobra.Command {
	a := rotation{appCommand: appCommand{env: e}}
	var cipher cipherFlag
	var finish bool
	c := &cobra.Command{
		Use: "rotate", Short: "Give an AppID a new authcode and print it, once",
		Long: "Give an AppID a new authcode and print it. The code before stays valid for the overlap, so that\n" +
			"the vendor can change its terminals over; if it has leaked, say --overlap 0. An AppID has two codes\n" +
			"at most: a rotation during an overlap ends the older one at once. --finish ends the overlap early,\n" +
			"without a new code; `app list` shows whether the code before is still in use.\n" +
			"Running fronts follow within seconds; sessions that are authenticated go on. --cipher changes what\n" +
			"challenges are answered with for the new code; without it that stays.",
		Args: noArgs,
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			if finish {
				return a.finish(c.Context())
			}
			if c.Flags().Changed("cipher") {
				a.cipher = &cipher
			}
			if a.overlap < 0 || a.overlap > maxOverlap {
				return fmt.Errorf("--overlap: want 0 to %s", maxOverlap)
			}
			return a.issue(c.Context(), a.code, a.rotate)
		}),
	}
	a.flags(c)
	outputFlag(c, &a.form)
	c.Flags().StringVar(&a.code, "authcode", "", "use this authcode (16 of A-Z, 0-9) instead of a random one")
	c.Flags().Var(&cipher, "cipher", "change to aes or sm4")
	c.Flags().DurationVar(&a.overlap, "overlap", defaultOverlap, "how long the authcode before stays valid; 0 for not at all")
	c.Flags().BoolVar(&finish, "finish", false, "end the overlap now; the current authcode stays")
	for _, other := range []string{"authcode", "cipher", "overlap", "output"} {
		c.MarkFlagsMutuallyExclusive("finish", other)
	}
	return c
}

// rotate replaces the codes as they were read, and fails if somebody was faster.
func (a *rotation) rotate(ctx context.Context, i *issuing) error {
	app, err := assemble.FindApp(ctx, i.directory, i.id)
	if err != nil {
		return err
	}
	now, was, cipher, until := time.Now(), app, app.Cipher, time.Time{}
	if a.cipher != nil {
		cipher = a.cipher.Cipher
	}
	if a.overlap > 0 {
		until = now.Add(a.overlap).Truncate(time.Second)
	}
	err = i.master.Rotate(&app, i.code, cipher, until)
	if errors.Is(err, auth.ErrNotSealed) {
		return fmt.Errorf("%w; restore the right master key, or replace it at once with --overlap 0", err)
	}
	if err == nil {
		err = setCodes(ctx, i.directory, was.Sealed, app)
	}
	if err != nil {
		return err
	}
	i.words = "The one before stops working within seconds.\n"
	if !until.IsZero() {
		inZone := until.In(regulation.Zone)
		i.previousUntil = &inZone
		i.words = fmt.Sprintf("The one before stays valid until %s; end that with --finish once `tradefront app list`\n"+
			"shows that nobody uses it any more.\n", show.Time(until))
	}
	if was.Previous.ValidAt(now) {
		i.words += fmt.Sprintf("The one before that, which was valid until %s, stops working within seconds.\n", show.Time(was.Previous.Until))
	}
	return nil
}

// finish ends an overlap. None is there: nothing to do, and no failure.
func (a *rotation) finish(ctx context.Context) (err error) {
	_, r, err := a.env.openDirectory(ctx, a.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	id := regulation.AppID(a.appID)
	app, err := assemble.FindApp(ctx, directory.New(r.Tables()), id)
	if err != nil {
		return appError(id, err)
	}
	if !app.Previous.ValidAt(time.Now()) {
		fmt.Fprintf(a.env.out, "AppID %s has one authcode only; there is nothing to end\n", id)
		return nil
	}
	app.Previous = auth.Predecessor{}
	if err := setCodes(ctx, directory.New(r.Tables()), app.Sealed, app); err != nil {
		return appError(id, err)
	}
	fmt.Fprintf(a.env.out, "AppID %s: the previous authcode stops working within seconds\n", id)
	return nil
}

// errChanged says that two operators met.
var errChanged = errors.New("it was changed by somebody else just now: look at `tradefront app list`, and try again")

func setCodes(ctx context.Context, d *directory.Directory, was []byte, app auth.App) error {
	err := d.SetAppCodes(ctx, was, app)
	if errors.Is(err, store.ErrNotFound) {
		return errChanged
	}
	return err
}
