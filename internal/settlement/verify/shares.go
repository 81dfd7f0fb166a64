package verify

import "github.com/tradefront/tradefront/internal/regulation"

// namesKept bounds how many different names a share tells apart; a firm has some dozens of
// AppIDs, so that more come from a file that is no report.
const namesKept = 1000

// counts counts names, up to namesKept of them.
type counts[K comparable] struct {
	of     map[K]int64
	others int64 // of names that had no place any more
}

func (c *counts[K]) add(name K) { c.addN(name, 1) }

func (c *counts[K]) addN(name K, n int64) {
	if c.of == nil {
		c.of = make(map[K]int64)
	}
	if _, known := c.of[name]; !known && len(c.of) == namesKept {
		c.others += n
		return
	}
	c.of[name] += n
}

func (c *counts[K]) merge(other *counts[K]) {
	for name, n := range other.of {
		c.addN(name, n)
	}
	c.others += other.others
}

// shares is what a worker counted of the quality of a day.
type shares struct {
	lines         int64
	versions      counts[string]
	terminalEmpty int64 // the terminal sent nothing
	terminalOdd   int64 // it sent what does not have the length of a ciphertext
	unnamedLength int64 // supplements of a length that an unnamed version may have, if its key is SM2's
	opened        openedShares
}

// terminalState is what a test key found in the terminal item of an opened line.
type terminalState int

const (
	terminalGood terminalState = iota
	terminalAbsent
	terminalWrongLength
	terminalUnopened
	terminalMalformed
	numTerminalStates
)

// missingItem is an item that a terminal left empty.
type missingItem struct {
	kind regulation.TerminalType
	name string
}

// openedShares is what needs keys.
type openedShares struct {
	lines    int64
	flags    [4]int64
	users    [2]int64
	modes    [numModes]int64
	apps     counts[string]
	abnormal counts[string] // AppIDs of lines whose flag is not 0
	terminal [numTerminalStates]int64
	types    [7]int64 // of good terminal strings
	missing  counts[missingItem]
	v4, v6   int64

	addrKinds [numAddrKinds]int64
	hours     [24]int64 // of the login time, UTC+8
}

func (s *shares) merge(other *shares) {
	s.lines += other.lines
	s.versions.merge(&other.versions)
	s.terminalEmpty += other.terminalEmpty
	s.terminalOdd += other.terminalOdd
	s.unnamedLength += other.unnamedLength
	s.opened.merge(&other.opened)
}

func (s *openedShares) merge(other *openedShares) {
	s.lines += other.lines
	s.v4 += other.v4
	s.v6 += other.v6
	s.apps.merge(&other.apps)
	s.abnormal.merge(&other.abnormal)
	s.missing.merge(&other.missing)
	sum(s.flags[:], other.flags[:])
	sum(s.users[:], other.users[:])
	sum(s.modes[:], other.modes[:])
	sum(s.terminal[:], other.terminal[:])
	sum(s.types[:], other.types[:])
	sum(s.addrKinds[:], other.addrKinds[:])
	sum(s.hours[:], other.hours[:])
}

func sum(to, from []int64) {
	for i, n := range from {
		to[i] += n
	}
}
