package trial

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/internal/supplement"
)

// loadtestRun is what loadtest run is told.
type loadtestRun struct {
	plan                 loadtest.Plan
	people, key          string
	to, own              []string
	share                loadtestShare
	answers, frontConfig string
	duration             time.Duration
	asserts              []string
	peak                 float64
	tell                 tellLoadtest
	proof                loadtestRunProof
}

func newLoadtestRun(e *command.Env) *cobra.Command {
	var l loadtestRun
	c := &cobra.Command{
		Use: "run", Short: "Log in many terminals, and say how long each had to wait", Args: command.NoArgs,
		Long: "Log in the accounts of a population (`loadtest prepare`) at a front, by a scenario:\n\n" +
			"  storm      arrive, log in, stay          churn   arrive, log in, log out\n" +
			"  cold       each account's first login    steady  stay; at the rate one leaves and returns\n" +
			"  reconnect  all leave at once and return  hostile churn, with a share of attackers\n" +
			"  orders     stay, and send messages through the front to the trading core\n" +
			"  relay      operators of relays log in and submit the terminals of --customers; --relay-mode investor: customers log in through relays\n\n" +
			"With --rate visits arrive by the clock, whether or not the front answers, and latency counts from the instant at which a\n" +
			"visit was due. Without it --concurrency terminals log in one after the other.\n\n" +
			"Every login is recorded like any other and is a line of the day's report: use a front of your own, set up for the test.\n" +
			"The exit status is 1 if a visit had a wrong answer, or if an assertion does not hold.",
		Example: "  tradefront loadtest run --to 127.0.0.1:41205 --people people.json --key keys/1.0.pem --visits 20000 --rate 1000 \\\n" +
			"    --assert 'p99<50ms' --assert errors==0 --save result.json --html result.html",
		RunE: e.Action(func(c *cobra.Command, _ []string) error { return l.run(c.Context(), e, c.Flags()) }),
	}
	l.flags(c)
	l.share.flags(c.Flags())
	l.tell.flags(c, e)
	l.proof.flags(c)
	return c
}

func (l *loadtestRun) flags(c *cobra.Command) {
	f, p := c.Flags(), &l.plan
	f.StringSliceVar(&l.to, "to", []string{"127.0.0.1:41205"}, "host:port of the front; repeatable: several share the accounts")
	f.StringSliceVar(&l.own, "i-own", nil, "host of the front, or of a generator, that is not this machine: you say that it is yours; repeatable")
	f.StringVar(&l.people, "people", "", "file that loadtest prepare wrote")
	f.StringVar(&l.key, "key", "", "public key in PEM that terminal strings are sealed under")
	f.StringVar(&p.KeyVersion, "key-version", "1.0", "its version")
	f.StringVar(&p.Scenario, "scenario", loadtest.Storm, "one of "+strings.Join(loadtest.Scenarios(), ", "))
	f.IntVar(&p.Visits, "visits", 0, "visits in all, or sessions that are held; 0: as many as arrive during --ramp and --duration")
	f.Float64Var(&p.Rate, "rate", 0, "visits a second; 0 for a closed loop")
	f.DurationVar(&p.Ramp, "ramp", 0, "until the rate is reached")
	f.DurationVar(&l.duration, "duration", 10*time.Second, "how long visits arrive at the full rate, which --ramp comes before, if --visits is 0")
	f.IntVar(&p.Concurrency, "concurrency", loadtest.DefaultConcurrency, "terminals that log in at a time in a closed loop")
	f.DurationVar(&p.Hold, "hold", 0, "how long sessions stay after the last login; of steady how long they come and go, of orders how long they send")
	f.Float64Var(&p.Attackers, "attackers", 0.2, "share of attackers in scenario hostile")
	f.StringVar(&p.RelayMode, "relay-mode", loadtest.OperatorRelay, "of scenario relay: operator, or investor for many-to-many")
	f.IntVar(&p.Customers, "customers", 1000, "customers behind the relays of scenario relay; --rate is then that of their submissions or logins")
	f.Float64Var(&p.OrdersRate, "orders-rate", 1000, "messages a second of all terminals together in scenario orders, for --hold; the core must send them back")
	f.IntVar(&p.Sources, "sources", 0, "addresses of 127.0.0.0/8 that terminals come from; 0: the system's choice")
	f.BoolVar(&p.Proxy, "proxy-protocol", false, "a PROXY header before each visit, from addresses of 10.0.0.0/8: for a listener that trusts this machine")
	f.IntVar(&p.First, "first", 0, "number of the first account")
	f.IntVar(&p.Heartbeat, "heartbeat", 30, "seconds of silence that terminals ask for")
	f.DurationVar(&p.Patience, "patience", loadtest.DefaultPatience, "how long a visit waits for an answer")
	f.DurationVar(&p.ComeAgain, "come-again", 0, "how long terminals that are told to come later (7, 8, 90), or are cut off before they are in, try again; 0: not")
	f.Uint64Var(&p.Seed, "seed", 1, "of the synthetic terminals")
	f.StringArrayVar(&l.asserts, "assert", nil, "what the run must show, as p99<50ms, errors==0, rate>=2000; repeatable")
	f.Float64Var(&l.peak, "historical-peak", 0, "the firm's peak in logins a second: the result says what multiple of it was reached, from the end of --ramp on")
	f.StringVar(&l.frontConfig, "front-config", "", "configuration file of the front; the result has its hash, as front list shows it")
	f.StringVar(&l.answers, "answers", "", "file to write with one line of JSON for each login that was answered")
	for _, name := range []string{"people", "key"} {
		command.Must(c.MarkFlagRequired(name))
	}
}

// errInterruptedBefore is the end of a run that its operator ended while terminal strings were made.
var errInterruptedBefore = errors.New("it was interrupted before the first visit; nothing was sent, and there is no result")

func (l *loadtestRun) run(ctx context.Context, e *command.Env, flags *pflag.FlagSet) error {
	if l.share.join != "" {
		return l.join(ctx, e, flags)
	}
	asserted, err := result.ParseAssertions(l.asserts)
	if err != nil {
		return err
	}
	if err := errors.Join(checkPeak(l.peak), asserted.Check(l.peak > 0, l.plan.HasRequests()), l.check(ctx, e)); err != nil {
		return err
	}
	key, hash, err := l.ready(ctx, e)
	if err != nil {
		return err
	}
	maxOpen, err := loadtest.MaxOpen()
	if err != nil {
		return err
	}
	r, err := l.make(ctx, e, key, maxOpen)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return errInterruptedBefore
	}
	if err != nil {
		return err
	}
	r.ConfigHash, r.Parameters = hash, parameters(flags)
	r.Compare(l.peak)
	unproven := l.proof.add(ctx, e, r, l.answers, l.frontConfig)
	r.Judge(asserted)
	return errors.Join(unproven, l.tell.result(e, r)) // what was measured is kept, also when the proof fails
}

// check refuses what would be found out after the run.
func (l *loadtestRun) check(ctx context.Context, e *command.Env) error {
	switch {
	case l.share.listen != "" && (l.proof.verify || l.answers != ""):
		return errors.New("--listen: the generators that join have the answers; give --answers to each of them, and compare all their files " +
			"afterwards with `tradefront loadtest verify`")
	case l.proof.verify && len(l.to) > 1:
		return errors.New("--verify compares with the stores of one front, and --to names several; give --answers, and compare with " +
			"`tradefront loadtest verify` once one store has the records of all")
	}
	return errors.Join(l.tell.check(nil, l.answers), checkAnswers(l.answers), l.proof.check(ctx, e, l.answers, l.frontConfig))
}

// make has this process make the plan, or several.
func (l *loadtestRun) make(ctx context.Context, e *command.Env, key supplement.Encrypter, maxOpen uint64) (*result.Result, error) {
	if l.share.several() {
		return l.together(ctx, e, maxOpen)
	}
	if err := l.plan.Check(maxOpen); err != nil {
		return nil, err
	}
	if err := l.plan.Listen(ctx); err != nil {
		return nil, err
	}
	texts, err := l.prepare(ctx, e, key)
	if err != nil {
		return nil, err
	}
	bar := e.Progress(command.Doing("scenario %s", l.plan.Scenario), int64(l.plan.Steps()), "steps")
	defer bar.End()
	return l.play(ctx, e, texts, loadtest.Hooks{Watch: func(s loadtest.Status) { bar.Set(int64(s.Steps)) }})
}

// ready reads the files that are named.
func (l *loadtestRun) ready(ctx context.Context, e *command.Env) (key supplement.Encrypter, hash string, err error) {
	if l.plan.Targets, err = loadtest.ResolveAll(ctx, l.to, l.own); err != nil {
		return nil, "", err
	}
	public, err := l.readKey()
	if err != nil {
		return nil, "", err
	}
	if l.plan.People, err = population.Read(l.people); err != nil {
		return nil, "", err
	}
	if l.plan.Visits == 0 {
		l.plan.Visits = l.visits()
	}
	if l.frontConfig != "" {
		front, err := config.Load(l.frontConfig, e.Environ)
		if err != nil {
			return nil, "", fmt.Errorf("--front-config: %w", err)
		}
		hash = front.Hash()
	}
	return public, hash, nil
}

// visits is how many there are where no flag says it.
func (l *loadtestRun) visits() int {
	switch p := &l.plan; {
	case p.Scenario == loadtest.Steady:
		return 0
	case p.Scenario == loadtest.Relay && p.RelayMode == loadtest.OperatorRelay:
		return max(p.Operators(), l.share.generators)
	case p.Scenario == loadtest.Relay:
		return p.Customers
	}
	return int(l.plan.Rate * (l.duration.Seconds() + l.plan.Ramp.Seconds()/2)) // during the ramp half as many arrive
}

func (l *loadtestRun) readKey() (supplement.Encrypter, error) {
	public, err := assemble.ReadPublicKey(l.key)
	if err != nil {
		return nil, fmt.Errorf("--key: %w", err)
	}
	return public, nil
}

// parameters are the flags that were given, in alphabetical order.
func parameters(flags *pflag.FlagSet) []result.Named {
	all := []result.Named{}
	flags.Visit(func(f *pflag.Flag) { all = append(all, result.Named{Name: f.Name, Value: f.Value.String()}) })
	return all
}

func (l *loadtestRun) prepare(ctx context.Context, e *command.Env, key supplement.Encrypter) (*loadtest.Ciphertexts, error) {
	bar := e.Progress(command.Doing("sealing terminal strings"), int64(l.plan.Logins()), "strings")
	defer bar.End()
	return l.plan.Prepare(ctx, key, func(done int) { bar.Set(int64(done)) })
}

// play makes the visits on this machine.
func (l *loadtestRun) play(ctx context.Context, e *command.Env, texts *loadtest.Ciphertexts, hooks loadtest.Hooks) (*result.Result, error) {
	found, err := l.visit(ctx, texts, hooks)
	if err != nil {
		return nil, err
	}
	maxOpen, err := loadtest.MaxOpen()
	found.Host, found.Version = loadtest.Host(maxOpen), e.Version
	return found, err
}

// visit makes the visits, and has their answers written. A file that lacks some is no reason to lose what was measured.
func (l *loadtestRun) visit(ctx context.Context, texts *loadtest.Ciphertexts, hooks loadtest.Hooks) (*result.Result, error) {
	if l.answers == "" {
		return loadtest.Run(ctx, &l.plan, texts, hooks)
	}
	answers, err := createAnswers(l.answers)
	if err != nil {
		return nil, err
	}
	found, err := loadtest.Run(ctx, &l.plan, texts, answers.hooks(hooks))
	failed := answers.close()
	if found == nil {
		return nil, errors.Join(err, failed)
	}
	if failed != nil {
		found.Unproven = failed.Error()
	}
	return found, err
}
