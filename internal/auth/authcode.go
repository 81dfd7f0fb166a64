package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// AuthCodeLen is the length of an authcode in bytes; it is the AES-128 key of B.2.
const AuthCodeLen = 16

const authCodeAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// AuthCode is 授权码 (2.6), the secret that the firm issues for an AppID: 16 characters
// of A-Z and 0-9. It prints "***" in every format. The zero value is no authcode.
//
// The secret is behind a pointer because fmt does not call methods on unexported fields:
// printed as a part of a struct it shows an address, not the code. So == tells whether
// two are the same copy, not whether they are the same code.
type AuthCode struct{ code *[AuthCodeLen]byte }

// NewAuthCode draws an authcode from rand, which must be a CSPRNG: about 82.7 bits,
// each of the 36 characters equally likely.
func NewAuthCode(rand io.Reader) (AuthCode, error) {
	// A byte is usable with probability 252/256. That fewer than 16 of 64 are happens
	// once in 10^70 draws, so it means that rand is broken, and so do 16 equal ones.
	const biggest = 256 / len(authCodeAlphabet) * len(authCodeAlphabet)
	var draw [4 * AuthCodeLen]byte
	if _, err := io.ReadFull(rand, draw[:]); err != nil {
		return AuthCode{}, fmt.Errorf("draw an authcode: %w", err)
	}
	defer clear(draw[:])
	code := make([]byte, 0, AuthCodeLen)
	defer func() { clear(code) }()
	for _, b := range draw {
		// Bytes of 252 and above would favour the first characters: thrown away.
		if int(b) < biggest && len(code) < AuthCodeLen {
			code = append(code, authCodeAlphabet[int(b)%len(authCodeAlphabet)])
		}
	}
	a, err := parseAuthCode(code)
	if err != nil {
		return AuthCode{}, errors.New("draw an authcode: the random source is broken")
	}
	return a, nil
}

// ParseAuthCode reads an authcode that was issued elsewhere. A code of 16 equal
// characters is refused: it is a placeholder, not a secret. The error never contains s.
func ParseAuthCode(s string) (AuthCode, error) {
	b := []byte(s)
	defer clear(b)
	return parseAuthCode(b)
}

// parseAuthCode copies b, so that the caller can wipe it.
func parseAuthCode(b []byte) (AuthCode, error) {
	if len(b) != AuthCodeLen {
		return AuthCode{}, fmt.Errorf("authcode: %d characters, want %d", len(b), AuthCodeLen)
	}
	for i, c := range b {
		if strings.IndexByte(authCodeAlphabet, c) < 0 {
			return AuthCode{}, fmt.Errorf("authcode: character %d is not one of A-Z and 0-9", i+1)
		}
	}
	if bytes.Count(b, b[:1]) == len(b) {
		return AuthCode{}, errors.New("authcode: all characters are equal")
	}
	return AuthCode{(*[AuthCodeLen]byte)(bytes.Clone(b))}, nil
}

// Wipe overwrites the secret in memory; every copy of a is empty text from then on.
func (a AuthCode) Wipe() {
	if a.code != nil {
		clear(a.code[:])
	}
}

// Reveal returns the secret itself, for the one time that it is shown to the operator.
// The zero AuthCode has "".
func (a AuthCode) Reveal() string {
	if a.code == nil {
		return ""
	}
	return string(a.code[:])
}

const hidden = "***"

// String hides the secret.
func (AuthCode) String() string { return hidden }

// GoString hides the secret.
func (AuthCode) GoString() string { return hidden }

// Format hides the secret from every verb.
func (AuthCode) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText hides the secret.
func (AuthCode) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON hides the secret.
func (AuthCode) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
