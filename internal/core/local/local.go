package local

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/shardmap"
)

// Source is where the accounts come from.
type Source interface {
	// Generation moves whenever an Account changed. It must be cheap: it is asked at
	// every Refresh.
	Generation(ctx context.Context) (int64, error)
	// EachAccount visits every Account; visit keeps no pointer.
	EachAccount(ctx context.Context, visit func(*Account) error) error
	// AccountsSince are the Accounts that changed after that generation, and those that went; known is false if
	// that cannot be told. One that went and came again is among both.
	AccountsSince(ctx context.Context, generation int64) (changed []Account, gone []regulation.Account, known bool, err error)
}

// Options bounds and tunes a Core. Each field has the meaning of the configuration's
// field of that name.
type Options struct {
	Params             Params        // of new hashes, and of the work done for unknown accounts
	Parallel           int           // argon2 slots; 0 for one a processor
	HashQueue          int           // attempts that wait for a slot, over all sources; more are reason.Overloaded. As many may wait for equal work
	Remember           time.Duration // how long a verified login is remembered; 0 for not at all
	RememberAccounts   int           // how many are
	LockFailures       int           // failures that lock (account, source)
	LockSourceFailures int           // failures over all accounts that lock a source
	LockDecay          time.Duration // in which a bucket forgets one failure

	Verifiers   Verifiers // nil for none
	VerifierKiB uint32    // memory of a verifier's argon2id; 0 for no verifiers

	Now func() time.Time // nil for time.Now
}

func (o *Options) complete() error {
	if o.Parallel == 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	switch {
	case o.Parallel < 0 || o.HashQueue < 0:
		return errors.New("core/local: the hash queue and its slots cannot be negative")
	case o.Remember < 0 || o.Remember > 0 && o.RememberAccounts < 1:
		return errors.New("core/local: to remember logins, both their number and the time must be positive")
	case o.LockFailures < 1 || o.LockSourceFailures < 1:
		return errors.New("core/local: a lock needs at least one failure")
	case o.LockDecay <= 0:
		return errors.New("core/local: the time in which a failure is forgotten must be positive")
	}
	if o.VerifierKiB > maxMemoryKiB {
		return errors.New("core/local: a verifier of more memory than a hash may have")
	}
	return o.Params.check()
}

// Core verifies logins against a snapshot of the accounts. It is safe for concurrent use.
type Core struct {
	source  Source
	now     func() time.Time
	matches func(h *hash, password []byte) bool // argon2; tests have one that takes its time without work
	dummy   hash                                // what unknown accounts are evaluated against; matches no password

	locks        *locks
	cache        *loginCache
	queue        *queue
	singleflight singleflight

	verifiers    Verifiers
	verifierKiB  uint32
	verifierKeys atomic.Pointer[[]VerifierKey]
	quickChecks  atomic.Uint64
	slowChecks   atomic.Uint64

	refreshing sync.Mutex // one Refresh at a time
	current    atomic.Pointer[snapshot]
	barred     atomic.Bool // the last Refresh may have found accounts that may not log in any more, see Barred
}

// snapshot is never changed once it is stored.
type snapshot struct {
	generation int64
	holders    *shardmap.Map[regulation.Account, holder]
	faults     []*RowError // of the rows that were left out
	barred     bool        // accounts of the snapshot before may not log in any more
}

// holder is what Verify needs of an Account: a firm has a million, so it is small.
type holder struct {
	phc      string // the password hash, which was read once to see whether it can be used
	unlocked int64  // microseconds since 1970
	userType regulation.UserType
	disabled bool
}

// lookup works on the nil snapshot, which has no accounts.
func (s *snapshot) lookup(account regulation.Account) (holder, bool) {
	if s == nil {
		return holder{}, false
	}
	return s.holders.Get(account)
}

// New returns a Core without accounts; the first Refresh brings them.
func New(source Source, o Options) (*Core, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	return &Core{
		source:       source,
		now:          o.Now,
		matches:      (*hash).matches,
		dummy:        randomHash(o.Params),
		locks:        newLocks(o.LockFailures, o.LockSourceFailures, o.LockDecay),
		cache:        newLoginCache(o.RememberAccounts, o.Remember),
		queue:        newQueue(o.Parallel, o.HashQueue),
		verifiers:    o.Verifiers,
		verifierKiB:  o.VerifierKiB,
		singleflight: singleflight{bound: o.HashQueue, followers: make(map[cacheKey][]chan role)},
	}, nil
}

// RowError says that a row of the source cannot be used. Refresh joins one for each such row.
type RowError struct {
	Account regulation.Account
	Err     error
}

func (e *RowError) Error() string { return fmt.Sprintf("account %q: %v", string(e.Account), e.Err) }

func (e *RowError) Unwrap() error { return e.Err }

// Loaded reports whether a Refresh has ever succeeded: before that a front is not ready.
func (l *Core) Loaded() bool { return l.current.Load() != nil }

// Refresh takes over the source's state if its generation moved, and reports whether it
// did. An account whose Unlocked moved forward has its locks lifted at every source; a
// lock of a source as a whole stays. Rows that cannot be used are left out and come back
// as joined *RowErrors, with changed true: the new snapshot is in force. Any other error
// leaves the old one in force.
func (l *Core) Refresh(ctx context.Context) (changed bool, err error) {
	l.refreshing.Lock()
	defer l.refreshing.Unlock()
	// The generation is read before the rows: a change between the two is then seen
	// again at the next Refresh, never missed.
	generation, err := l.source.Generation(ctx)
	if err != nil {
		return false, fmt.Errorf("generation of the accounts: %w", err)
	}
	before := l.current.Load()
	if before != nil && before.generation == generation {
		return false, nil
	}
	next, unlocked, err := l.read(ctx, before, generation)
	if err != nil {
		return false, fmt.Errorf("read the accounts: %w", err)
	}
	l.current.Store(next)
	if before != nil && next.barred {
		l.barred.Store(true)
	}
	l.locks.lift(unlocked)
	return true, next.fault()
}

func readRow(row *Account) (holder, error) {
	if _, err := regulation.ParseAccount(string(row.Account)); err != nil {
		return holder{}, err
	}
	if !row.UserType.Valid() {
		return holder{}, errors.New("the user type is not 1 or 2")
	}
	h, err := parseHash(row.PasswordHash)
	if err != nil {
		return holder{}, err
	}
	return holder{h.phc, microsOf(row.Unlocked), row.UserType, row.State == Disabled}, nil
}

// microsOf is 0 for the zero time.
func microsOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Stats is a view of a Core for metrics and status pages.
type Stats struct {
	Accounts         int // in the snapshot
	AccountsLocked   int // (account, source) pairs locked now
	SourcesLocked    int
	Remembered       int    // verified logins in the cache, some of them perhaps outdated
	RememberedHits   uint64 // attempts that skipped argon2, since start
	RememberedMisses uint64 // attempts that did not
	Quick            uint64 // passwords that a verifier showed to be right, since start
	Slow             uint64 // checks by argon2 of full cost
	Hashing          int    // argon2 slots in use now
	HashQueue        int    // attempts that wait for one
}

// Stats counts what there is now. It looks through all buckets, a few milliseconds at
// their bound: for a scrape, not for each login.
func (l *Core) Stats() Stats {
	s := Stats{
		Remembered:       l.cache.len(),
		RememberedHits:   l.cache.hits.Load(),
		RememberedMisses: l.cache.misses.Load(),
		Quick:            l.quickChecks.Load(),
		Slow:             l.slowChecks.Load(),
	}
	s.Hashing, s.HashQueue = l.queue.count()
	if current := l.current.Load(); current != nil {
		s.Accounts = current.holders.Len()
	}
	s.AccountsLocked, s.SourcesLocked = l.locks.count(l.now())
	return s
}
