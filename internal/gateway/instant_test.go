package gateway

import (
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// The core takes its time and every reading of the clock finds it later. The instant is
// the first one after the core's yes, and everything that is printed comes from it: h.login
// compares supplement, response, record and trading day.
func TestOneInstant(t *testing.T) {
	closing := time.Date(2026, 1, 9, 15, 30, 0, 0, regulation.Zone) // of a Friday
	days := make(map[calendar.TradingDay]int)
	for begin := closing.Add(-8 * time.Second); begin.Before(closing.Add(2 * time.Second)); begin = begin.Add(130 * time.Millisecond) {
		h := newHouse(t, nil)
		h.clock.at, h.clock.step = begin, 900*time.Millisecond
		h.useKeys(endlessRing(t))
		var verified time.Time
		h.core.verify = func(a *core.Attempt) (core.User, error) {
			h.clock.move(5 * time.Second)
			verified = h.clock.at
			return core.User{Account: a.Account, UserType: regulation.UserCustomer}, nil
		}
		if outcome, _ := h.login(home, attempt()); outcome.Reason != reason.OK {
			t.Fatal(outcome.Reason)
		}
		rec := h.log.records[0]
		if instant := verified.Add(h.clock.step); !rec.LoginTime.Equal(instant.Truncate(time.Second)) {
			t.Errorf("began %v: recorded %v, the core said yes by %v", begin, rec.LoginTime, verified)
		}
		want := calendar.TradingDay(20260109)
		if !rec.LoginTime.Before(closing) {
			want = 20260112
		}
		if rec.TradingDay != want {
			t.Errorf("%v is recorded for %v, want %v", rec.LoginTime, rec.TradingDay, want)
		}
		days[rec.TradingDay]++
	}
	if len(days) != 2 {
		t.Errorf("the logins did not fall on both sides of 15:30:00: %v", days)
	}
}

func TestClosingSecond(t *testing.T) {
	for _, c := range []struct {
		at   string
		time string
		day  calendar.TradingDay
	}{
		{"2026-01-09 15:29:59.999999999", "2026-01-09 15:29:59", 20260109},
		{"2026-01-09 15:30:00", "2026-01-09 15:30:00", 20260112},
		{"2026-01-09 23:59:59.5", "2026-01-09 23:59:59", 20260112},
		{"2026-01-10 00:00:00", "2026-01-10 00:00:00", 20260112},
		{"2026-09-30 15:30:00.1", "2026-09-30 15:30:00", 20261008},
	} {
		at, err := time.ParseInLocation(regulation.TimeLayout, c.at, regulation.Zone)
		if err != nil {
			t.Fatal(err)
		}
		h := newHouse(t, nil)
		h.clock.at = at.UTC() // the zone of the clock must not matter
		h.useKeys(endlessRing(t))
		outcome, _ := h.login(home, attempt())
		told := outcome.Receipt
		if got := told.LoginTime.In(regulation.Zone).Format(regulation.TimeLayout); got != c.time || told.TradingDay != c.day {
			t.Errorf("%s: told %s, %s", c.at, got, told.TradingDay)
		}
	}
}
