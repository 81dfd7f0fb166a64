package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
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

// MasterKey encrypts authcodes at rest. It prints "***" in every format.
// It is safe for concurrent use.
type MasterKey struct{ aead cipher.AEAD }

func newMasterKey(key []byte) (*MasterKey, error) {
	if len(key) != masterKeyLen {
		return nil, fmt.Errorf("master key: %d bytes, want %d", len(key), masterKeyLen)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return &MasterKey{aead}, nil
}

// Seal encrypts code as appID's current one: the form of App.Sealed, 45 bytes. Sealing
// the same code twice gives different bytes.
func (k *MasterKey) Seal(appID regulation.AppID, code AuthCode) ([]byte, error) {
	return k.seal(code, []byte(appID))
}

// Open decrypts what Seal made for the same appID. It fails with ErrNotSealed, or
// because sealed has a version that this program does not know.
func (k *MasterKey) Open(appID regulation.AppID, sealed []byte) (AuthCode, error) {
	return k.open(sealed, []byte(appID))
}

// SealPrevious encrypts code as appID's previous one, valid until that instant: the form
// of Predecessor.Sealed. Slot and instant are bound to it: whoever can write the
// database can neither make it the current one again nor prolong its life.
func (k *MasterKey) SealPrevious(appID regulation.AppID, code AuthCode, until time.Time) ([]byte, error) {
	return k.seal(code, boundPrevious(appID, until))
}

// OpenPrevious decrypts what SealPrevious made for the same appID and instant; like Open.
func (k *MasterKey) OpenPrevious(appID regulation.AppID, sealed []byte, until time.Time) (AuthCode, error) {
	return k.open(sealed, boundPrevious(appID, until))
}

// boundPrevious is the associated data of a previous code. An AppID has no NUL, so it is
// that of no current one.
func boundPrevious(appID regulation.AppID, until time.Time) []byte {
	bound := append([]byte(appID), "\x00previous\x00"...)
	return binary.BigEndian.AppendUint64(bound, uint64(until.UnixMicro()))
}

func (k *MasterKey) seal(code AuthCode, bound []byte) ([]byte, error) {
	if code.code == nil {
		return nil, errors.New("seal: there is no authcode")
	}
	sealed := make([]byte, 1, 1+k.aead.Overhead()+AuthCodeLen)
	sealed[0] = sealVersion
	return k.aead.Seal(sealed, nil, code.code[:], bound), nil //nolint:gosec // G407: this AEAD draws a random nonce by itself
}

func (k *MasterKey) open(sealed, bound []byte) (AuthCode, error) {
	if len(sealed) == 0 {
		return AuthCode{}, ErrNotSealed
	}
	if sealed[0] != sealVersion {
		return AuthCode{}, fmt.Errorf("sealed authcode of version %d, this program knows %d", sealed[0], sealVersion)
	}
	plain, err := k.aead.Open(nil, nil, sealed[1:], bound)
	if err != nil {
		return AuthCode{}, ErrNotSealed
	}
	defer clear(plain)
	return parseAuthCode(plain)
}

// String hides the key.
func (MasterKey) String() string { return hidden }

// GoString hides the key.
func (MasterKey) GoString() string { return hidden }

// Format hides the key whatever the verb.
func (MasterKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText hides the key.
func (MasterKey) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON hides the key.
func (MasterKey) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
