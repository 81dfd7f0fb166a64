// Package calendar finds the trading day that an instant belongs to.
//
// # The rule
//
// The window of trading day T is [15:30 of the trading day before T, 15:30 of T), UTC+8,
// half-open. So Friday 15:30 begins Monday, and a holiday's logins belong to the first
// trading day after it. The exchanges never trade on a weekend, not even on one that is
// worked to make up for a holiday.
//
// # The data
//
// Holidays are decreed from year to year, so they are data: a YAML file that the operator
// updates once a year (configs/calendar.yaml is the sample). It lists, for each year, the
// closed ranges and the make-up working weekends; the latter change nothing and are kept
// so that a reader can check the file against the notice it came from.
//
// A year of which the notice is not out yet can be entered as provisional. Days of such a
// year, and days that the file does not reach (there every weekday is taken for a trading
// day), are answered too, and marked provisional: a login must never fail because the
// calendar lacks a year, but an operator must know of it. Warnings has the sentences for that, and
// Years is an overview of the file. The records keep the mark; once a new file has their
// days, calendar reassign corrects them.
//
// # Invariants
//
//   - Every instant belongs to the window of exactly one trading day.
//   - TradingDayOf and Window agree: d is TradingDayOf(t) if and only if t is in Window(d).
//   - A Calendar never changes. A new file is a new Calendar: a login that began with the old one
//     ends with it.
//
// # Bounds
//
// A file is at most maxFile bytes, its years lie in 2000 to 2199 without a gap, and a
// closed range is at most maxClosed days long (a longer one is a typing error, and would
// move logins by weeks). TradingDayOf looks at the days up to the next trading day, a dozen
// at most with real calendars, and allocates nothing.
package calendar
