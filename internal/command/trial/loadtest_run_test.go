package trial

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// TestAnswersAreThereEachSecond: also where the process is killed before it ends, and an earlier file of answers is replaced.
func TestAnswersAreThereEachSecond(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "answers.ndjson")
	for range 2 {
		a, err := createAnswers(path)
		if err != nil {
			t.Fatal(err)
		}
		watched := 0
		h := a.hooks(loadtest.Hooks{Watch: func(loadtest.Status) { watched++ }})
		h.Answered(&result.Answer{RecordID: "one"})
		h.Watch(loadtest.Status{})
		h.Answered(&result.Answer{RecordID: "two"})
		text, err := os.ReadFile(path)
		if err != nil || strings.Count(string(text), "\n") != 1 || !strings.Contains(string(text), `"one"`) || watched != 1 {
			t.Errorf("%v, watched %d times, after a second: %q", err, watched, text)
		}
		if err := a.close(); err != nil {
			t.Fatal(err)
		}
		if text, err = os.ReadFile(path); err != nil || strings.Count(string(text), "\n") != 2 {
			t.Errorf("%v, at the end: %q", err, text)
		}
	}
	a, err := createAnswers(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.file.Close(); err != nil {
		t.Fatal(err)
	}
	if a.add(&result.Answer{RecordID: "three"}); a.close() == nil {
		t.Error("an answer that could not be written is not told")
	}
}

// TestRecipeOfTheYearlyTestCanBeDone: unshrunk, as the pages have it, by a process with as many open files as Debian gives, from as many
// addresses as its connections need ports, and after each account that it logs in has logged in once: the front's slow hash is not what is measured.
func TestRecipeOfTheYearlyTestCanBeDone(t *testing.T) {
	t.Parallel()
	const openFiles, ports, accounts = 1 << 16, 28_000, 20_000
	for _, page := range []string{"loadtest.md", "loadtest.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		recipe, _, ends := strings.Cut(string(text), "\n    sha256sum")
		runs := strings.Split(recipe, "\n    tradefront loadtest run ")
		if !ends || len(runs) != 3 || !strings.Contains(runs[0], fmt.Sprintf("prepare -c test.yaml --accounts %d ", accounts)) {
			t.Fatalf("%s has no recipe of a first login of %d accounts and a test", page, accounts)
		}
		first, l := recipeOf(t, runs[1], accounts), recipeOf(t, runs[2], accounts)
		if p := &first.plan; p.Visits != accounts || p.Rate != 0 || p.Scenario != loadtest.Churn {
			t.Errorf("%s: %d accounts log in first, at %v a second, by %s", page, p.Visits, p.Rate, p.Scenario)
		}
		p := &l.plan
		asserted, err := result.ParseAssertions(l.asserts)
		if err != nil || len(asserted) != 3 || p.Visits != 300_000 || p.Rate < 2*l.peak {
			t.Errorf("%s: %v, %d assertions, %d visits, %v a second for a peak of %v", page, err, len(asserted), p.Visits, p.Rate, l.peak)
		}
		if err := asserted.Check(l.peak > 0, p.HasRequests()); err != nil {
			t.Errorf("%s: %v", page, err)
		}
		for _, p := range []*loadtest.Plan{&first.plan, p} {
			if err := p.Check(openFiles); err != nil || p.MostOpen()/max(p.Sources, 1) > ports {
				t.Errorf("%s: %v, %d connections at a time from %d addresses", page, err, p.MostOpen(), p.Sources)
			}
		}
	}
}

// recipeOf is what a page's `loadtest run` is told, with the accounts that were prepared.
func recipeOf(t *testing.T, line string, accounts int) *loadtestRun {
	t.Helper()
	l := new(loadtestRun)
	c := &cobra.Command{}
	l.flags(c)
	l.share.flags(c.Flags())
	l.tell.flags(c, &command.Env{})
	l.proof.flags(c)
	if err := c.ParseFlags(strings.Fields(strings.NewReplacer("\\\n", "", "'", "", `"`, "").Replace(line))); err != nil {
		t.Fatal(err)
	}
	l.plan.People, l.plan.Targets = &population.Population{Accounts: accounts}, []netip.AddrPort{netip.MustParseAddrPort(l.to[0])}
	if l.plan.Visits == 0 {
		l.plan.Visits = l.visits()
	}
	return l
}

// TestParametersSayWhatWasGiven: the report that is signed has no flag without its value.
func TestParametersSayWhatWasGiven(t *testing.T) {
	t.Parallel()
	c := newLoadtestRun(&command.Env{})
	if err := c.ParseFlags(strings.Fields("--rate 5 --assert p99<1s --assert errors==0 --private-key 1.0=a.pem --private-key 2.0=b.pem --verify")); err != nil {
		t.Fatal(err)
	}
	want := []result.Named{
		{Name: "assert", Value: "[p99<1s,errors==0]"},
		{Name: "private-key", Value: "1.0=a.pem,2.0=b.pem"},
		{Name: "rate", Value: "5"},
		{Name: "verify", Value: "true"},
	}
	if got := parameters(c.Flags()); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

// TestRateIsHeldForTheDuration: the visits of the ramp are beside those of the duration.
func TestRateIsHeldForTheDuration(t *testing.T) {
	t.Parallel()
	for ramp, want := range map[time.Duration]int{0: 1000, 4 * time.Second: 1200} {
		l := loadtestRun{plan: loadtest.Plan{Scenario: loadtest.Churn, Rate: 100, Ramp: ramp}, duration: 10 * time.Second}
		if got := l.visits(); got != want {
			t.Errorf("a ramp of %v: %d visits, want %d", ramp, got, want)
		}
	}
}
