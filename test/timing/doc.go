// Package timing decides whether things that must take the same time do: answers from whose
// time an attacker must not learn which of several reasons they have.
//
// # Method
//
// One round measures each kind once, in an order drawn anew, so that what the machine does
// meanwhile falls on all kinds alike. Over all rounds each kind has a median. A pair of
// kinds differs when both hold:
//
//   - significance: of Permutations random relabellings, in which each round swaps the pair's
//     two times or does not, fewer than one in a thousand bring the medians as far apart as
//     they are (p < 0.001; exact under the hypothesis that the kinds are exchangeable within
//     a round);
//   - effect: the medians differ by more than Effect of the smaller one. Differences below
//     that are not looked for; each test names its Effect and why.
//
// A pair leaks when it differs in each of Attempts independent runs, which for pairs that
// do not leak has a chance below 0.001 to the power of Attempts, 1e-9 for three, at any
// noise; a pair that leaks by clearly more than Effect differs in every run. A test that
// uses this must also show it a pair that leaks on purpose, with the same number of rounds.
//
// # Bounds
//
// Kinds times rounds measurements, and for each pair Permutations sorts of the rounds.
package timing
