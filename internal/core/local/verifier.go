package local

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"

	"golang.org/x/crypto/argon2"

	"github.com/tradefront/tradefront/internal/regulation"
)

// A verifier tells a right password from others in a millisecond, so that the first login of each account after a start
// needs no argon2 of full cost. It is bound to the account and to its password hash, and nothing can be tested by it
// without a key that is not beside it:
//
//	salt = HMAC(key, "salt", account, hash)
//	tag  = HMAC(key, "tag", account, hash, cost, argon2id(password, salt, cost))
//
// A password that does not fit goes on to the slow hash, which decides: so a damaged verifier keeps no customer out, a wrong
// password takes the same time as ever, and an account without a verifier, or one that does not exist, cannot be told from
// others.

// Verifier is what is kept of a password that was right once. The zero Verifier is none.
type Verifier struct {
	Key string // the ID of the key
	KiB uint32 // memory of its argon2id, one pass
	Tag [sha256.Size]byte
}

// VerifierKey is a key of verifiers.
type VerifierKey struct {
	ID     string
	Secret [sha256.Size]byte
}

// Verifiers keeps them between two lives of the process.
type Verifiers interface {
	// Find is the account's, zero if there is none. It may read a disk.
	Find(ctx context.Context, account regulation.Account) (Verifier, error)
	// Keep replaces the account's, some time later or never. It does not wait.
	Keep(account regulation.Account, v Verifier)
}

// SetVerifierKeys puts other keys in force, the newest first. Without one no verifier is used.
func (l *Core) SetVerifierKeys(keys ...VerifierKey) { l.verifierKeys.Store(&keys) }

// quickCheck is one attempt to verify by a verifier.
type quickCheck struct {
	fits bool
	keep Verifier // what is to be kept if the password is right; zero if it is kept already or cannot be
}

// quick does the same work whether or not the password fits.
func (l *Core) quick(ctx context.Context, account regulation.Account, phc string, password []byte) (q quickCheck) {
	keys := l.verifierKeys.Load()
	if l.verifiers == nil || l.verifierKiB == 0 || keys == nil || len(*keys) == 0 {
		return q
	}
	found, err := l.verifiers.Find(ctx, account)
	if err != nil {
		found = Verifier{} // the slow hash decides
	}
	key, own := &(*keys)[0], false
	for i := range *keys {
		if k := &(*keys)[i]; k.ID == found.Key && found.KiB == l.verifierKiB {
			key, own = k, true
		}
	}
	made := Verifier{key.ID, l.verifierKiB, key.tag(account, phc, l.verifierKiB, password)}
	q.fits = own && subtle.ConstantTimeCompare(made.Tag[:], found.Tag[:]) == 1
	switch {
	case !q.fits && key == &(*keys)[0]:
		q.keep = made
	case q.fits && key != &(*keys)[0]: // the master key is being changed: the old one is to be forgotten
		newest := &(*keys)[0]
		q.keep = Verifier{newest.ID, l.verifierKiB, newest.tag(account, phc, l.verifierKiB, password)}
	}
	return q
}

func (k *VerifierKey) tag(account regulation.Account, phc string, kib uint32, password []byte) (tag [sha256.Size]byte) {
	var salt [sha256.Size]byte
	k.mac("salt", account, phc, nil, salt[:0])
	inner := argon2.IDKey(password, salt[:saltLen], 1, kib, lanes, sha256.Size)
	defer clear(inner)
	k.mac("tag", account, phc, binary.BigEndian.AppendUint32(inner, kib), tag[:0])
	return tag
}

// mac has the lengths in it: no two inputs give the same bytes.
func (k *VerifierKey) mac(purpose string, account regulation.Account, phc string, rest, to []byte) {
	mac := hmac.New(sha256.New, k.Secret[:])
	for _, part := range [...]string{purpose, string(account), phc} {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		mac.Write([]byte(part))
	}
	mac.Write(rest)
	mac.Sum(to)
}
