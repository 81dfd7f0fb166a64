package auth

import (
	"errors"
	"fmt"
)

// ErrTextNotSealed means that a text was sealed under another master key or for another purpose, or that it was changed.
var ErrTextNotSealed = errors.New("it does not open under this master key, or it was changed")

// boundText is the associated data of a text. An AppID has no NUL, so it is that of no authcode.
func boundText(purpose string) []byte { return []byte("\x00text\x00" + purpose) }

// SealText encrypts a text that holds no authcode in clear, such as a list of AppIDs, for one purpose.
func (k *MasterKey) SealText(purpose string, text []byte) []byte {
	aead := k.keys[k.seal].aead
	sealed := make([]byte, 1, 1+aead.Overhead()+len(text))
	sealed[0] = sealVersion
	return aead.Seal(sealed, nil, text, boundText(purpose)) //nolint:gosec // G407: this AEAD draws a random nonce by itself
}

// OpenText decrypts what SealText made for the same purpose.
func (k *MasterKey) OpenText(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, ErrTextNotSealed
	}
	if sealed[0] != sealVersion {
		return nil, fmt.Errorf("sealed text of version %d, this program knows %d", sealed[0], sealVersion)
	}
	for i := range k.keys {
		if text, err := k.keys[i].aead.Open(nil, nil, sealed[1:], boundText(purpose)); err == nil {
			return text, nil
		}
	}
	return nil, ErrTextNotSealed
}
