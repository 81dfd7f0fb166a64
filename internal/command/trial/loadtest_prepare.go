package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/loadtest/prepare"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/relay"
)

// prepareCommand is what loadtest prepare is told.
type prepareCommand struct {
	path, out  string
	coreFile   string
	population population.Options
	password   command.SecretFile
	network    string
	beside     bool
	form       command.Output
}

func newLoadtestPrepare(e *command.Env) *cobra.Command {
	var p prepareCommand
	c := &cobra.Command{
		Use: "prepare", Short: "Make the accounts, AppIDs and relays that a load test logs in with", Args: command.NoArgs,
		Long: "Make accounts LT0000001 to LT…, AppIDs loadtest_LT…_1.0 and relays in the store of that configuration, all or none, and\n" +
			"write the file by which the load tester knows them. All accounts have one password. `loadtest remove` takes out what that\n" +
			"file names and nothing else.\n\n" +
			"A store with accounts is refused: they may be customers'. Running fronts follow within seconds; one with the embedded\n" +
			"store answers logins with 90 while many accounts are written.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error { return p.run(c, e) }),
	}
	command.ConfigFlag(c, &p.path)
	command.OutputFlag(c, &p.form)
	f := c.Flags()
	f.StringVar(&p.out, "out", "", "file to write; it holds the password and the authcodes, and its mode is 0600")
	command.Must(c.MarkFlagRequired("out"))
	f.StringVar(&p.coreFile, "core-accounts", "", "file to write with the accounts as core-sim reads them, for a front with core.driver link; mode 0600")
	f.IntVar(&p.population.Accounts, "accounts", 1000, "accounts of customers")
	f.IntVar(&p.population.Apps, "apps", 10, "AppIDs of terminals")
	f.IntVar(&p.population.SM4, "sm4", 0, "how many of them answer challenges by SM4")
	f.IntVar(&p.population.OperatorRelays, "relays", 0, "operator relays, each with an operator of its own, for every account")
	f.IntVar(&p.population.InvestorRelays, "investor-relays", 0, "many-to-many relays")
	f.StringVar(&p.network, "relay-network", "127.0.0.0/8", "network that the relays come from")
	f.StringVar(&p.population.Prefix, "prefix", population.DefaultPrefix, "what accounts begin with: 1 to 4 of A-Z")
	f.BoolVar(&p.beside, "beside-real-accounts", false, "the store may have other accounts; they stay as they are")
	p.password.Flags(c, "password-file", "password of all accounts; a random one without it")
	return c
}

func (p *prepareCommand) run(c *cobra.Command, e *command.Env) (err error) {
	ctx := c.Context()
	network, err := relay.ParseNetwork(p.network)
	if err != nil {
		return fmt.Errorf("--relay-network: %w", err)
	}
	if _, err := os.Stat(p.out); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--out %s is there already: it may be the only note of an earlier population; remove that with "+
			"`tradefront loadtest remove`, or name another file", p.out)
	}
	if _, err := os.Stat(p.coreFile); p.coreFile != "" && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--core-accounts %s is there already: name another file", p.coreFile)
	}
	cfg, r, err := e.OpenDirectory(ctx, p.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	master, err := assemble.LoadMasterKey(cfg)
	if err != nil {
		return err
	}
	d := directory.New(r.Tables())
	if err := prepare.Check(ctx, d); err != nil && (!p.beside || !errors.Is(err, prepare.ErrRealAccounts)) {
		return err
	}
	made, err := p.draw(e, cfg)
	if err != nil {
		return err
	}
	began := time.Now()
	act, err := e.Act(c, cfg, populationText(made.Accounts, len(made.Apps), len(made.Relays), made.Prefix), "")
	if err != nil {
		return err
	}
	opt := prepare.Options{Master: master, Params: assemble.CoreOptions(cfg).Params, Networks: []netip.Prefix{network}}
	if err := p.add(ctx, e, d.As(act), made, opt); err != nil {
		return err
	}
	if err := auditLoadtest(ctx, e, cfg, logs.EventLoadtestPrepared, populationText(made.Accounts, len(made.Apps), len(made.Relays), made.Prefix)); err != nil {
		return err
	}
	return p.print(e, made, time.Since(began))
}

// draw makes the population, without a store.
func (p *prepareCommand) draw(e *command.Env, cfg *config.Config) (*population.Population, error) {
	o := p.population
	o.BrokerID = cfg.BrokerID
	if p.password.Path != "" {
		password, err := p.password.Read(e)
		if err != nil {
			return nil, err
		}
		o.Password = string(password)
	}
	return population.New(o)
}

// add writes the file first: a population in the store without its file could not be removed.
func (p *prepareCommand) add(ctx context.Context, e *command.Env, d *directory.Directory, made *population.Population, o prepare.Options) error {
	if err := made.Write(p.out); err != nil {
		return err
	}
	if p.coreFile != "" {
		if err := prepare.WriteCoreAccounts(p.coreFile, made); err != nil {
			return errors.Join(fmt.Errorf("--core-accounts: %w", err), os.Remove(p.out))
		}
	}
	bar := e.Progress(command.Doing("adding accounts"), int64(prepare.Rows(made)), "")
	o.Progress = func(rows int) { bar.Set(int64(rows)) }
	err := prepare.Add(ctx, d, made, o)
	bar.End()
	if err == nil {
		return nil
	}
	if errors.Is(err, prepare.ErrPerhapsAdded) {
		return fmt.Errorf("%w; %s stays, since only it knows them: `tradefront loadtest remove -c %s %[2]s` takes out what is there", err, p.out, p.path)
	}
	if p.coreFile != "" {
		err = errors.Join(err, os.Remove(p.coreFile))
	}
	return errors.Join(err, os.Remove(p.out))
}

func (p *prepareCommand) print(e *command.Env, made *population.Population, took time.Duration) error {
	shown := struct {
		Accounts int     `json:"accounts"`
		First    string  `json:"first"`
		Last     string  `json:"last"`
		Apps     int     `json:"apps"`
		Relays   int     `json:"relays"`
		Seconds  float64 `json:"seconds"`
		File     string  `json:"file"`
	}{
		made.Accounts, string(made.Account(0)), string(made.Account(made.Accounts - 1)), len(made.Apps), len(made.Relays),
		took.Seconds(), p.out,
	}
	return p.form.Print(e.Out, &shown, func(w io.Writer) {
		command.Tell(w, "made %d accounts (%s to %s), %d AppIDs and %d relays in %.1f s; running fronts follow within seconds\n",
			shown.Accounts, shown.First, shown.Last, shown.Apps, shown.Relays, shown.Seconds)
		command.Tell(w, "%s has their password and authcodes; take them out again with: tradefront loadtest remove -c %s %s\n", p.out, p.path, p.out)
	})
}

func newLoadtestRemove(e *command.Env) *cobra.Command {
	var path string
	var form command.Output
	c := &cobra.Command{
		Use: "remove FILE", Short: "Take out what loadtest prepare made", Args: cobra.ExactArgs(1),
		Long: "Take the accounts, AppIDs and relays of that file out of the store: those that `loadtest prepare` made together with the\n" +
			"file, by their names and the microsecond in which they were made. Others of such names stay. The records of their logins\n" +
			"stay too. With PostgreSQL the role must be the owner of the tables, who alone may delete.",
		RunE: e.Action(func(c *cobra.Command, args []string) (err error) {
			made, err := population.Read(args[0])
			if err != nil {
				return err
			}
			cfg, r, err := e.OpenDirectory(c.Context(), path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			bar := e.Progress(command.Doing("removing names"), int64(prepare.Rows(made)), "")
			act, err := e.Act(c, cfg, populationText(made.Accounts, len(made.Apps), len(made.Relays), made.Prefix), "")
			if err != nil {
				return err
			}
			did, err := prepare.Remove(c.Context(), directory.New(r.Tables()).As(act), made, func(names int) { bar.Set(int64(names)) })
			bar.End()
			if err != nil {
				return err
			}
			if err := auditLoadtest(c.Context(), e, cfg, logs.EventLoadtestRemoved, populationText(did.Accounts, did.Apps, 0, made.Prefix)); err != nil {
				return err
			}
			return printRemoved(e, form, made, did)
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	return c
}

func printRemoved(e *command.Env, form command.Output, made *population.Population, did directory.Removed) error {
	accounts := made.Accounts
	for i := range made.Relays {
		if made.Relays[i].Type == auth.AppOperatorRelay {
			accounts++
		}
	}
	shown := struct {
		Accounts int `json:"accounts"`
		Apps     int `json:"apps"`
		Missing  int `json:"missing"` // that were not there, or were made otherwise
	}{did.Accounts, did.Apps, accounts + len(made.Apps) + len(made.Relays) - did.Accounts - did.Apps}
	return form.Print(e.Out, &shown, func(w io.Writer) {
		command.Tell(w, "removed %d accounts and %d AppIDs; running fronts follow within seconds\n", shown.Accounts, shown.Apps)
		if shown.Missing > 0 {
			command.Tell(w, "%d names of the file were not there, or were not made together with it and stay: see `tradefront account list`\n", shown.Missing)
		}
	})
}

func populationText(accounts, apps, relays int, prefix string) string {
	return fmt.Sprintf("%d accounts, %d AppIDs, %d relays; %s", accounts, apps, relays, prefix)
}

// auditLoadtest adds one line to the audit log of the configuration: what was done to the store, and by whom.
func auditLoadtest(ctx context.Context, e *command.Env, cfg *config.Config, event, text string) error {
	by, err := e.Operator()
	if err != nil {
		return err
	}
	log, err := logs.OpenAuditOfDaemon(cfg.AuditLog)
	if err != nil {
		return fmt.Errorf("the store was changed, and the audit log has no line of it: %w", err)
	}
	err = log.LogWritten(ctx, logs.Entry{Time: time.Now(), Event: event, Reason: "ok", FrontID: cfg.Front.ID, By: by, Text: text})
	if err = errors.Join(err, log.Close(ctx)); err != nil {
		return fmt.Errorf("the store was changed, and the audit log has no line of it: %w", err)
	}
	return nil
}
