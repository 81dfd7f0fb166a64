package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Source is where the admitted AppIDs come from.
type Source interface {
	// Generation moves whenever an App changed. It must be cheap: it is asked at every
	// Refresh.
	Generation(ctx context.Context) (int64, error)
	// Apps returns every App, disabled ones too.
	Apps(ctx context.Context) ([]App, error)
}

// Verdict is what became of an authentication. It is for the audit log and the metrics:
// to the terminal all refusals are error 63.
type Verdict byte

// The closed set of verdicts.
const (
	OK            Verdict = iota // admitted
	UnknownApp                   // no such AppID in the registry
	DisabledApp                  // its admission was withdrawn
	WrongAnswer                  // the answer is not that of the AppID's authcode
	UnreadableApp                // it is in the registry, but its authcode does not open: another master key?
)

var verdictWords = [...]string{"ok", "unknown_app", "disabled_app", "wrong_answer", "unreadable_app"}

func (v Verdict) String() string {
	if int(v) >= len(verdictWords) {
		return "invalid"
	}
	return verdictWords[v]
}

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
	master  *MasterKey
	dummy   cipher.Block // random AES key: the work that is done for an AppID we do not know
	scratch sync.Pool    // of *[ChallengeLen]byte, so that Verify does not allocate

	refreshing sync.Mutex // one Refresh at a time
	current    atomic.Pointer[snapshot]
}

// snapshot is never changed once it is stored.
type snapshot struct {
	generation int64
	apps       map[string]admitted
	unreadable map[string]bool // rows that cannot be used: to a terminal like unknown ones
}

type admitted struct {
	block   cipher.Block
	appType AppType
	enabled bool
}

// NewRegistry returns a Registry that admits nobody until its first Refresh.
func NewRegistry(source Source, master *MasterKey) (*Registry, error) {
	var key [AuthCodeLen]byte
	_, _ = rand.Read(key[:]) // never fails: it ends the program instead
	dummy, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	r := &Registry{source: source, master: master, dummy: dummy}
	r.scratch.New = func() any { return new([ChallengeLen]byte) }
	return r, nil
}

// Verify says whether answer is what a terminal that has appID's authcode makes of ch.
// The AppType is meaningful with OK only. Verify allocates nothing and keeps none of
// its arguments.
func (r *Registry) Verify(appID []byte, ch *Challenge, answer *[ChallengeLen]byte) (Verdict, AppType) {
	var app admitted
	var known, unreadable bool
	if s := r.current.Load(); s != nil {
		app, known = s.apps[string(appID)]
		unreadable = s.unreadable[string(appID)]
	}
	block := r.dummy
	if known {
		block = app.block // of a disabled one too: the same work, whatever its cipher
	}
	right := r.answers(block, ch, answer)
	switch {
	case !known && unreadable:
		return UnreadableApp, 0
	case !known:
		return UnknownApp, 0
	case !app.enabled:
		return DisabledApp, 0
	case !right:
		return WrongAnswer, 0
	}
	return OK, app.appType
}

// answers computes the expected answer and compares it in constant time. The expected
// answer is wiped before anyone else can get the scratch.
func (r *Registry) answers(block cipher.Block, ch *Challenge, answer *[ChallengeLen]byte) bool {
	expected := r.scratch.Get().(*[ChallengeLen]byte)
	encryptBlocks(block, expected, ch)
	right := subtle.ConstantTimeCompare(expected[:], answer[:]) == 1
	clear(expected[:])
	r.scratch.Put(expected)
	return right
}

// Loaded reports whether a Refresh has ever succeeded: before that a front is not ready.
func (r *Registry) Loaded() bool { return r.current.Load() != nil }

// Len is how many AppIDs the snapshot holds, disabled ones too.
func (r *Registry) Len() int {
	if s := r.current.Load(); s != nil {
		return len(s.apps)
	}
	return 0
}

// Unreadable is how many AppIDs the source has whose rows cannot be used.
func (r *Registry) Unreadable() int {
	if s := r.current.Load(); s != nil {
		return len(s.unreadable)
	}
	return 0
}

// Refresh takes over the source's state if its generation moved, and reports whether it
// did. Rows that cannot be used are left out and come back as joined *RowErrors, with
// changed true: the new snapshot is in force. Any other error leaves the old one in force.
func (r *Registry) Refresh(ctx context.Context) (changed bool, err error) {
	r.refreshing.Lock()
	defer r.refreshing.Unlock()
	// The generation is read before the rows: a change between the two is then seen
	// again at the next Refresh, never missed.
	generation, err := r.source.Generation(ctx)
	if err != nil {
		return false, fmt.Errorf("generation of the AppIDs: %w", err)
	}
	if s := r.current.Load(); s != nil && s.generation == generation {
		return false, nil
	}
	rows, err := r.source.Apps(ctx)
	if err != nil {
		return false, fmt.Errorf("read the AppIDs: %w", err)
	}
	next := &snapshot{generation: generation, apps: make(map[string]admitted, len(rows)), unreadable: make(map[string]bool)}
	err = next.admit(rows, r.master)
	r.current.Store(next)
	return true, err
}

// admit opens each row; its error joins the rows that it left out.
func (s *snapshot) admit(rows []App, master *MasterKey) error {
	var faults []error
	for i := range rows {
		row := &rows[i]
		app, err := admitRow(row, master)
		_, twice := s.apps[string(row.AppID)]
		switch {
		case err == nil && twice:
			err = errors.New("stands twice; the first is used")
		case err == nil:
			s.apps[string(row.AppID)] = app
		case !twice:
			s.unreadable[string(row.AppID)] = true
		}
		if err != nil {
			faults = append(faults, &RowError{row.AppID, err})
		}
	}
	return errors.Join(faults...)
}

func admitRow(row *App, master *MasterKey) (admitted, error) {
	if _, err := regulation.ParseAppID(string(row.AppID)); err != nil {
		return admitted{}, err
	}
	code, err := master.Open(row.AppID, row.Sealed)
	if err != nil {
		return admitted{}, err
	}
	block, err := row.Cipher.newBlock(code)
	if err != nil {
		return admitted{}, err
	}
	return admitted{block, row.Type, row.Enabled}, nil
}
