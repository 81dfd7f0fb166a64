package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Source is where the admitted AppIDs come from.
type Source interface {
	// Generation moves whenever an App changed. It must be cheap: it is asked at every
	// Refresh.
	Generation(ctx context.Context) (int64, error)
	// Apps returns every App, disabled ones too.
	Apps(ctx context.Context) ([]App, error)
	// AppsSince are the Apps that changed after that generation, and those that went; known is false if that
	// cannot be told. One that went and came again is among both.
	AppsSince(ctx context.Context, generation int64) (changed []App, gone []regulation.AppID, known bool, err error)
}

// Verdict is what became of an authentication. It is for the audit log and the metrics:
// to the terminal all refusals are error 63.
type Verdict byte

// The closed set of verdicts.
const (
	OK            Verdict = iota // admitted
	UnknownApp                   // no such AppID in the registry
	DisabledApp                  // its admission was withdrawn
	WrongAnswer                  // the answer is not that of one of the AppID's authcodes
	UnreadableApp                // it is in the registry, but its authcode does not open: another master key?

	// Of an AppID that is bound, see Binding.
	OtherNetwork    // its terminals may not connect from there
	OtherAccount    // that account may not log in through it
	ConfinedAccount // that account logs in through other AppIDs alone
)

var verdictWords = [...]string{"ok", "unknown_app", "disabled_app", "wrong_answer", "unreadable_app", "app_network", "app_account", "account_confined"}

func (v Verdict) String() string {
	if int(v) >= len(verdictWords) {
		return "invalid"
	}
	return verdictWords[v]
}

// Result is a verdict, and with OK what the registry knows of the AppID.
type Result struct {
	Verdict Verdict
	Type    AppType
	Slot    Slot // which of its authcodes was used

	// RightBlocks is of WrongAnswer how many blocks of the answer, from its first on, are those of the current authcode, or of the
	// previous one: more than none is the right authcode in another mode than ECB, or a challenge that was cut.
	RightBlocks int
}

// Blocks is how many blocks a challenge and its answer have.
const Blocks = ChallengeLen / aes.BlockSize

// RowError says that a row of the source cannot be used. Refresh joins one for each such row.
type RowError struct {
	AppID regulation.AppID
	Err   error
}

func (e *RowError) Error() string { return fmt.Sprintf("AppID %q: %v", string(e.AppID), e.Err) }

func (e *RowError) Unwrap() error { return e.Err }

// Registry holds the admitted AppIDs in memory, ready to verify. It is safe for
// concurrent use; readers never wait for a Refresh.
type Registry struct {
	source  Source
	now     func() time.Time
	dummies [2]cipher.Block // by Cipher, random keys: the work that is done where there is no code
	empty   *snapshot       // before the first Refresh
	scratch sync.Pool       // of *[ChallengeLen]byte, so that Verify does not allocate

	refreshing sync.Mutex // guards master and stale: one Refresh at a time
	master     *MasterKey
	stale      bool // read the rows again, even if the generation is the same
	current    atomic.Pointer[snapshot]
}

// NewRegistry returns a Registry that admits no AppID until its first Refresh.
func NewRegistry(source Source, master *MasterKey) (*Registry, error) {
	return NewRegistryAt(source, master, time.Now)
}

// NewRegistryAt is NewRegistry with a clock of its own: it decides how long a previous
// authcode is good.
func NewRegistryAt(source Source, master *MasterKey, now func() time.Time) (*Registry, error) {
	r := &Registry{source: source, master: master, now: now}
	for c := range r.dummies {
		key := AuthCode{new([AuthCodeLen]byte)}
		_, _ = rand.Read(key.code[:]) // never fails: it ends the program instead
		block, err := Cipher(c).newBlock(key)
		key.Wipe()
		if err != nil {
			return nil, fmt.Errorf("registry: %w", err)
		}
		r.dummies[c] = block
	}
	r.empty = newSnapshot(0, &r.dummies)
	r.scratch.New = func() any { return new([ChallengeLen]byte) }
	return r, nil
}

// Verify says whether answer is what a terminal that has one of appID's authcodes makes of
// ch. For each AppID, known or not, both slots are compared, by each cipher in use. Verify allocates
// nothing and keeps none of its arguments.
func (r *Registry) Verify(appID []byte, ch *Challenge, answer *[ChallengeLen]byte) Result {
	s := r.snapshot()
	app, known := s.apps.Get(string(appID))
	_, unreadable := s.unreadable[string(appID)]
	if !known {
		app = s.unknown
	}
	now := r.now()
	blocks := r.rightBlocks(&app.codes[Current], ch, answer)
	before := r.rightBlocks(&app.codes[Previous], ch, answer)
	current, slot := blocks == Blocks, Current
	if !current && before == Blocks && now.Before(app.until) {
		current, slot = true, Previous
	}
	switch {
	case !known && unreadable:
		return Result{Verdict: UnreadableApp}
	case !known:
		return Result{Verdict: UnknownApp}
	case !app.enabled:
		return Result{Verdict: DisabledApp}
	case !current:
		if before < Blocks { // all are the previous authcode's, after its time
			blocks = max(blocks, before)
		}
		return Result{Verdict: WrongAnswer, RightBlocks: blocks}
	}
	app.used[slot].Store(now.Unix())
	return Result{Verdict: OK, Type: app.appType, Slot: slot}
}

// rightBlocks computes the expected answer, and counts in constant time the blocks before the first that differs. The expected
// answer is wiped before another call can get the scratch.
func (r *Registry) rightBlocks(c *code, ch *Challenge, answer *[ChallengeLen]byte) int {
	expected := r.scratch.Get().(*[ChallengeLen]byte)
	if c.pad != nil {
		encryptBlocks(c.pad, expected, ch)
	}
	encryptBlocks(c.block, expected, ch)
	blocks, same := 0, 1
	for i := 0; i < ChallengeLen; i += aes.BlockSize {
		same &= subtle.ConstantTimeCompare(expected[i:i+aes.BlockSize], answer[i:i+aes.BlockSize])
		blocks += same
	}
	clear(expected[:])
	r.scratch.Put(expected)
	return blocks
}

func (r *Registry) snapshot() *snapshot {
	if s := r.current.Load(); s != nil {
		return s
	}
	return r.empty
}

// Kind is what the registry knows of the AppID of a terminal behind a relay, as that tells it. An AppID whose row cannot be
// used is not known. Kind takes no care of its time, which shows whether there is such an AppID: only authenticated relays
// may have it asked.
func (r *Registry) Kind(appID []byte) (t AppType, enabled, known bool) {
	s := r.snapshot()
	app, known := s.apps.Get(string(appID))
	return app.appType, app.enabled, known
}

// Loaded reports whether a Refresh has ever succeeded: before that a front is not ready.
func (r *Registry) Loaded() bool { return r.current.Load() != nil }

// Len is how many AppIDs the snapshot holds, disabled ones too.
func (r *Registry) Len() int { return r.snapshot().apps.Len() }

// AppIDs are those that the snapshot holds, disabled ones too, in no order.
func (r *Registry) AppIDs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for id := range r.snapshot().apps.All() {
			if !yield(id) {
				return
			}
		}
	}
}

// Unreadable is how many AppIDs the source has whose rows cannot be used, or only as they
// were before.
func (r *Registry) Unreadable() int { return len(r.snapshot().unreadable) }

// Use is when an AppID's authcodes were last answered with, to the second; zero if they
// were not since the process started.
type Use struct {
	AppID    regulation.AppID
	Current  time.Time
	Previous time.Time
}

// Uses lists the AppIDs in their order.
func (r *Registry) Uses() []Use {
	s := r.snapshot()
	uses := make([]Use, 0, s.apps.Len())
	for id, app := range s.apps.All() {
		uses = append(uses, Use{regulation.AppID(id), instant(app.used[Current].Load()), instant(app.used[Previous].Load())})
	}
	slices.SortFunc(uses, func(a, b Use) int { return strings.Compare(string(a.AppID), string(b.AppID)) })
	return uses
}

func instant(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// Replace puts another master key in place; the next Refresh opens every row with it.
func (r *Registry) Replace(master *MasterKey) {
	r.refreshing.Lock()
	defer r.refreshing.Unlock()
	r.master, r.stale = master, true
}

// Refresh takes over the source's state if its generation moved, and reports whether it
// did. Rows that cannot be used are left out and come back as joined *RowErrors, with
// changed true: the new snapshot is in force. Any other error leaves the old one in force.
// Previous codes whose time has run out are dropped, also while the source is away.
func (r *Registry) Refresh(ctx context.Context) (changed bool, err error) {
	r.refreshing.Lock()
	defer r.refreshing.Unlock()
	now := r.now()
	last := r.current.Load()
	if last != nil {
		last = last.without(now)
		r.current.Store(last)
	}
	// The generation is read before the rows: a change between the two is then seen
	// again at the next Refresh, never missed.
	generation, err := r.source.Generation(ctx)
	if err != nil {
		return false, fmt.Errorf("generation of the AppIDs: %w", err)
	}
	if last != nil && last.generation == generation && !r.stale {
		return false, nil
	}
	next, err := r.read(ctx, last, now)
	if err != nil {
		return false, fmt.Errorf("read the AppIDs: %w", err)
	}
	next.generation = generation
	r.current.Store(next)
	r.stale = false
	return true, next.fault()
}

// read is the snapshot that follows last: what changed since, or all where that cannot be told, and where each row is to be
// opened under another master key.
func (r *Registry) read(ctx context.Context, last *snapshot, now time.Time) (*snapshot, error) {
	if last != nil && !r.stale {
		changed, gone, known, err := r.source.AppsSince(ctx, last.generation)
		if err != nil {
			return nil, err
		}
		if known && (last.mixed || !hasSM4(changed, now)) { // else the padding of every AppID changes
			return last.with(changed, gone, r.master, now), nil
		}
	}
	rows, err := r.source.Apps(ctx)
	if err != nil {
		return nil, err
	}
	next := newSnapshot(0, &r.dummies)
	next.fill(rows, r.master, last, now)
	return next, nil
}
