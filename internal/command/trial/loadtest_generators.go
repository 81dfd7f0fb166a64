package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/generators"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// loadtestShare says which processes share a load test.
type loadtestShare struct {
	generators   int
	listen, join string
}

// onStandardStreams is the --join of a process that loadtest run started.
const onStandardStreams = "-"

func (s *loadtestShare) flags(f *pflag.FlagSet) {
	f.IntVar(&s.generators, "generators", 1, "processes that share the work; this one starts them and puts their results together")
	f.StringVar(&s.listen, "listen", "", "host:port at which --generators of other machines join, instead of processes of this one")
	f.StringVar(&s.join, "join", "", "host:port of the loadtest run that listens: be one of its generators, which get the plan there; give --people and --key")
}

func (s *loadtestShare) several() bool { return s.generators != 1 || s.listen != "" }

// together has several generators make the plan.
func (l *loadtestRun) together(ctx context.Context, e *command.Env, maxOpen uint64) (*result.Result, error) {
	l.plan.Generators = l.share.generators
	if l.share.generators < 1 {
		return nil, fmt.Errorf("--generators %d: want 1 to %d", l.share.generators, loadtest.MaxGenerators)
	}
	if l.share.listen != "" {
		maxOpen = math.MaxUint64 // what the other machines may open they check themselves
	} else if l.plan.Sources == 0 && !l.plan.Proxy && l.onLoopback() {
		l.plan.Sources = l.share.generators // an address has some 28,000 ports
	}
	if err := l.plan.Check(maxOpen); err != nil {
		return nil, err
	}
	if err := l.plan.Listen(ctx); err != nil {
		return nil, err
	}
	conns, err := l.gather(ctx, e)
	if err != nil {
		return nil, err
	}
	whole := l.plan
	whole.Generators = 0
	sealing := e.Progress(command.Doing("sealing terminal strings"), int64(whole.Logins()), "strings")
	var running *command.Progress
	found, err := generators.Run(ctx, conns, &l.plan, generators.Progress{
		Prepared: func(n int) { sealing.Set(int64(n)) },
		Watch: func(s loadtest.Status) {
			if running == nil {
				sealing.End()
				running = e.Progress(command.Doing("scenario %s", l.plan.Scenario), int64(whole.Steps()), "steps")
			}
			running.Set(int64(s.Steps))
		},
	})
	if running == nil {
		running = sealing
	}
	running.End()
	return l.withAnswers(found, err)
}

// withAnswers has one file made of the generators' answers. A file that lacks some is no reason to lose what was measured.
func (l *loadtestRun) withAnswers(found *result.Result, err error) (*result.Result, error) {
	failed := l.joinAnswers()
	if found == nil || failed == nil {
		return found, errors.Join(err, failed)
	}
	found.Unproven = failed.Error()
	return found, err
}

// onLoopback reports whether all fronts are at addresses of 127.0.0.0/8, so that terminals may come from any of them.
func (l *loadtestRun) onLoopback() bool {
	return !slices.ContainsFunc(l.plan.Targets, func(t netip.AddrPort) bool { return !t.Addr().IsLoopback() || !t.Addr().Is4() })
}

// gather starts the generators, or waits for them.
func (l *loadtestRun) gather(ctx context.Context, e *command.Env) ([]generators.Conn, error) {
	if l.share.listen == "" {
		if err := l.removeAnswers(); err != nil { // a crashed run may have left some
			return nil, err
		}
		return generators.Start(l.share.generators, l.generatorArgs, e.Err)
	}
	to := e.ReadBy(e.Err)
	return generators.Accept(ctx, l.share.listen, l.share.generators, l.own, func(where string, n int) {
		if n == 0 {
			command.Tell(to, "%d generators may join: tradefront loadtest run --join %s --people FILE --key FILE --i-own HOST\n", l.share.generators, where)
			return
		}
		command.Tell(to, "generator %d of %d joined from %s\n", n, l.share.generators, where)
	}, func(err error) { command.Tell(to, "not taken as a generator: %s\n", e.Translated(err.Error())) })
}

// generatorArgs are the arguments of the process that is one generator.
func (l *loadtestRun) generatorArgs(generator int) []string {
	args := []string{"loadtest", "run", "--join", onStandardStreams, "--people", l.people, "--key", l.key}
	for _, host := range l.own {
		args = append(args, "--i-own", host)
	}
	if l.answers != "" {
		args = append(args, "--answers", l.answersOf(generator))
	}
	return args
}

func (l *loadtestRun) answersOf(generator int) string {
	return l.answers + "." + strconv.Itoa(generator+1)
}

// joinAnswers makes one file of those of the generators; that of one that crashed ends where the generator did.
func (l *loadtestRun) joinAnswers() error {
	if l.answers == "" || l.share.listen != "" {
		return nil
	}
	all, err := files.Create(l.answers, 0o600)
	if err != nil {
		return fmt.Errorf("--answers: %w", err)
	}
	defer all.Cleanup() //nolint:errcheck // it was replaced, or is not whole
	for i := range l.share.generators {
		if err = errors.Join(err, appendFile(all, l.answersOf(i))); err != nil {
			break
		}
	}
	if err == nil {
		err = all.CloseAtomicallyReplace()
	}
	if err != nil {
		return fmt.Errorf("--answers: the generators' answers are in %s to %s, since one file could not be made of them: %w",
			l.answersOf(0), l.answersOf(l.share.generators-1), err)
	}
	for i := range l.share.generators {
		_ = os.Remove(l.answersOf(i)) // its lines are in the whole file; that of a generator that did not begin is not there
	}
	return nil
}

// removeAnswers removes what an earlier run left, which a comparison would take for answers of this one.
func (l *loadtestRun) removeAnswers() error {
	if l.answers == "" {
		return nil
	}
	err := removeAnswers(l.answers)
	for i := range l.share.generators {
		err = errors.Join(err, removeAnswers(l.answersOf(i)))
	}
	return err
}

func appendFile(to io.Writer, path string) error {
	from, err := files.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = io.Copy(to, from)
	return err
}

// ownFlags are those that a generator has for itself; the rest comes with the plan.
var ownFlags = []string{"join", "people", "key", "i-own", "answers"}

// join makes this process a generator.
func (l *loadtestRun) join(ctx context.Context, e *command.Env, flags *pflag.FlagSet) error {
	var foreign []string
	flags.Visit(func(f *pflag.Flag) {
		if !slices.Contains(ownFlags, f.Name) && f.Name != "lang" { // which is of what is printed here
			foreign = append(foreign, "--"+f.Name)
		}
	})
	if len(foreign) > 0 {
		return fmt.Errorf("%s: a generator that joins takes the plan as it comes; give --%s alone", strings.Join(foreign, ", "), strings.Join(ownFlags, ", --"))
	}
	people, err := population.Read(l.people)
	if err != nil {
		return err
	}
	conn := generators.Standard(e.In, e.Out)
	if l.share.join != onStandardStreams {
		if conn, err = generators.Dial(ctx, l.share.join, l.own); err != nil {
			return err
		}
	}
	defer conn.Close()
	ctx, g, err := generators.Join(ctx, conn, people)
	if err != nil {
		return err
	}
	found, err := l.generate(ctx, e, g)
	told := g.End(found, err)
	if l.share.join == onStandardStreams {
		return told // the coordinator tells why there is no result
	}
	return errors.Join(err, told)
}

// generate is the part of one generator.
func (l *loadtestRun) generate(ctx context.Context, e *command.Env, g *generators.Generator) (*result.Result, error) {
	l.plan = *g.Plan()
	for _, target := range l.plan.Targets {
		if err := loadtest.Owned(ctx, target.Addr(), l.own); err != nil {
			return nil, err
		}
	}
	key, err := l.readKey()
	if err != nil {
		return nil, err
	}
	maxOpen, err := loadtest.MaxOpen()
	if err != nil {
		return nil, err
	}
	if err := l.plan.Check(maxOpen); err != nil {
		return nil, err
	}
	if err := l.plan.Listen(ctx); err != nil {
		return nil, err
	}
	texts, err := l.plan.Prepare(ctx, key, g.Prepared)
	if err != nil {
		return nil, err
	}
	return l.play(ctx, e, texts, g.Hooks())
}
