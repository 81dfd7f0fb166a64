// Package page is a load test's result as one HTML file: what an operator looks at after a run, and what a firm prints, signs and
// keeps for years.
//
//	result.Result ─▶ view, one for each language ─▶ page.tmpl ─▶ one file
//	                  └─ charts: latency by percentile, logins over time, latency over time, errors by code
//
// # Invariants
//
//   - The file is whole: styles and charts (SVG) are in it, and it names no other resource. Its own content security policy forbids
//     scripts and every request, so that what was signed shows the same in five years, without a network.
//   - It has no script. The language is chosen by a radio button that styles read; what is printed is the language that is shown.
//   - It is well-formed XML too, except for its first line, so that tools of any kind read the tables.
//   - Each figure is one of the result's: nothing is measured, rounded towards good, or judged here. The verdict is that of
//     result.Judge, with its causes.
//   - Texts of the result (parameters, names of hosts, what failed) are data: html/template escapes them.
//
// # Bounds
//
// A chart over time has at most maxBuckets steps: the seconds of a longer run are put together, rates as their mean, percentiles as
// their greatest. A curve by percentile has maxCurve points. Of errors the maxBars most frequent kinds have a bar, the others share one.
// So the file of any run is less than 300 KB.
//
// No files, no clock, no state: a crash leaves what the caller had written.
package page
