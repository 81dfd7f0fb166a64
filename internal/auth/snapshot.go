package auth

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/shardmap"
)

// snapshot is never changed once it is stored.
type snapshot struct {
	generation int64
	apps       *shardmap.Map[string, admitted]
	unknown    admitted            // the work that is done for an AppID that is not in apps
	faults     []*RowError         // of the rows that cannot be used, in the order in which they were found
	unreadable map[string]struct{} // their AppIDs; one that is in apps too keeps its last known state
	expires    time.Time           // when the first previous code runs out; zero if there is none
	mixed      bool                // some AppID has SM4
	dummies    *[2]cipher.Block    // by Cipher
	confined   confinement
}

// admitted is an AppID that is ready to be verified.
type admitted struct {
	codes   [2]code   // by Slot
	until   time.Time // the previous code is good before this; zero if there is none
	used    *[2]atomic.Int64
	changed time.Time
	binding *binding // nil if nothing limits it
	appType AppType
	enabled bool
}

// code is the key schedule of an authcode, or of a dummy.
type code struct {
	block  cipher.Block
	cipher Cipher
	pad    cipher.Block // a dummy of the other cipher, while some AppID has SM4; else nil
}

func newSnapshot(generation int64, dummies *[2]cipher.Block) *snapshot {
	s := &snapshot{generation: generation, unreadable: make(map[string]struct{}), dummies: dummies}
	dummy := code{block: dummies[AES], cipher: AES}
	s.unknown = admitted{codes: [2]code{dummy, dummy}}
	return s
}

// pad levels the work: each slot of each AppID is worth one run of each cipher in use.
func (s *snapshot) pad(a *admitted) {
	for slot := range a.codes {
		a.codes[slot].pad = nil
		if s.mixed {
			a.codes[slot].pad = s.dummies[1-a.codes[slot].cipher]
		}
	}
}

// hasSM4 reports whether some of the rows have a code for SM4.
func hasSM4(rows []App, now time.Time) bool {
	return slices.ContainsFunc(rows, func(a App) bool {
		return a.Cipher == SM4 || a.Previous.ValidAt(now) && a.Previous.Cipher == SM4
	})
}

// fill admits each row of an empty snapshot.
func (s *snapshot) fill(rows []App, master *MasterKey, last *snapshot, now time.Time) {
	s.mixed = hasSM4(rows, now)
	s.pad(&s.unknown)
	apps := shardmap.Build[string, admitted](len(rows))
	for i := range rows {
		row := &rows[i]
		if _, twice := apps.Get(string(row.AppID)); twice {
			s.faults = append(s.faults, &RowError{row.AppID, errors.New("is there twice; the first is used")})
			continue
		}
		if app, usable := s.take(row, master, last, now); usable {
			apps.Put(string(row.AppID), app)
		}
	}
	s.apps = apps.Map()
	s.confine()
}

// with is s after a change of some rows: the same as filling anew, as long as s.mixed stays. mixed may stay true when the last
// code for SM4 went: that costs time and nothing else.
func (s *snapshot) with(changed []App, gone []regulation.AppID, master *MasterKey, now time.Time) *snapshot {
	next := *s
	touched := make(map[regulation.AppID]bool, len(changed)+len(gone))
	for _, id := range gone {
		touched[id] = true
	}
	for i := range changed {
		touched[changed[i].AppID] = true
	}
	next.faults, next.unreadable = nil, make(map[string]struct{})
	for _, f := range s.faults {
		if !touched[f.AppID] {
			next.faults = append(next.faults, f)
		}
	}
	for id := range s.unreadable {
		if !touched[regulation.AppID(id)] {
			next.unreadable[id] = struct{}{}
		}
	}
	put, left := make(map[string]admitted, len(changed)), make([]string, 0, len(gone))
	for _, id := range gone {
		left = append(left, string(id))
	}
	for i := range changed {
		id := string(changed[i].AppID)
		if app, usable := next.take(&changed[i], master, s, now); usable {
			put[id] = app
		} else {
			left = append(left, id)
		}
	}
	next.apps = s.apps.With(put, left)
	next.reconfine(s, put, left)
	return &next
}

// take admits one row, and notes if it cannot be used or only in part.
func (s *snapshot) take(row *App, master *MasterKey, last *snapshot, now time.Time) (app admitted, usable bool) {
	app, err := s.admit(row, master, last, now)
	if err != nil {
		s.unreadable[string(row.AppID)] = struct{}{}
		s.faults = append(s.faults, &RowError{row.AppID, err})
	}
	if app.codes[Current].block == nil {
		return app, false
	}
	s.pad(&app)
	s.noteExpiry(app.until)
	return app, true
}

// fault joins the rows that cannot be used, nil if there are none.
func (s *snapshot) fault() error {
	all := make([]error, len(s.faults))
	for i, f := range s.faults {
		all[i] = f
	}
	return errors.Join(all...)
}

// admit opens a row. With an error it may be of use all the same: its codes then are the
// last known ones, or its previous code is missing.
func (s *snapshot) admit(row *App, master *MasterKey, last *snapshot, now time.Time) (admitted, error) {
	if _, err := regulation.ParseAppID(string(row.AppID)); err != nil {
		return admitted{}, err
	}
	was, known := last.find(row.AppID)
	app, err := s.open(row, master, now)
	if errors.Is(err, ErrNotSealed) && known && !row.Changed.IsZero() && was.changed.Equal(row.Changed) {
		// No operator has changed this AppID since: it was sealed anew under a master key that
		// this front does not have yet.
		return was, fmt.Errorf("%w; its last known authcode stays in force", err)
	}
	app.used = new([2]atomic.Int64)
	if known {
		app.inherit(&was)
	}
	return app, err
}

// open makes the key schedules. An error that comes with a current code is about the previous one.
func (s *snapshot) open(row *App, master *MasterKey, now time.Time) (admitted, error) {
	limits, err := newBinding(&row.Binding)
	if err != nil {
		return admitted{}, err // without its limits it must not be admitted
	}
	current, err := openBlock(row.Cipher, func() (AuthCode, error) { return master.Open(row.AppID, row.Sealed) })
	if err != nil {
		return admitted{}, err
	}
	app := admitted{changed: row.Changed, binding: limits, appType: row.Type, enabled: row.Enabled}
	app.codes = [2]code{{block: current, cipher: row.Cipher}, s.unknown.codes[Previous]}
	previous := &row.Previous
	if !previous.ValidAt(now) {
		return app, nil
	}
	block, err := openBlock(previous.Cipher, func() (AuthCode, error) {
		return master.OpenPrevious(row.AppID, previous.Sealed, previous.Until)
	})
	if err != nil {
		return app, fmt.Errorf("previous authcode: %w", err)
	}
	app.codes[Previous], app.until = code{block: block, cipher: previous.Cipher}, previous.Until
	return app, nil
}

// openBlock makes a key schedule and wipes the code that it came from.
func openBlock(c Cipher, open func() (AuthCode, error)) (cipher.Block, error) {
	authCode, err := open()
	if err != nil {
		return nil, err
	}
	defer authCode.Wipe()
	return c.newBlock(authCode)
}

// inherit takes over when each code was last used, whichever slot it was in then.
func (a *admitted) inherit(was *admitted) {
	for slot := range a.codes {
		for old := range was.codes {
			if sameKey(a.codes[slot].block, was.codes[old].block) {
				a.used[slot].Store(was.used[old].Load())
				break
			}
		}
	}
}

// sameKey tells key schedules apart by what they make of a block of zeros.
func sameKey(a, b cipher.Block) bool {
	if a == nil || b == nil {
		return false
	}
	var x, y [16]byte
	a.Encrypt(x[:], x[:])
	b.Encrypt(y[:], y[:])
	return x == y
}

func (s *snapshot) noteExpiry(until time.Time) {
	if !until.IsZero() && (s.expires.IsZero() || until.Before(s.expires)) {
		s.expires = until
	}
}

// find is safe on nil.
func (s *snapshot) find(id regulation.AppID) (admitted, bool) {
	if s == nil {
		return admitted{}, false
	}
	return s.apps.Get(string(id))
}

// without is s less the previous codes whose time has run out: s itself if there are none.
func (s *snapshot) without(now time.Time) *snapshot {
	if s.expires.IsZero() || now.Before(s.expires) {
		return s
	}
	next := *s
	next.expires = time.Time{}
	without := make(map[string]admitted)
	for id, app := range s.apps.All() {
		if !app.until.IsZero() && !now.Before(app.until) {
			app.codes[Previous], app.until = s.unknown.codes[Previous], time.Time{}
			without[id] = app
		}
		next.noteExpiry(app.until)
	}
	next.apps = s.apps.With(without, nil)
	return &next
}
