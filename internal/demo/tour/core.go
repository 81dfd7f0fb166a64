package tour

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/demo/site"
)

const (
	corePatience = 10 * time.Second // for the front to find its core
	corePoll     = 5 * time.Millisecond
)

// simCore is the core-sim behind the front.
type simCore struct {
	*coresim.Server
	served chan error
}

// startCore serves a core-sim with the firm's accounts at the socket that the front's configuration names.
func startCore(made *site.Site) (*simCore, error) {
	cal, err := calendar.Load(made.Config.CalendarFile.Path)
	if err != nil {
		return nil, err
	}
	day, _ := cal.TradingDayOf(time.Now())
	core, err := coresim.New(coresim.Options{Accounts: made.CoreAccounts(), TradingDay: day.String(), Instrument: site.Instrument})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", made.CoreSocket())
	if err != nil {
		return nil, errors.Join(err, core.Close())
	}
	c := &simCore{core, make(chan error, 1)}
	go func() { c.served <- core.Serve(listener) }()
	return c, nil
}

// stop ends the core behind the front's last message.
func (c *simCore) stop() error {
	err := c.Close()
	if served := <-c.served; !errors.Is(served, coresim.ErrClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// awaitCore returns when the front uses its core.
func (t *Tour) awaitCore(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, corePatience)
	defer cancel()
	again := time.NewTicker(corePoll)
	defer again.Stop()
	for !t.daemon.CoreReady() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the front does not use its core-sim; look into tradefront.log: %w", context.Cause(ctx))
		case <-again.C:
		}
	}
	return nil
}

// awaitVisits returns when core-sim has heard of every terminal that the operator relay reported: the front tells it
// behind its own answer. What does not come within corePatience is compareCore's to find.
func (t *Tour) awaitVisits(ctx context.Context, answers []*demo.Was) {
	_, reported := byRelay(answers)
	ctx, cancel := context.WithTimeout(ctx, corePatience)
	defer cancel()
	again := time.NewTicker(corePoll)
	defer again.Stop()
	for int(t.core.Report().Now().VisitsClosed) < reported {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// byRelay parts the answers: sessions have a login at the core, reported terminals share their operator's.
func byRelay(answers []*demo.Was) (sessions []*demo.Was, reported int) {
	for _, a := range answers {
		if a.Way == demo.OneToMany {
			reported++
			continue
		}
		sessions = append(sessions, a)
	}
	return sessions, reported
}

// compareCore holds what core-sim saw against what the terminals did.
func (t *Tour) compareCore(answers []*demo.Was, orders int) (faults []string) {
	saw := t.core.Report().Now()
	opened := make(map[string]bool, len(answers))
	for _, id := range t.core.Records() {
		opened[id] = true
	}
	sessions, reported := byRelay(answers)
	missing := 0
	for _, a := range sessions {
		if !opened[a.RecordID] {
			missing++
		}
	}
	if missing > 0 || int(saw.Opens) != len(sessions) {
		faults = append(faults, fmt.Sprintf("core-sim opened %d sessions, and not those of %d answered logins", saw.Opens, missing))
	}
	// The link does not break here, so the front has no cause to tell of one terminal twice.
	if int(saw.Visits) != reported || int(saw.VisitsClosed) != reported || saw.VisitsOfNothing+saw.VisitsOverBound > 0 {
		faults = append(faults, fmt.Sprintf("core-sim got %d VisitOpen, heard of %d terminals that they have gone, and %d times of what cannot be; "+
			"%d terminals of the operator relay were answered", saw.Visits, saw.VisitsClosed, saw.VisitsOfNothing+saw.VisitsOverBound, reported))
	}
	if int(saw.Orders) != orders || saw.OrdersRefused > 0 {
		faults = append(faults, fmt.Sprintf("core-sim got %d orders and refused %d; the terminals got %d accepted", saw.Orders, saw.OrdersRefused, orders))
	}
	if n := saw.Violations(); n > 0 {
		faults = append(faults, fmt.Sprintf("the front broke the link's contract %d times: %+v", n, *saw))
	}
	return faults
}
