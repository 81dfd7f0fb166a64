package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/ping"
)

// NewPing is `ping`: whether a front answers, and how fast.
func NewPing(e *command.Env) *cobra.Command {
	var (
		p                  ping.Probe
		authCode, password command.SecretFile
		cipher             command.CipherFlag
		timeout            time.Duration
		form               command.Output
	)
	c := &cobra.Command{
		Use: "ping", Short: "Connect to a front as a terminal does, and print the time of each step", Args: command.NoArgs,
		Long: "Connect; with --app-id and --authcode-file authenticate; with --account and --password-file log in\n" +
			"too, which alone tells the address that the front saw.\n\n" +
			"Each login is recorded like any other: the day's report gets a line with flag 1, because ping collects\n" +
			"no terminal information. Use an account made for it, and tell compliance. A probe that runs every\n" +
			"minute should leave --account away: connecting and authenticating put nothing into the report.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			p.Cipher = cipher.Client()
			p.AuthCode = func() ([]byte, error) { return authCode.Read(e) }
			p.Password = func() ([]byte, error) { return password.Read(e) }
			result, err := p.Run(ctx)
			if err != nil {
				return errors.Join(err, ping.Advice(err))
			}
			return form.Print(e.Out, result, func(w io.Writer) { printPing(w, result) })
		}),
	}
	f := c.Flags()
	f.StringVar(&p.Address, "address", "127.0.0.1:41205", "host:port of the front")
	f.StringVar(&p.BrokerID, "broker", "9999", "broker ID")
	f.StringVar(&p.AppID, "app-id", "", "authenticate as this AppID")
	authCode.Flags(c, "authcode-file", "authcode")
	f.Var(&cipher, "cipher", "answer the challenge by aes or sm4, as the AppID was added")
	f.StringVar(&p.Account, "account", "", "log this account in")
	password.Flags(c, "password-file", "password")
	password.AsIsFlag(c)
	f.StringVar(&p.KeyVersion, "key-version", "1.0", "key version to log in with")
	f.DurationVar(&timeout, "timeout", 10*time.Second, "give up after")
	command.OutputFlag(c, &form)
	c.MarkFlagsRequiredTogether("app-id", "authcode-file")
	c.MarkFlagsRequiredTogether("account", "password-file")
	return c
}

func printPing(w io.Writer, r *ping.Result) {
	command.Tell(w, "front   %s\nlocal   %s\n", r.Address, r.Local)
	if r.Seen != "" {
		command.Tell(w, "seen    %s  (what the front recorded)\nrecord  %s\n"+
			"day     %s  (its report has a line of this login, with abnormal flag 1)\n", r.Seen, r.Record, r.Day)
	}
	for _, s := range r.Steps {
		fmt.Fprintf(w, "%-13s %8.3f ms\n", command.WordFor(w, "ping", s.Step), s.Ms)
	}
}
