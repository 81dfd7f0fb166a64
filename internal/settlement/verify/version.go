package verify

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Decrypter opens ciphertexts with a test key, from several goroutines at once.
type Decrypter interface {
	// Decrypt returns the plaintext, or an error if the key does not open it.
	Decrypt(ciphertext []byte) ([]byte, error)
}

// RSALen is the length in bytes of an RSA-2048 ciphertext (4.4.1 b).
const RSALen = 256

// Version is what is known of a key version.
type Version struct {
	Name string // as the second item of a line has it
	// MinLen and MaxLen bound its ciphertexts in bytes; both 0 are RSALen.
	MinLen, MaxLen int
	// NotBefore and NotAfter bound its life, half-open; zero for no bound.
	NotBefore, NotAfter time.Time
	// Decrypter is the test key, nil if there is none.
	Decrypter Decrypter
}

// version is a Version at work, shared by the workers.
type version struct {
	Version
	foreign        bool // not one that this report may have
	unnamed        bool // the operator said nothing of it: taken for RSA's
	opened, failed atomic.Int64
}

func (v *version) fits(n int) bool {
	if v.MaxLen == 0 {
		return n == RSALen
	}
	return v.MinLen <= n && n <= v.MaxLen
}

// validAt reports whether a login printed with that time was within the version's life. A
// printed time has whole seconds; the zero time, which means none, is within.
func (v *version) validAt(at time.Time) bool {
	return at.IsZero() || v.foreign ||
		!at.Before(v.NotBefore.Truncate(time.Second)) && (v.NotAfter.IsZero() || at.Before(v.NotAfter))
}

// patience is how many lines of a version a key may fail to open, none opened, before it
// counts as the wrong key. With fewer lines the end of the file decides.
const patience = 100

// KeyError says that a private key was given that cannot be meant. There is no report:
// what it would say of the file is not true.
type KeyError struct {
	Version string
	Problem string
}

func (e *KeyError) Error() string {
	return fmt.Sprintf("private key of version %s: %s", e.Version, e.Problem)
}

// misfit says that v's key opens nothing, and which other key would have.
func (r *rules) misfit(v *version, ciphertext []byte) error {
	problem := fmt.Sprintf("it opens no line of that version (%d tried); give the private half of the key that these lines were encrypted under", patience)
	for _, other := range r.versions {
		if other == v || other.Decrypter == nil {
			continue
		}
		if text, err := other.Decrypter.Decrypt(ciphertext); err == nil && strings.Count(string(text), "@") == supplementItems-1 {
			problem = fmt.Sprintf("it opens no line of that version, but the key given for %s does: are they swapped?", other.Name)
		}
	}
	return &KeyError{v.Name, problem}
}

// checkKeys judges the keys after the last line: a file of few lines ends before patience.
func (r *rules) checkKeys(f *findings, names []string) error {
	var given, used int
	for _, v := range r.versions {
		switch {
		case v.Decrypter == nil:
		case v.opened.Load()+v.failed.Load() > 0:
			given++
			used++
			if v.opened.Load() == 0 {
				return &KeyError{v.Name, fmt.Sprintf("it opens no line of that version (%d tried)", v.failed.Load())}
			}
		default:
			given++
			f.add(KeyUnused, 0, "version "+v.Name)
		}
	}
	if given > 0 && used == 0 && len(names) > 0 {
		return &KeyError{r.versionsWithKeys(), "no line has that version; the file has " + strings.Join(names, ", ")}
	}
	return nil
}
