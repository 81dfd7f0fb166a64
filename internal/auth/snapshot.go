package auth

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// snapshot is never changed once it is stored.
type snapshot struct {
	generation int64
	apps       map[string]admitted
	unknown    admitted         // the work that is done for an AppID that is not in apps
	unreadable map[string]bool  // rows that cannot be used; one that is in apps too keeps its last known state
	expires    time.Time        // when the first previous code runs out; zero if there is none
	mixed      bool             // some AppID has SM4
	dummies    *[2]cipher.Block // by Cipher
}

// admitted is an AppID that is ready to be verified.
type admitted struct {
	codes   [2]code   // by Slot
	until   time.Time // the previous code is good before this; zero if there is none
	used    *[2]atomic.Int64
	changed time.Time
	appType AppType
	enabled bool
}

// code is the key schedule of an authcode, or of a dummy.
type code struct {
	block  cipher.Block
	cipher Cipher
	pad    cipher.Block // a dummy of the other cipher, while some AppID has SM4; else nil
}

func newSnapshot(generation int64, size int, dummies *[2]cipher.Block) *snapshot {
	s := &snapshot{generation: generation, apps: make(map[string]admitted, size), unreadable: make(map[string]bool), dummies: dummies}
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

// fill admits each row; its error joins the rows that it left out.
func (s *snapshot) fill(rows []App, master *MasterKey, last *snapshot, now time.Time) error {
	for i := range rows {
		s.mixed = s.mixed || rows[i].Cipher == SM4 || rows[i].Previous.ValidAt(now) && rows[i].Previous.Cipher == SM4
	}
	s.pad(&s.unknown)
	var faults []error
	for i := range rows {
		row := &rows[i]
		if _, twice := s.apps[string(row.AppID)]; twice {
			faults = append(faults, &RowError{row.AppID, errors.New("stands twice; the first is used")})
			continue
		}
		app, err := s.admit(row, master, last, now)
		if app.codes[Current].block != nil {
			s.pad(&app)
			s.apps[string(row.AppID)] = app
			s.noteExpiry(app.until)
		}
		if err != nil {
			s.unreadable[string(row.AppID)] = true
			faults = append(faults, &RowError{row.AppID, err})
		}
	}
	return errors.Join(faults...)
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
	current, err := openBlock(row.Cipher, func() (AuthCode, error) { return master.Open(row.AppID, row.Sealed) })
	if err != nil {
		return admitted{}, err
	}
	app := admitted{changed: row.Changed, appType: row.Type, enabled: row.Enabled}
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
	app, known := s.apps[string(id)]
	return app, known
}

// without is s less the previous codes whose time has run out: s itself if there are none.
func (s *snapshot) without(now time.Time) *snapshot {
	if s.expires.IsZero() || now.Before(s.expires) {
		return s
	}
	next := *s
	next.apps, next.expires = maps.Clone(s.apps), time.Time{}
	for id, app := range next.apps {
		if !app.until.IsZero() && !now.Before(app.until) {
			app.codes[Previous], app.until = s.unknown.codes[Previous], time.Time{}
			next.apps[id] = app
		}
		next.noteExpiry(app.until)
	}
	return &next
}
