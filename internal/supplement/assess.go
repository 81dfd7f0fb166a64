package supplement

import (
	"errors"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// CiphertextLen is the length of a terminal's ciphertext under RSA-2048, in bytes; SM2 has a
// range, see Encrypter.
const CiphertextLen = 256

// Problem is why a record carries the flag it carries: enum, metric label and audit word.
type Problem byte

// The closed set of problems.
const (
	NoProblem             Problem = iota
	TerminalInfoEmpty             // the terminal sent no ciphertext
	KeyVersionUnknown             // no key of that version is configured
	KeyVersionExpired             // that key's NotAfter has come
	KeyVersionNotYetValid         // that key's NotBefore has not come
	TerminalInfoLength            // the ciphertext does not have the length of one
	TerminalInfoForm              // it begins as no ciphertext of the key's algorithm does
	TerminalFlagInvalid           // the terminal's own flag is not 0 to 3
	TerminalReported              // well-formed, but the terminal itself reports a flag other than 0
	TerminalInfoReplayed          // the trading day has seen the ciphertext before
)

var problemWords = [...]string{
	"none", "terminal_info_empty", "key_version_unknown", "key_version_expired",
	"key_version_not_yet_valid", "terminal_info_length", "terminal_info_form", "terminal_flag_invalid",
	"terminal_reported", "terminal_info_replayed",
}

func (p Problem) String() string {
	if int(p) >= len(problemWords) {
		return "invalid"
	}
	return problemWords[p]
}

// ErrNoValidKey means that no key is valid at the instant: no supplement can be
// encrypted, so no login can be recorded.
var ErrNoValidKey = errors.New("no encryption key is valid now: the monitoring centre's keys have expired or are not in force yet")

// TerminalInfo is what a terminal sent of its collection.
type TerminalInfo struct {
	KeyVersion []byte // the version of the key that it encrypted under
	Flag       byte   // its own 异常标识
	Ciphertext []byte // its terminal string, encrypted
}

// Assessment is what the record has about it.
type Assessment struct {
	Flag    regulation.AbnormalFlag
	Key     *Key // the supplement is encrypted under it, and its version is the line's
	Problem Problem
}

// Assess decides 异常标识 (4.2.3 c) and the key of one login at the instant at. The
// first rule that applies wins; a local finding wins over what the terminal reports
// (可本地重置, 4.2.2.1):
//
//  1. No ciphertext: flag 1, the terminal's key version if it is valid, else the newest.
//  2. Key version unknown, expired or not yet valid: flag 2, the newest valid key.
//  3. Ciphertext of a length, then of a form, that the key of its version does not make, then an own flag that is not 0 to 3: flag 3.
//  4. Otherwise the terminal's own flag is taken.
//
// The error is ErrNoValidKey and nothing else. Neither slice of info is kept.
func Assess(info TerminalInfo, ring *KeyRing, at time.Time) (Assessment, error) {
	key, keyProblem := ring.Select(info.KeyVersion, at)
	if key == nil {
		if key = ring.Newest(at); key == nil {
			return Assessment{}, ErrNoValidKey
		}
	}
	flag, problem := judge(info, key, keyProblem)
	return Assessment{flag, key, problem}, nil
}

// Replayed is the assessment of a ciphertext that came before, which the caller found, since
// nothing here keeps state: an honest one is padded with random bytes and never comes twice. It
// has flag 3, unless there is another flag already.
func (a Assessment) Replayed() Assessment {
	switch a.Problem {
	case NoProblem:
		a.Flag, a.Problem = regulation.FlagTerminalData, TerminalInfoReplayed
	case TerminalReported:
		a.Problem = TerminalInfoReplayed // the terminal's own flag is kept: it is not a finding of ours
	}
	return a
}

func judge(info TerminalInfo, key *Key, keyProblem Problem) (regulation.AbnormalFlag, Problem) {
	own := regulation.AbnormalFlag(info.Flag)
	switch {
	case len(info.Ciphertext) == 0:
		return regulation.FlagTerminalEmpty, TerminalInfoEmpty
	case keyProblem != NoProblem:
		return regulation.FlagKeyVersion, keyProblem
	case !hasLength(key, len(info.Ciphertext)):
		return regulation.FlagTerminalData, TerminalInfoLength
	case !key.Encrypter.HasForm(info.Ciphertext):
		return regulation.FlagTerminalData, TerminalInfoForm
	case !own.Valid():
		return regulation.FlagTerminalData, TerminalFlagInvalid
	case own != regulation.FlagNormal:
		return own, TerminalReported
	}
	return regulation.FlagNormal, NoProblem
}

func hasLength(key *Key, n int) bool {
	shortest, longest := key.Encrypter.CiphertextLen()
	return n >= shortest && n <= longest
}
