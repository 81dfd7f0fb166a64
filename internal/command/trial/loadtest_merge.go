package trial

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// loadtestMerge is what loadtest merge is told.
type loadtestMerge struct {
	asserts []string
	peak    float64
	tell    tellLoadtest
}

func newLoadtestMerge(e *command.Env) *cobra.Command {
	var m loadtestMerge
	c := &cobra.Command{
		Use: "merge RESULT.json…", Short: "Put the results of several generators of one run together, and judge them",
		Long: "Put together what `loadtest run --save` wrote in several generators that ran at the same time against the same front: counts\n" +
			"and histograms are added, as if one generator had done it all. One file alone is printed and judged again.",
		Args: cobra.MinimumNArgs(1),
		RunE: e.Action(func(_ *cobra.Command, args []string) error { return m.run(e, args) }),
	}
	f := c.Flags()
	f.StringArrayVar(&m.asserts, "assert", nil,
		"what the run must show, as p99<50ms, errors==0, rate>=2000; repeatable. Without it: what the results were held to")
	f.Float64Var(&m.peak, "historical-peak", 0, "the firm's peak in logins a second; 0: as the results have it")
	m.tell.flags(c, e)
	return c
}

func (m *loadtestMerge) run(e *command.Env, paths []string) error {
	asserted, err := result.ParseAssertions(m.asserts)
	if err != nil {
		return err
	}
	if err := errors.Join(checkPeak(m.peak), m.tell.check(paths)); err != nil {
		return err
	}
	var merged *result.Result
	var faults []error
	for _, path := range paths {
		r, err := result.Read(path)
		if err == nil && m.peak > 0 {
			r.Peak = m.peak
		}
		switch {
		case err != nil:
			faults = append(faults, err)
		case merged == nil:
			merged = r
		default:
			if err := merged.Merge(r); err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", path, err))
			}
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	merged.Compare(merged.Peak)
	if len(m.asserts) == 0 {
		asserted, err = merged.Asserted()
	} else {
		err = asserted.Check(merged.Peak > 0, merged.Requests != nil)
	}
	if err != nil {
		return err
	}
	merged.Judge(asserted)
	return m.tell.result(e, merged)
}

// checkPeak refuses what is no rate.
func checkPeak(peak float64) error {
	if peak >= 0 && peak <= loadtest.MaxVisits {
		return nil
	}
	return fmt.Errorf("--historical-peak %v: want logins a second", peak)
}
