package fronts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/wiretrace"
)

func newFrontTrace(e *command.Env) *cobra.Command {
	var (
		path, address string
		fronts        []string
		length        time.Duration
		form          command.Output
	)
	c := &cobra.Command{
		Use: "trace", Short: "Show the frames of a vendor's terminals decoded, field by field", Args: command.NoArgs,
		Long: "Show what terminals of an address, or of a network, send to the running front and what it answers, decoded by\n" +
			"the tables of the protocol, until the time is over or Ctrl-C: each message, field and item by its name, and\n" +
			"what is wrong with it. So a vendor's integration is debugged in minutes.\n\n" +
			"Passwords are hidden; challenges, answers and terminal information are shown as length and digest. One trace\n" +
			"runs at a time; what comes faster than it is shown is dropped and counted, and no terminal waits for it. The\n" +
			"front takes this from its own machine only, and the audit log says who traced whom. A terminal behind a load\n" +
			"balancer is traced by its own address, one behind a relay by the relay's.",
		Example: "  tradefront front trace -c tradefront.yaml --address 203.0.113.7 --for 1m\n" +
			"  tradefront front trace -c tradefront.yaml --address 203.0.113.0/24 -o json",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			of, err := command.ParseNetwork(address)
			if err != nil {
				return fmt.Errorf("--address: %w", err)
			}
			if length < time.Second || length > wiretrace.MaxFor {
				return fmt.Errorf("--for: want 1s to %s", wiretrace.MaxFor)
			}
			admin, err := oneAdmin(c.Context(), e, path, fronts)
			if err != nil {
				return err
			}
			return trace(c.Context(), e, admin, of, length, form)
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	frontFlag(c, &fronts)
	c.Flags().StringVar(&address, "address", "", "address of the terminal, or a network of terminals (203.0.113.0/24)")
	c.Flags().DurationVar(&length, "for", time.Minute, "how long")
	command.Must(c.MarkFlagRequired("address"))
	return c
}

func trace(ctx context.Context, e *command.Env, admin *adminListeners, of netip.Prefix, length time.Duration, form command.Output) error {
	by, err := e.Operator()
	if err != nil {
		return err
	}
	address := admin.addresses[0]
	ended := false
	err = admin.Follow(ctx, address, "/trace", &daemon.Trace{
		Address: of.String(), Seconds: int(length.Round(time.Second) / time.Second), By: by,
	}, func(line []byte) error {
		var event wiretrace.Event
		if err := json.Unmarshal(line, &event); err != nil {
			return fmt.Errorf("the front's line is no event: %w", err)
		}
		ended = event.Kind == wiretrace.KindEnd
		if form == "json" {
			_, err := e.Out.Write(append(line, '\n'))
			return err
		}
		wiretrace.Print(e.Out, &event, e.Lang)
		return nil
	})
	refusal, is := errors.AsType[*ops.Refusal](err)
	switch {
	case is:
		return refusal
	case ctx.Err() != nil: // Ctrl-C
		return nil //nolint:nilerr // the person has seen enough
	case err != nil:
		return askError(address, err)
	case !ended:
		return fmt.Errorf("the front at %q ended the trace before its time: it stops, or its reader was too slow", address)
	}
	return nil
}
