package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm4"
)

// Cipher is the block cipher that an AppID's challenge is answered with. Both take the 16
// bytes of an authcode as their key and work on blocks of 16 bytes.
type Cipher byte

// The two ciphers.
const (
	AES Cipher = iota // AES-128, which B.2 names; what is meant where none is
	SM4               // GB/T 32907, the national algorithm (4.4.1 b), by agreement with the vendor
)

var cipherWords = [...]string{AES: "aes", SM4: "sm4"}

// ParseCipher reads what String prints.
func ParseCipher(s string) (Cipher, error) {
	for c, word := range cipherWords {
		if s == word {
			return Cipher(c), nil
		}
	}
	return 0, fmt.Errorf("cipher %.20q: want aes or sm4", s)
}

func (c Cipher) String() string {
	if int(c) >= len(cipherWords) {
		return "invalid"
	}
	return cipherWords[c]
}

// newBlock makes the key schedule of an authcode. The zero AuthCode is refused.
func (c Cipher) newBlock(code AuthCode) (cipher.Block, error) {
	if code.code == nil {
		return nil, errors.New("there is no authcode")
	}
	switch c {
	case AES:
		return aes.NewCipher(code.code[:])
	case SM4:
		return sm4.NewCipher(code.code[:])
	}
	return nil, fmt.Errorf("cipher number %d, this program knows 0 (aes) and 1 (sm4)", c)
}
