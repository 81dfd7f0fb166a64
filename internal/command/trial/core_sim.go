package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
)

// exitCrashed is the exit status of a core-sim that crashed on command.
const exitCrashed = 3

// coreSimFlags are what the flags say besides coresim.Run.
type coreSimFlags struct {
	accounts, cert, key, clientCA string
	state                         coreState
	form                          command.Output
}

// NewCoreSim is `core-sim`: a core for tests.
func NewCoreSim(e *command.Env) *cobra.Command {
	var (
		run   coresim.Run
		flags coreSimFlags
	)
	c := &cobra.Command{
		Use: "core-sim", Short: "Run a reference core for tests and vendors; it is no trading core", Args: command.NoArgs,
		Long: "core-sim is no trading core. It speaks a core's side of the link to fronts (docs/core.md), for tests, for the\n" +
			"demo, and for vendors who want to see the link at work. It verifies logins from a file, echoes business\n" +
			"messages, matches orders for one instrument in a toy book, and numbers private and broadcast flows. It\n" +
			"keeps everything in memory, and has no risk control.\n\n" +
			"The accounts file:\n\n" +
			"  accounts:\n" +
			"    - {user: \"88888888\", password: Secret123, notice: \"Hello\"}\n" +
			"    - {user: \"2001\", password: first, restriction: first-login, sessions: 2}\n\n" +
			"other keys: type (customer, operator), restriction (none, first-login, expired, weak), locked, last_login,\n" +
			"last_ip, code and mobile (a second factor), series (of the private flow).\n\n" +
			"Until SIGTERM or SIGINT it takes commands at --control; core-sim ctl sends one:\n\n  " + strings.Join(coresim.Help(), "\n  ") +
			"\n\nAt the end it prints what it saw: of each instance sessions, frames, orders, and what fronts did wrong.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			if err := flags.complete(e, &run); err != nil {
				return err
			}
			run.In, run.Out = e.In, e.Out
			run.Started = func(at coresim.Listening) { sayListening(e.Out, flags.form, &at) }
			report, err := run.Do(c.Context())
			if report == nil {
				return err
			}
			if printErr := flags.form.Print(e.Out, report, func(w io.Writer) { printCoreSim(w, report) }); err == nil {
				err = printErr
			}
			return err
		}),
	}
	o, f := &run.Options, c.Flags()
	f.StringSliceVar(&run.Listen, "listen", []string{"127.0.0.1:41300"}, "host:port or unix:/path for fronts; may be given several times")
	f.StringVar(&flags.cert, "cert", "", "certificate of the core, PEM; with --key and --client-ca fronts speak TLS 1.3 over TCP")
	f.StringVar(&flags.key, "key", "", "its private key")
	f.StringVar(&flags.clientCA, "client-ca", "", "authority of the fronts' certificates")
	f.StringVar(&flags.accounts, "accounts", "", "file of the accounts, YAML")
	f.StringVar(&o.TradingDay, "trading-day", "", "YYYYMMDD; the product's calendar says it otherwise")
	f.StringVar(&o.CoreID, "core-id", coresim.DefaultCoreID, "CoreID, which begins with core-sim: two cores of a test differ")
	f.Int32Var(&o.Term, "term", 1, "term at the start")
	f.StringVar(&o.Instance, "instance", "", "UUID of this start; made otherwise")
	f.Var(&flags.state, "state", "active, standby or initialising")
	f.DurationVar(&o.Heartbeat, "heartbeat", 5*time.Second, "whole seconds between heartbeats")
	f.Int32Var(&o.Credit, "credit", 0, "window of business frames that a front may send; 0 does not bound them")
	f.DurationVar(&o.Grace, "grace", 10*time.Second, "how long sessions wait for a front that comes back")
	f.DurationVar(&o.MarketStatus, "market-status", 0, "broadcast a market status each; 0s never")
	f.BoolVar(&o.ReportedOnly, "reported-only", false, "refuse an operator's order for a customer whose terminal no relay has reported (9)")
	f.StringVar(&run.Control, "control", "", "Unix socket for commands; - takes them from standard input")
	command.OutputFlag(c, &flags.form)
	command.Must(c.MarkFlagRequired("accounts"))
	c.MarkFlagsRequiredTogether("cert", "key", "client-ca")
	c.AddCommand(newCoreSimCtl(e))
	return c
}

// complete turns files and words into Options.
func (f *coreSimFlags) complete(e *command.Env, run *coresim.Run) (err error) {
	o := &run.Options
	if o.Accounts, err = coresim.LoadAccounts(f.accounts); err != nil {
		return fmt.Errorf("--accounts: %w", err)
	}
	if f.cert != "" {
		if run.TLS, err = coresim.TLSConfig(f.cert, f.key, f.clientCA); err != nil {
			return err
		}
	}
	if o.TradingDay == "" {
		days, err := calendar.Parse(configs.Calendar)
		if err != nil {
			return err
		}
		day, _ := days.TradingDayOf(time.Now())
		o.TradingDay = day.String()
	}
	o.State = ftd.CoreState(f.state)
	o.Crash = func() { os.Exit(exitCrashed) }
	o.Logger = logs.NewLogger(zap.NewAtomicLevel(), e.Err)
	return nil
}

// coreState is a word for a core's state.
type coreState ftd.CoreState

var coreStates = map[string]ftd.CoreState{"active": ftd.CoreActive, "standby": ftd.CoreStandby, "initialising": ftd.CoreInitialising}

func (s *coreState) Type() string { return "state" }

func (s *coreState) String() string {
	for word, state := range coreStates {
		if state == ftd.CoreState(*s) {
			return word
		}
	}
	return "active"
}

// Set refuses any other word.
func (s *coreState) Set(word string) error {
	state, known := coreStates[word]
	if !known {
		return fmt.Errorf("want active, standby or initialising")
	}
	*s = coreState(state)
	return nil
}

func newCoreSimCtl(e *command.Env) *cobra.Command {
	var (
		control string
		timeout time.Duration
	)
	c := &cobra.Command{
		Use: "ctl COMMAND...", Short: "Send a running core-sim a command, and print its answer",
		Long: "Send a running core-sim a command, and print its answer:\n\n  " + strings.Join(coresim.Help(), "\n  "),
		Args: cobra.MinimumNArgs(1),
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			answer, err := coresim.Ask(ctx, control, strings.Join(args, " "))
			if err != nil {
				return err
			}
			fmt.Fprintln(e.Out, answer)
			return nil
		}),
	}
	c.Flags().StringVar(&control, "control", "", "its control socket")
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "give up after")
	command.Must(c.MarkFlagRequired("control"))
	return c
}

// sayListening prints where fronts are accepted: a line of text, or of JSON.
func sayListening(w io.Writer, form command.Output, at *coresim.Listening) {
	if form == "json" {
		_ = json.NewEncoder(w).Encode(at)
		return
	}
	line := "core-sim, which is no trading core, accepts fronts on " + strings.Join(at.Listen, ", ")
	if at.Control != "" {
		line += "; control " + at.Control
	}
	fmt.Fprintln(w, line)
}

func printCoreSim(w io.Writer, r *coresim.Report) {
	fmt.Fprintf(w, "%s (no trading core), term %d, state %s, trading day %s; orders in the book %d\n", r.CoreID, r.Term, r.State, r.TradingDay, r.Resting)
	for i := range r.Instances {
		c := &r.Instances[i]
		fmt.Fprintf(w, "instance %s\n  links %d, frames in %d, out %d; links ended for: %s\n",
			c.Instance, c.Links, c.FramesIn, c.FramesOut, command.Counted(w, c.Faults))
		fmt.Fprintf(w, "  verifies %d by code: %s; opens %d, resumes %d, aborts %d, closes %s\n",
			c.Verifies, command.Counted(w, c.VerifyCodes), c.Opens, c.Resumes, c.Aborts, command.Counted(w, c.Closes))
		fmt.Fprintf(w, "  business %d: echoes %d, orders %d, refused %d, trades %d; broadcasts %d\n",
			c.Business, c.Echoes, c.Orders, c.OrdersRefused, c.Trades, c.Broadcasts)
		if c.Visits > 0 {
			fmt.Fprintf(w, "  visits of relays' terminals %d, ended %d; orders for customers who were not reported %d\n", c.Visits, c.VisitsClosed, c.OrdersUnreported)
		}
		fmt.Fprintf(w, "  the fronts' faults: %s\n", command.Counted(w, violations(c)))
	}
	fmt.Fprintf(w, "sessions now: %s\n", sessionsNow(r.Sessions))
}

// violations are the counters of fronts' faults that are not 0.
func violations(c *coresim.Counters) map[string]uint64 {
	all := map[string]uint64{
		"unknown_session": c.UnknownSession, "verified_twice": c.VerifiedTwice, "duplicates": c.Duplicates, "out_of_order": c.OutOfOrder,
		"cut_chains": c.CutChains, "over_credit": c.OverCredit, "beyond_password": c.BeyondPassword, "unknown_tid": c.UnknownTID,
	}
	maps.DeleteFunc(all, func(_ string, n uint64) bool { return n == 0 })
	return all
}

func sessionsNow(states map[string]int) string {
	parts := []string{}
	for _, state := range slices.Sorted(maps.Keys(states)) {
		parts = append(parts, fmt.Sprintf("%s %d", state, states[state]))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
