package assemble

import (
	"context"
	"errors"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
)

// Reconcile opens the stores of a configuration and compares what o names with them. Warnings of the result also name
// what keeps the report of the day back: records that are answered and not stored may be there.
func Reconcile(ctx context.Context, cfg *config.Config, cal *calendar.Calendar, o reconcile.Options) (_ *reconcile.Result, err error) {
	r, err := OpenRecords(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	o.Records = r
	survey := SurveyOf(cfg, r, cal)
	if err := survey.CheckHere(ctx, o.Day); err != nil {
		return nil, err
	}
	o.Closed = survey.ClosedBefore(o.Day)
	obstacles, err := survey.Of(ctx, o.Day) // before the records, which then have what was handed over
	if err != nil {
		return nil, err
	}
	if o.Moved, err = elsewhere(ctx, r, o.Day, o.Closed); err != nil {
		return nil, err
	}
	local, err := openBeside(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if local != nil {
		defer func() { err = errors.Join(err, local.Close()) }()
		o.Journal = local
	}
	result, err := reconcile.Run(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := survey.AddUnreported(ctx, &obstacles, result.Fronts); err != nil {
		return nil, err
	}
	for i := range obstacles.Open {
		result.Warnings = append(result.Warnings, obstacles.Open[i].String())
	}
	for i := range obstacles.Waived {
		result.Warnings = append(result.Warnings, obstacles.Waived[i].String())
	}
	return result, nil
}

// elsewhere reports whether records of the day are known to be on other days: moved away, or still on the closed dates before it.
func elsewhere(ctx context.Context, r Records, day calendar.TradingDay, closed []calendar.TradingDay) (bool, error) {
	if moved, err := r.ReassignedFrom(ctx, day); moved || err != nil {
		return moved, err
	}
	for _, date := range closed {
		there, err := r.State(ctx, date, "")
		if err != nil || there.Records > 0 {
			return true, err
		}
		if moved, err := r.ReassignedFrom(ctx, date); moved || err != nil {
			return moved, err
		}
	}
	return false, nil
}
