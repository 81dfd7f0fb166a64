package statuspage

import (
	"cmp"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/tally"
)

// The bounds of the lists.
const (
	shownApps   = 20
	shownFronts = 50
)

// logins are what came today, in the order in which the page shows it.
type logins struct {
	Recorded  uint64
	Accepted  uint64 // of Recorded, those of login requests
	Submitted uint64 // the others: operator relays submitted them
	SentAgain uint64 // of Submitted, those that came again
	Since     time.Time
	ByReason  []counted
	Flags     []counted
	Chart     chart
	Apps      []appRow
	MoreApps  int
}

// counted is a word and how often it came.
type counted struct {
	Word  string
	Count uint64
	Bad   bool
}

type appRow struct {
	AppID                                string
	Accepted, LoginsRefused, AuthRefused uint64
	ByReason                             []counted // of both, without the accepted
}

// ShownDays is how many closed trading days the page has reports of.
const ShownDays = 5

const (
	acceptedWord = "ok"
	againWord    = "resubmitted"
)

func loginsOf(day *tally.Day, window *Day, minutes []tally.Minute) *logins {
	l := &logins{
		Recorded: day.Flags.Sum(), Accepted: day.Logins[acceptedWord], Submitted: day.Submitted,
		Since: day.Since, ByReason: sorted(day.Logins), Chart: chartOf(minutes),
	}
	for _, relay := range day.Relays {
		l.SentAgain += relay[againWord]
	}
	if window != nil && l.Since.Before(window.Start) {
		l.Since = window.Start
	}
	for f := regulation.FlagNormal; f.Valid(); f++ {
		l.Flags = append(l.Flags, counted{f.Word(), day.Flags[f.Word()], f != regulation.FlagNormal})
	}
	for id, a := range day.Apps {
		l.Apps = append(l.Apps, appRowOf(id, a))
	}
	slices.SortFunc(l.Apps, func(a, b appRow) int {
		return cmp.Or(cmp.Compare(b.events(), a.events()), cmp.Compare(a.AppID, b.AppID))
	})
	if len(l.Apps) > shownApps {
		l.MoreApps, l.Apps = len(l.Apps)-shownApps, l.Apps[:shownApps]
	}
	return l
}

func appRowOf(id string, a tally.App) appRow {
	r := appRow{AppID: id, Accepted: a.Logins[acceptedWord]}
	r.LoginsRefused, r.AuthRefused = a.Logins.Sum()-r.Accepted, a.Authentications.Sum()-a.Authentications[acceptedWord]
	refused := make(tally.Counts)
	for _, counts := range []tally.Counts{a.Logins, a.Authentications} {
		for word, n := range counts {
			if word != acceptedWord {
				refused[word] += n
			}
		}
	}
	r.ByReason = sorted(refused)
	return r
}

// Other reports whether the row is that of all terminals whose AppID is none of the admitted ones, or that sent none.
func (r *appRow) Other() bool { return r.AppID == tally.OtherApp }

func (r *appRow) events() uint64 { return r.Accepted + r.LoginsRefused + r.AuthRefused }

// sorted has the most frequent first, without those that did not come.
func sorted(counts tally.Counts) (all []counted) {
	for word, n := range counts {
		if n > 0 {
			all = append(all, counted{Word: word, Count: n})
		}
	}
	slices.SortFunc(all, func(a, b counted) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Word, b.Word)) })
	return all
}
