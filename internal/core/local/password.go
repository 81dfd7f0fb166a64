package local

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// MaxPasswordLen is the longest password in bytes: the wire's Password is s40.
const MaxPasswordLen = 40

const (
	saltLen   = 16
	digestLen = 32
	lanes     = 1 // of new hashes: logins run in parallel, one login does not
)

// The most that a hash in the source may ask for: one row must not be able to take the
// front's memory or time.
const (
	maxMemoryKiB  = 1 << 20 // 1 GiB
	maxIterations = 64
	maxLanes      = 16
)

// Params is the cost of argon2id.
type Params struct {
	MemoryKiB  uint32 // for each check that runs
	Iterations uint32
}

func (p Params) check() error {
	switch {
	case p.MemoryKiB < 8*lanes || p.MemoryKiB > maxMemoryKiB:
		return fmt.Errorf("argon2: memory of %d KiB, want %d to %d", p.MemoryKiB, 8*lanes, maxMemoryKiB)
	case p.Iterations < 1 || p.Iterations > maxIterations:
		return fmt.Errorf("argon2: %d iterations, want 1 to %d", p.Iterations, maxIterations)
	}
	return nil
}

// PasswordError says why a password cannot be one. It never contains it.
type PasswordError struct{ Problem string }

func (e *PasswordError) Error() string { return "password: " + e.Problem }

// HashPassword makes the PasswordHash of an Account:
// $argon2id$v=19$m=..,t=..,p=1$salt$hash. A password that no terminal could send is a
// *PasswordError. The password is not kept.
func HashPassword(password []byte, p Params) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	if err := p.check(); err != nil {
		return "", err
	}
	h := randomHash(p)
	h.digest = h.derive(password)
	return h.encode(), nil
}

// CheckPassword says why no terminal could send that password. The error is a *PasswordError.
func CheckPassword(password []byte) error {
	switch {
	case len(password) == 0:
		return &PasswordError{"empty"}
	case len(password) > MaxPasswordLen:
		return &PasswordError{fmt.Sprintf("%d bytes, at most %d fit the login request", len(password), MaxPasswordLen)}
	case bytes.HasSuffix(password, []byte(" ")):
		return &PasswordError{"ends in a space; the login request pads with spaces, so it would never match"}
	case !utf8.Valid(password):
		return &PasswordError{"not valid UTF-8, which the login request requires"}
	case bytes.ContainsFunc(password, unicode.IsControl):
		return &PasswordError{"contains a control character, which the login request may not"}
	}
	return nil
}

// hash is a PHC string, taken apart.
type hash struct {
	phc          string // as the account has it
	memory, time uint32
	lanes        uint8
	salt, digest []byte
}

// randomHash is a hash that no password is known for: salt and digest are random.
func randomHash(p Params) hash {
	h := hash{
		memory: p.MemoryKiB, time: p.Iterations, lanes: lanes,
		salt: make([]byte, saltLen), digest: make([]byte, digestLen),
	}
	_, _ = rand.Read(h.salt) // never fails: it ends the program instead
	_, _ = rand.Read(h.digest)
	h.phc = h.encode()
	return h
}

func (h *hash) derive(password []byte) []byte {
	return argon2.IDKey(password, h.salt, h.time, h.memory, h.lanes, uint32(len(h.digest)))
}

// matches compares in constant time.
func (h *hash) matches(password []byte) bool {
	return subtle.ConstantTimeCompare(h.derive(password), h.digest) == 1
}

// maxPHC is the length of a hash as HashPassword makes it, or longer.
const maxPHC = 128

const phcVersion = "v=19" // argon2.Version; another would be another algorithm

// phc64 is PHC's base64: no padding, no line breaks, no stray bits.
var phc64 = base64.RawStdEncoding.Strict()

func (h *hash) encode() string { return string(h.appendTo(nil)) }

// appendTo is encode without fmt: a start reads a million hashes.
func (h *hash) appendTo(b []byte) []byte {
	b = append(append(append(b, "$argon2id$"...), phcVersion...), "$m="...)
	b = append(strconv.AppendUint(b, uint64(h.memory), 10), ",t="...)
	b = append(strconv.AppendUint(b, uint64(h.time), 10), ",p="...)
	b = append(strconv.AppendUint(b, uint64(h.lanes), 10), '$')
	b = append(phc64.AppendEncode(b, h.salt), '$')
	return phc64.AppendEncode(b, h.digest)
}

// parseHash reads exactly what encode writes, with parameters inside the bounds. Its
// errors never contain the hash.
func parseHash(phc string) (hash, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != phcVersion {
		return hash{}, errors.New("password hash: want $argon2id$v=19$m=..,t=..,p=..$salt$hash")
	}
	h := hash{phc: phc}
	if err := h.parseParams(parts[3]); err != nil {
		return hash{}, err
	}
	var saltErr, digestErr error
	h.salt, saltErr = phc64.DecodeString(parts[4])
	h.digest, digestErr = phc64.DecodeString(parts[5])
	switch {
	case saltErr != nil || digestErr != nil:
		return hash{}, errors.New("password hash: salt or hash is not base64 without padding")
	case len(h.salt) < 8 || len(h.salt) > 64:
		return hash{}, errors.New("password hash: the salt does not have 8 to 64 bytes")
	case len(h.digest) < 16 || len(h.digest) > 64:
		return hash{}, errors.New("password hash: the hash does not have 16 to 64 bytes")
	case string(h.appendTo(make([]byte, 0, 2*maxPHC))) != phc:
		// Go's decoder skips line breaks and ParseUint takes leading zeros: one hash,
		// one spelling.
		return hash{}, errors.New("password hash: not in the canonical form")
	}
	return h, nil
}

func (h *hash) parseParams(s string) error {
	bounds := [...]struct {
		name string
		max  uint64
		set  func(uint64)
	}{
		{"m=", maxMemoryKiB, func(n uint64) { h.memory = uint32(n) }},
		{"t=", maxIterations, func(n uint64) { h.time = uint32(n) }},
		{"p=", maxLanes, func(n uint64) { h.lanes = uint8(n) }},
	}
	parts := strings.Split(s, ",")
	if len(parts) != len(bounds) {
		return errors.New("password hash: want the parameters m, t and p")
	}
	for i, b := range bounds {
		digits, ok := strings.CutPrefix(parts[i], b.name)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || n < 1 || n > b.max {
			return fmt.Errorf("password hash: parameter %s wants 1 to %d", b.name, b.max)
		}
		b.set(n)
	}
	if h.memory < 8*uint32(h.lanes) {
		return errors.New("password hash: less memory than argon2 can work with")
	}
	return nil
}

// CheckHash says why a PasswordHash cannot be one that a Core uses. The error does not contain it.
func CheckHash(phc string) error {
	_, err := parseHash(phc)
	return err
}
