package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"net/netip"

	"github.com/google/uuid"
)

// addressVersion is the first byte of a sealed address: AES-256-GCM under a key derived from the master key, a random nonce of
// 12 bytes, then ciphertext and tag, with the RecordID as associated data. 35 bytes for IPv4, 47 for IPv6.
const addressVersion = 1

// ErrAddressNotSealed says that a sealed address does not open: it was sealed under another master key or for another record, or it was changed.
var ErrAddressNotSealed = errors.New("the sealed address does not open under this master key for this record")

// newAddressAEAD is a key of its own: millions of addresses are sealed under it, and take nothing from the nonces of the authcodes.
func newAddressAEAD(master []byte) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, master, nil, "tradefront relay addresses 1", masterKeyLen)
	if err != nil {
		return nil, err
	}
	defer clear(derived)
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// SealAddress encrypts where a relay was when it submitted a record. Bound to the record, it is no other one's.
func (k *MasterKey) SealAddress(record uuid.UUID, at netip.AddrPort) []byte {
	var room [net16Len]byte
	plain, err := at.AppendBinary(room[:0])
	if err != nil { // it fails for no address
		return nil
	}
	aead := k.keys[k.seal].addresses
	sealed := make([]byte, 1, 1+aead.Overhead()+len(plain))
	sealed[0] = addressVersion
	return aead.Seal(sealed, nil, plain, record[:]) //nolint:gosec // G407: this AEAD draws a random nonce by itself
}

// net16Len is an IPv6 address and a port.
const net16Len = 16 + 2

// OpenAddress decrypts what SealAddress made for the same record.
func (k *MasterKey) OpenAddress(record uuid.UUID, sealed []byte) (at netip.AddrPort, err error) {
	if len(sealed) == 0 || sealed[0] != addressVersion {
		return at, ErrAddressNotSealed
	}
	for i := range k.keys {
		if plain, err := k.keys[i].addresses.Open(nil, nil, sealed[1:], record[:]); err == nil {
			return at, at.UnmarshalBinary(plain)
		}
	}
	return at, ErrAddressNotSealed
}
