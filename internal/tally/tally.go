package tally

import (
	"maps"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// The bounds.
const (
	MaxApps   = 1000 // AppIDs that have counts of their own on a day
	MaxRelays = 1000 // relays likewise
	// OtherApp is what has no AppID of the registry, and what is over a bound.
	OtherApp = "other"
)

// accepted is the word of a request that was done.
const accepted = "ok"

// Counts are numbers by a word of a closed set.
type Counts map[string]uint64

// Sum is all of them.
func (c Counts) Sum() (n uint64) {
	for _, v := range c {
		n += v
	}
	return n
}

// Tally counts. It is safe for concurrent use; make it with New.
type Tally struct {
	now   func() time.Time
	dayOf func(time.Time) calendar.TradingDay

	mu      sync.Mutex
	day     Day
	minutes ring
}

// Day is what came on one trading day.
type Day struct {
	Day   calendar.TradingDay
	Since time.Time // the counts are from then on

	Authentications Counts // by reason
	Logins          Counts // by reason
	Flags           Counts // recorded logins by 异常标识 in words, those that operator relays submitted too
	Submitted       uint64 // those of Flags that operator relays submitted; one that was sent again counts again
	Apps            map[string]App
	Relays          map[string]Counts // submissions and relayed logins by reason
}

// App is what came of one terminal software.
type App struct{ Authentications, Logins Counts } // by reason

// New counts from now on. dayOf tells the trading day of an instant; it is called once an event is counted, and not
// before.
func New(now func() time.Time, dayOf func(time.Time) calendar.TradingDay) *Tally {
	return &Tally{now: now, dayOf: dayOf, day: newDay(0, now())}
}

func newDay(day calendar.TradingDay, since time.Time) Day {
	return Day{
		Day: day, Since: since, Authentications: make(Counts), Logins: make(Counts), Flags: make(Counts),
		Apps: make(map[string]App), Relays: make(map[string]Counts),
	}
}

// today is the day of now, begun anew if it is another than before. Tally.mu is held.
func (t *Tally) today(now time.Time) *Day {
	switch day := t.dayOf(now); {
	case t.day.Day == 0:
		t.day.Day = day
	case day != t.day.Day:
		t.day = newDay(day, now)
	}
	return &t.day
}

// Authenticated counts an access authentication by its result.
func (t *Tally) Authenticated(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.today(t.now()).Authentications[reason]++
}

// LoggedIn counts a login request by its result.
func (t *Tally) LoggedIn(reason string) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.today(now).Logins[reason]++
	if reason != accepted {
		t.minutes.at(now).Refused++
	}
}

// Recorded counts a recorded login by its abnormal flag. One that an operator relay submitted is no login request: LoggedIn
// does not count it.
func (t *Tally) Recorded(flag string, submitted bool) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	day := t.today(now)
	day.Flags[flag]++
	if submitted {
		day.Submitted++
	}
	t.minutes.at(now).Recorded++
}

// AppAuthenticated counts an access authentication for its AppID; registered says that the firm knows it.
func (t *Tally) AppAuthenticated(appID, reason string, registered bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.today(t.now()).app(appID, registered).Authentications[reason]++
}

// AppLoggedIn counts a login request likewise.
func (t *Tally) AppLoggedIn(appID, reason string, registered bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.today(t.now()).app(appID, registered).Logins[reason]++
}

// Submitted counts what a relay reported, by its result.
func (t *Tally) Submitted(relay, reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.today(t.now())
	if d.Relays[relay] == nil {
		if len(d.Relays) >= MaxRelays {
			relay = OtherApp
		}
		if d.Relays[relay] == nil {
			d.Relays[relay] = make(Counts)
		}
	}
	d.Relays[relay][reason]++
}

func (d *Day) app(appID string, registered bool) App {
	a, known := d.Apps[appID]
	switch {
	case registered && known:
		return a
	case !registered || len(d.Apps) >= MaxApps:
		appID = OtherApp
		if a, known = d.Apps[appID]; known {
			return a
		}
	}
	a = App{make(Counts), make(Counts)}
	d.Apps[appID] = a
	return a
}

// Look is a copy of the day of now, and the minutes up to now, the oldest first.
func (t *Tally) Look() (Day, []Minute) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.today(now).copied(), t.minutes.upTo(now)
}

func (d *Day) copied() Day {
	c := *d
	c.Authentications, c.Logins, c.Flags = maps.Clone(d.Authentications), maps.Clone(d.Logins), maps.Clone(d.Flags)
	c.Apps, c.Relays = make(map[string]App, len(d.Apps)), make(map[string]Counts, len(d.Relays))
	for id, a := range d.Apps {
		c.Apps[id] = App{maps.Clone(a.Authentications), maps.Clone(a.Logins)}
	}
	for id, r := range d.Relays {
		c.Relays[id] = maps.Clone(r)
	}
	return c
}
