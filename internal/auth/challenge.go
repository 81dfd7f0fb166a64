package auth

import (
	"crypto/aes"
	"crypto/cipher"
)

// ChallengeLen is the length of a challenge and of its answer, in bytes (B.2).
const ChallengeLen = 128

// Challenge is the TimeStamp of B.2: random bytes that a terminal must encrypt. Each
// is drawn for one connection, and answered once.
type Challenge [ChallengeLen]byte

// Respond is the terminal's side with AES: the AuthInfo that answers ch. A front never
// calls it; it compares inside Registry.Verify.
func Respond(code AuthCode, ch *Challenge) ([ChallengeLen]byte, error) {
	return AES.Respond(code, ch)
}

// Respond is the terminal's side with that cipher.
func (c Cipher) Respond(code AuthCode, ch *Challenge) ([ChallengeLen]byte, error) {
	var answer [ChallengeLen]byte
	block, err := c.newBlock(code)
	if err != nil {
		return answer, err
	}
	encryptBlocks(block, &answer, ch)
	return answer, nil
}

// encryptBlocks is the cipher in ECB mode, eight blocks, no padding: what B.2 asks for. ECB
// hides no patterns, but a challenge is random bytes and has none.
func encryptBlocks(block cipher.Block, dst *[ChallengeLen]byte, ch *Challenge) {
	for i := 0; i < ChallengeLen; i += aes.BlockSize {
		block.Encrypt(dst[i:i+aes.BlockSize], ch[i:i+aes.BlockSize])
	}
}
