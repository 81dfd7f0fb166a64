package supplement

import (
	"errors"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// MaxValidKeys is how many encryption keys a vendor may have valid at one time (A.1 d).
const MaxValidKeys = 2

// Encrypter encrypts under the monitoring centre's public key. It is this small so that
// a national algorithm can take its place (4.4.1 b).
type Encrypter interface {
	// Encrypt appends the ciphertext of plaintext to dst. It is safe for concurrent
	// use and keeps neither slice.
	Encrypt(dst, plaintext []byte) ([]byte, error)
	// CiphertextLen is the least and the greatest length, in bytes, of a ciphertext of a
	// terminal string.
	CiphertextLen() (shortest, longest int)
	// HasForm reports whether a ciphertext of one of these lengths begins as one of this
	// algorithm does. No more can be seen of it without the private key.
	HasForm(ciphertext []byte) bool
}

// Key is one version of the encryption key.
type Key struct {
	Version   string    // as terminals send it and the report prints it, 1 to 8 bytes
	NotBefore time.Time // zero for no bound
	NotAfter  time.Time // exclusive; zero for no bound
	Encrypter Encrypter
	Info      KeyInfo
}

// validAt reports whether at is in [NotBefore, NotAfter).
func (k *Key) validAt(at time.Time) bool {
	return !at.Before(k.NotBefore) && (k.NotAfter.IsZero() || at.Before(k.NotAfter))
}

// KeyRing is the encryption keys of this vendor. It never changes.
type KeyRing struct{ keys []Key }

// NewKeyRing checks keys, the newest last, against A.1: versions may not repeat and no
// instant may have more than MaxValidKeys. At least one key is needed.
func NewKeyRing(keys []Key) (*KeyRing, error) {
	if len(keys) == 0 {
		return nil, errors.New("no encryption key: the monitoring centre grants them (A.1)")
	}
	ring := &KeyRing{keys: append([]Key(nil), keys...)}
	seen := make(map[string]bool, len(keys))
	for i := range ring.keys {
		k := &ring.keys[i]
		if err := checkKey(k); err != nil {
			return nil, err
		}
		if seen[k.Version] {
			return nil, fmt.Errorf("key version %q appears twice", k.Version)
		}
		seen[k.Version] = true
	}
	if err := ring.checkOverlap(); err != nil {
		return nil, err
	}
	return ring, nil
}

func checkKey(k *Key) error {
	if k.Version == "" {
		return &regulation.ItemError{Item: "key version", Problem: "empty"}
	}
	if err := regulation.CheckItem("key version", k.Version, regulation.MaxKeyVersion); err != nil {
		return err
	}
	if k.Encrypter == nil {
		return fmt.Errorf("key version %q has no public key", k.Version)
	}
	if !k.NotAfter.IsZero() && !k.NotBefore.Before(k.NotAfter) {
		return fmt.Errorf("key version %q is never valid: it ends at or before its start", k.Version)
	}
	return nil
}

// checkOverlap looks at each instant at which a key becomes valid: nowhere else can the
// number of valid keys rise, so one of these has the most. The zero time means the
// start of a key without a bound; no key ends at or before it.
func (r *KeyRing) checkOverlap() error {
	for i := range r.keys {
		start := r.keys[i].NotBefore
		valid := 0
		for j := range r.keys {
			if r.keys[j].validAt(start) {
				valid++
			}
		}
		if valid > MaxValidKeys {
			return fmt.Errorf("%d keys are valid once key version %q is: at most %d may be (A.1)",
				valid, r.keys[i].Version, MaxValidKeys)
		}
	}
	return nil
}

// Select returns the key of that version if it is valid at the instant, else nil and
// which of key_version_unknown, key_version_expired and key_version_not_yet_valid it is.
func (r *KeyRing) Select(version []byte, at time.Time) (*Key, Problem) {
	for i := range r.keys {
		k := &r.keys[i]
		switch {
		case k.Version != string(version):
		case at.Before(k.NotBefore):
			return nil, KeyVersionNotYetValid
		case !k.validAt(at):
			return nil, KeyVersionExpired
		default:
			return k, NoProblem
		}
	}
	return nil, KeyVersionUnknown
}

// Newest returns the last listed key that is valid at the instant, nil if none is.
func (r *KeyRing) Newest(at time.Time) *Key {
	for i := len(r.keys) - 1; i >= 0; i-- {
		if r.keys[i].validAt(at) {
			return &r.keys[i]
		}
	}
	return nil
}

// Keys returns a copy of the keys in the order listed, for status pages and metrics.
func (r *KeyRing) Keys() []Key { return append([]Key(nil), r.keys...) }
