package link

import (
	"cmp"
	"slices"
	"sync"
)

// table has the sessions by their SessionID.
type table struct {
	max int

	mu       sync.RWMutex
	sessions map[int32]*session
}

func newTable(maxSessions int) *table {
	return &table{max: maxSessions, sessions: make(map[int32]*session)}
}

func (t *table) get(id int32) *session {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.sessions[id]
}

// add puts s in, unless a session has its ID, or the table is full.
func (t *table) add(s *session) (there, full bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, there = t.sessions[s.id]
	full = len(t.sessions) >= t.max
	if !there && !full {
		t.sessions[s.id] = s
	}
	return there, full
}

// remove takes s out, but not another one with its ID.
func (t *table) remove(s *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sessions[s.id] == s {
		delete(t.sessions, s.id)
	}
}

// all appends every session to dst.
func (t *table) all(dst []*session) []*session {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, s := range t.sessions {
		dst = append(dst, s)
	}
	return dst
}

// ordered is every session in the order of the IDs.
func (t *table) ordered() []*session {
	all := t.all(nil)
	slices.SortFunc(all, func(a, b *session) int { return cmp.Compare(a.id, b.id) })
	return all
}

// counts is how many sessions there are: all, those that wait for the answer to SessionVerify, and those that have no core.
func (t *table) counts() (all, asked, without int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, s := range t.sessions {
		switch s.stateNow() {
		case verifying:
			asked++
		case waiting, resuming, leaving:
			without++
		}
	}
	return len(t.sessions), asked, without
}
