package client

import (
	"crypto/aes"
	"fmt"

	"github.com/tradefront/tradefront/internal/ftd"
)

// AuthCodeLen is the length of an authcode in bytes: an AES-128 key.
const AuthCodeLen = 16

// answerChallenge is AES-128-ECB of the 128 bytes under the authcode: eight blocks, no
// padding (B.2, figure B-4). ECB is what the regulation's procedure asks for; the
// challenge is random and its blocks do not repeat. The authcode goes no further.
func answerChallenge(authCode string, challenge *[ftd.ChallengeLen]byte) (answer [ftd.ChallengeLen]byte, err error) {
	if len(authCode) != AuthCodeLen {
		return answer, fmt.Errorf("client: authcode is %d bytes, want %d", len(authCode), AuthCodeLen)
	}
	block, err := aes.NewCipher([]byte(authCode))
	if err != nil {
		return answer, fmt.Errorf("client: %w", err)
	}
	for at := 0; at < ftd.ChallengeLen; at += aes.BlockSize {
		block.Encrypt(answer[at:at+aes.BlockSize], challenge[at:at+aes.BlockSize])
	}
	return answer, nil
}
