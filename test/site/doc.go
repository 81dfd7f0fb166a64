// Package site sets up a firm for tests as an operator sets one up: the real binary, built
// once a test run, and its commands, in a temporary folder. Keys are made anew for each
// site, and the private one is at hand to open what was recorded.
package site
