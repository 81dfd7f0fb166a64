package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// masterKeyLen is the length of the master key in bytes: AES-256.
const masterKeyLen = 32

// sealVersion is the first byte of a sealed authcode: AES-256-GCM, a random nonce of
// 12 bytes, then ciphertext and tag. Another number will name another algorithm (4.4.1 b).
const sealVersion = 1

// ErrNotSealed says that a sealed authcode does not open: it was sealed under another
// master key or for another AppID, or it was changed.
var ErrNotSealed = errors.New("the sealed authcode does not open under this master key for this AppID")

// MasterKey encrypts authcodes, and addresses of relays, at rest. While it is being changed it is two keys: the new
// one, then the old one; what either sealed opens. It prints "***" in every format. It is
// safe for concurrent use.
type MasterKey struct {
	keys []oneKey
	seal int // index of the key that seals
}

type oneKey struct {
	aead        cipher.AEAD
	fingerprint string
	verifiers   [sha256.Size]byte // derived from it, for verifiers of passwords
	addresses   cipher.AEAD       // derived from it, for addresses of relays
}

// newMasterKey takes the key, or the new one and the old one.
func newMasterKey(keys ...[]byte) (*MasterKey, error) {
	k := &MasterKey{seal: len(keys) - 1} // a front with two keys has the old one, and so has every other front
	for _, key := range keys {
		one, err := newOneKey(key)
		if err != nil {
			return nil, fmt.Errorf("master key: %w", err)
		}
		k.keys = append(k.keys, one)
	}
	return k, nil
}

func newOneKey(key []byte) (oneKey, error) {
	if len(key) != masterKeyLen {
		return oneKey{}, fmt.Errorf("%d bytes, want %d", len(key), masterKeyLen)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return oneKey{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return oneKey{}, err
	}
	one := oneKey{aead: aead, fingerprint: fingerprint(key)}
	if one.addresses, err = newAddressAEAD(key); err != nil {
		return oneKey{}, err
	}
	derived, err := hkdf.Key(sha256.New, key, nil, "tradefront password verifiers 1", len(one.verifiers))
	if err != nil {
		return oneKey{}, err
	}
	defer clear(derived)
	copy(one.verifiers[:], derived)
	return one, nil
}

// DerivedKey is a key that was derived from a master key for one purpose: it tells nothing about the others.
type DerivedKey struct {
	Fingerprint string // of the master key
	Secret      [sha256.Size]byte
}

// VerifierKeys are the keys of verifiers of passwords, that of the newest master key first.
func (k *MasterKey) VerifierKeys() []DerivedKey {
	keys := make([]DerivedKey, len(k.keys))
	for i := range k.keys {
		keys[i] = DerivedKey{k.keys[i].fingerprint, k.keys[i].verifiers}
	}
	return keys
}

// String hides the key.
func (DerivedKey) String() string { return hidden }

// GoString hides the key.
func (DerivedKey) GoString() string { return hidden }

// Format hides the key from every verb.
func (DerivedKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// fingerprint tells master keys apart and shows nothing of them: they are 256 random bits.
func fingerprint(key []byte) string {
	sum := sha256.Sum256(append([]byte("tradefront master key fingerprint\x00"), key...))
	return hex.EncodeToString(sum[:6])
}

// Fingerprints are those of the keys, the new one first.
func (k *MasterKey) Fingerprints() []string {
	prints := make([]string, len(k.keys))
	for i := range k.keys {
		prints[i] = k.keys[i].fingerprint
	}
	return prints
}

// Seal encrypts code as appID's current one: the form of App.Sealed, 45 bytes. Sealing
// the same code twice gives different bytes.
func (k *MasterKey) Seal(appID regulation.AppID, code AuthCode) ([]byte, error) {
	return k.sealUnder(k.seal, code, []byte(appID))
}

// Open decrypts what Seal made for the same appID. It fails with ErrNotSealed, or
// because sealed has a version that this program does not know.
func (k *MasterKey) Open(appID regulation.AppID, sealed []byte) (AuthCode, error) {
	return k.openAny(sealed, []byte(appID))
}

// SealPrevious encrypts code as appID's previous one, valid until that instant: the form
// of Predecessor.Sealed. Slot and instant are bound to it: an attacker who can write the
// database can neither make it the current one again nor prolong its life.
func (k *MasterKey) SealPrevious(appID regulation.AppID, code AuthCode, until time.Time) ([]byte, error) {
	return k.sealUnder(k.seal, code, boundPrevious(appID, until))
}

// OpenPrevious decrypts what SealPrevious made for the same appID and instant; like Open.
func (k *MasterKey) OpenPrevious(appID regulation.AppID, sealed []byte, until time.Time) (AuthCode, error) {
	return k.openAny(sealed, boundPrevious(appID, until))
}

// boundPrevious is the associated data of a previous code. An AppID has no NUL, so it is
// that of no current one.
func boundPrevious(appID regulation.AppID, until time.Time) []byte {
	bound := append([]byte(appID), "\x00previous\x00"...)
	return binary.BigEndian.AppendUint64(bound, uint64(until.UnixMicro()))
}

func (k *MasterKey) sealUnder(i int, code AuthCode, bound []byte) ([]byte, error) {
	if code.code == nil {
		return nil, errors.New("seal: there is no authcode")
	}
	aead := k.keys[i].aead
	sealed := make([]byte, 1, 1+aead.Overhead()+AuthCodeLen)
	sealed[0] = sealVersion
	return aead.Seal(sealed, nil, code.code[:], bound), nil //nolint:gosec // G407: this AEAD draws a random nonce by itself
}

func (k *MasterKey) openAny(sealed, bound []byte) (AuthCode, error) {
	code, _, err := k.openWhich(sealed, bound)
	return code, err
}

// openWhich says under which of the keys it opened too.
func (k *MasterKey) openWhich(sealed, bound []byte) (AuthCode, int, error) {
	if len(sealed) == 0 {
		return AuthCode{}, 0, ErrNotSealed
	}
	if sealed[0] != sealVersion {
		return AuthCode{}, 0, fmt.Errorf("sealed authcode of version %d, this program knows %d", sealed[0], sealVersion)
	}
	for i := range k.keys {
		if plain, err := k.keys[i].aead.Open(nil, nil, sealed[1:], bound); err == nil {
			defer clear(plain)
			code, err := parseAuthCode(plain)
			return code, i, err
		}
	}
	return AuthCode{}, 0, ErrNotSealed
}

// String hides the key.
func (MasterKey) String() string { return hidden }

// GoString hides the key.
func (MasterKey) GoString() string { return hidden }

// Format hides the key from every verb.
func (MasterKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText hides the key.
func (MasterKey) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON hides the key.
func (MasterKey) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
