// Package corebench measures what the front adds to a business message, with the programs that ship: a
// tradefront that serves, a tradefront core-sim behind it, and terminals in this process. `make bench-core` runs it;
// docs/performance.md has the figures. TestRelayStorm, which `make bench-relay` runs at its full size, is an operator relay that
// reports all its customers again after its connection broke.
//
// Every figure is a ratio of one run: the same terminals speak to core-sim directly, as a front would, and through
// the front, in blocks that take turns. Both ends and the front share the machine's processors.
package corebench
