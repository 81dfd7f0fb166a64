package client

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"

	"github.com/emmansun/gmsm/sm4"

	"github.com/tradefront/tradefront/internal/ftd"
)

// AuthCodeLen is the length of an authcode in bytes: the key of either cipher.
const AuthCodeLen = 16

// Cipher is what a challenge is answered with. The firm names it together with the authcode.
type Cipher byte

// The two ciphers.
const (
	AES Cipher = iota // AES-128, the rule
	SM4               // GB/T 32907, where firm and vendor agreed on it
)

func (c Cipher) newBlock(authCode string) (cipher.Block, error) {
	switch c {
	case AES:
		return aes.NewCipher([]byte(authCode))
	case SM4:
		return sm4.NewCipher([]byte(authCode))
	}
	return nil, fmt.Errorf("cipher number %d, want AES or SM4", c)
}

// answerChallenge is the cipher in ECB mode of the 128 bytes under the authcode: eight
// blocks, no padding (B.2, figure B-4). ECB is what the regulation's procedure asks for;
// the challenge is random and its blocks do not repeat. The authcode goes no further.
func answerChallenge(
	c Cipher, authCode string, challenge *[ftd.ChallengeLen]byte,
) (answer [ftd.ChallengeLen]byte, err error) {
	if len(authCode) != AuthCodeLen {
		return answer, fmt.Errorf("client: authcode is %d bytes, want %d", len(authCode), AuthCodeLen)
	}
	block, err := c.newBlock(authCode)
	if err != nil {
		return answer, fmt.Errorf("client: %w", err)
	}
	for at := 0; at < ftd.ChallengeLen; at += aes.BlockSize {
		block.Encrypt(answer[at:at+aes.BlockSize], challenge[at:at+aes.BlockSize])
	}
	return answer, nil
}
