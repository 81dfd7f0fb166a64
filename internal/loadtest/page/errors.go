package page

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// maxBars is how many kinds of errors have a bar of their own.
const maxBars = 12

// barRoom is how wide the longest bar is drawn, in units of the drawing.
const barRoom = 300

// bar is one kind of errors.
type bar struct {
	Name, Meaning string
	Count, Share  string
	Width         string // in units of the drawing, of barRoom
	n             int
}

// errorBars are the kinds of errors, the most frequent first.
func errorBars(r *result.Result, t *words) []bar {
	var all []bar
	for _, code := range slices.Sorted(maps.Keys(r.Refused)) {
		all = append(all, bar{Name: fmt.Sprintf(t.Code, code), Meaning: t.meaning(code), n: r.Refused[code]})
	}
	for _, why := range slices.Sorted(maps.Keys(r.Failed)) {
		all = append(all, bar{Name: t.failure(why), n: r.Failed[why]})
	}
	all = append(all, requestBars(r.Requests, t)...)
	slices.SortStableFunc(all, func(a, b bar) int { return cmp.Compare(b.n, a.n) })
	if len(all) > maxBars {
		rest := bar{Name: fmt.Sprintf(t.OtherKinds, len(all)-maxBars)}
		for _, b := range all[maxBars:] {
			rest.n += b.n
		}
		all = append(all[:maxBars], rest)
	}
	most := 0
	for i := range all {
		most = max(most, all[i].n)
	}
	for i := range all {
		b := &all[i]
		b.Count, b.Share = count(b.n), share(b.n, attempts(r))
		b.Width = unit(math.Max(2, barRoom*float64(b.n)/float64(max(most, 1))))
	}
	return all
}

// requestBars are the kinds of errors of requests.
func requestBars(q *result.Requests, t *words) []bar {
	if q == nil {
		return nil
	}
	var all []bar
	for _, code := range slices.Sorted(maps.Keys(q.RefusedBy)) {
		all = append(all, bar{Name: t.RequestRefused + t.Colon + fmt.Sprintf(t.Code, code), Meaning: t.meaning(code), n: q.RefusedBy[code]})
	}
	for _, more := range []bar{{Name: t.Wrong, n: q.Wrong}, {Name: t.LostRequests, n: q.Lost}, {Name: t.Doubled, n: q.Doubled}} {
		if more.n > 0 {
			all = append(all, more)
		}
	}
	return all
}

// attempts are the visits and the requests: that of which errors are a share.
func attempts(r *result.Result) int {
	if r.Requests == nil {
		return r.Counts.Begun
	}
	return r.Counts.Begun + r.Requests.Sent
}

// share of all visits, as a percentage.
func share(n, of int) string {
	if of == 0 {
		return "–"
	}
	percent := 100 * float64(n) / float64(of)
	if percent > 0 && percent < 0.01 {
		return "< 0.01 %"
	}
	return strconv.FormatFloat(percent, 'f', 2, 64) + " %"
}

// meaning of a code of docs/errors.md, in the language of t.
func (t *words) meaning(code string) string { return result.CodeText(code, t.Lang) }

// failure is what failed, in the language of t.
func (t *words) failure(why string) string { return result.FailureText(why, t.Lang) }
