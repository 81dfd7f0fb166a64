package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/loadtest/proof"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/internal/settlement/verifykeys"
	"github.com/tradefront/tradefront/internal/show"
)

// errUnproven is the end of a comparison that found differences, which were printed.
var errUnproven = errors.New("what was answered is not what is stored")

// loadtestProof is what a comparison of answers with the store is told.
type loadtestProof struct {
	options proof.Options
	keys    command.PrivateKeys
}

// loadtestVerify is what loadtest verify is told.
type loadtestVerify struct {
	loadtestProof
	path, lang string
	form       command.Output
}

func newLoadtestVerify(e *command.Env) *cobra.Command {
	var v loadtestVerify
	c := &cobra.Command{
		Use: "verify ANSWERS.ndjson…", Short: "Prove that each login that was answered is stored, once and as it was answered",
		Long: "Compare what `loadtest run --answers` wrote with the store of the front, item by item: each answer has exactly one record, of\n" +
			"that trading day, login time, account, AppID, session and abnormal flag, with the ciphertext that the terminal sent, and no\n" +
			"second record has that ciphertext. With the test key of the front's key version the supplements are opened too: address and\n" +
			"port are those that the terminal had.\n\n" +
			"Name all files of a run of several generators. The front may run. Exit status 1 if there is any difference; all are counted,\n" +
			"and the first of each kind are named.",
		Example: "  tradefront loadtest verify -c test.yaml answers.ndjson --private-key 1.0=keys/private.pem",
		Args:    cobra.MinimumNArgs(1),
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			v.options.Answers = args
			return v.run(c.Context(), e)
		}),
	}
	command.ConfigFlag(c, &v.path)
	f := c.Flags()
	v.keyFlag(c)
	f.BoolVar(&v.options.Exact, "exact", false, "records of those days that no answer names are differences too: of a store that has nothing but this test")
	f.IntVar(&v.options.Limit, "limit", proof.DefaultLimit, "how many differences of each kind to name; all are counted")
	f.StringVar(&v.options.TempDir, "tmp", "", "folder for temporary files, 500 bytes a login (default: the system's)")
	f.StringVar(&v.lang, "lang", string(show.LanguageOf(e.Environ)), "language of the text: zh or en")
	command.OutputFlag(c, &v.form)
	return c
}

func (p *loadtestProof) keyFlag(c *cobra.Command) {
	c.Flags().Var(&p.keys, "private-key", "test key that opens supplements, VERSION=PEMFILE; may be given several times")
}

func (v *loadtestVerify) run(ctx context.Context, e *command.Env) error {
	if v.options.Limit < 1 {
		return errors.New("--limit: want 1 or more")
	}
	if err := checkLanguage(v.lang); err != nil {
		return err
	}
	found, err := v.prove(ctx, e, v.path)
	if err != nil {
		return err
	}
	if err := v.form.Print(e.Out, found, func(w io.Writer) { found.Text(w, v.lang) }); err != nil {
		return err
	}
	if found.Faults > 0 {
		return errUnproven
	}
	return nil
}

// prove compares, with progress.
func (p *loadtestProof) prove(ctx context.Context, e *command.Env, path string) (*result.Proof, error) {
	cfg, err := config.Load(path, e.Environ)
	if err != nil {
		return nil, err
	}
	if err := p.load(cfg); err != nil {
		return nil, err
	}
	answers := command.Phase{Env: e, What: command.Doing("reading the answers"), Unit: "bytes"}
	rows := command.Phase{Env: e, What: command.Doing("reading the store"), Unit: "rows"}
	defer func() { answers.End(); rows.End() }()
	o := p.options
	o.ReadingAnswers, o.ReadingStore = answers.Set, rows.Set
	return assemble.Prove(ctx, cfg, o)
}

// load reads the test keys, each of which must be the other half of a configured key.
func (p *loadtestProof) load(cfg *config.Config) error {
	versions, err := verifykeys.Versions(cfg, p.keys)
	if err != nil {
		return err
	}
	p.options.Keys = map[string]proof.Decrypter{}
	for _, v := range versions {
		if v.Decrypter != nil {
			p.options.Keys[v.Name] = v.Decrypter
		}
	}
	return nil
}

// errNotCompared is the end of a comparison that the operator ended, or of a run before it.
var errNotCompared = errors.New("it was interrupted; compare the answers that there are with `tradefront loadtest verify`")

// loadtestRunProof is --verify of loadtest run.
type loadtestRunProof struct {
	loadtestProof
	verify bool
}

func (p *loadtestRunProof) flags(c *cobra.Command) {
	c.Flags().BoolVar(&p.verify, "verify", false,
		"afterwards prove that each answered login is stored, once and as it was answered (needs --answers and --front-config)")
	p.keyFlag(c)
}

// check refuses what would be found out after the run.
func (p *loadtestRunProof) check(ctx context.Context, e *command.Env, answers, frontConfig string) error {
	switch {
	case !p.verify && len(p.keys) > 0:
		return errors.New("--private-key opens what --verify compares: give both")
	case !p.verify:
		return nil
	case answers == "" || frontConfig == "":
		return errors.New("--verify needs --answers, the file that is compared, and --front-config, whose store it is compared with")
	}
	cfg, err := config.Load(frontConfig, e.Environ)
	if err != nil {
		return fmt.Errorf("--front-config: %w", err)
	}
	if err := p.load(cfg); err != nil {
		return err
	}
	if err := assemble.CanProve(ctx, cfg); err != nil {
		return fmt.Errorf("--verify: %w", err)
	}
	return nil
}

// add puts the proof into the result, if it was asked for. Where there was no comparison the result says so, and is not good.
func (p *loadtestRunProof) add(ctx context.Context, e *command.Env, r *result.Result, answers, frontConfig string) error {
	if !p.verify {
		return nil
	}
	p.options.Answers = []string{answers}
	found, err := p.prove(ctx, e, frontConfig)
	if err != nil && ctx.Err() != nil {
		err = errNotCompared // a store whose context ended says that the database cannot be used
	}
	if err != nil {
		r.Unproven = cmp.Or(r.Unproven, err.Error()) // a file that lacks answers is the cause of the rest
		return fmt.Errorf("--verify: %w", err)
	}
	proven(r, found)
	return nil
}

// proven puts what a comparison found into the result, which it does not prove where the file lacks answers.
func proven(r *result.Result, found *result.Proof) {
	if r.Proof = found; found.Answers < int64(r.Answered()) && r.Unproven == "" {
		r.Unproven = fmt.Sprintf("the answers file has %d of %d logins that were answered", found.Answers, r.Answered())
	}
}
