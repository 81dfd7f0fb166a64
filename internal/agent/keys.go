package agent

import (
	"errors"
	"time"

	"github.com/tradefront/tradefront/internal/supplement"
)

// Version is a key of the monitoring centre that terminals may use, without the key.
type Version struct {
	Name                string
	SM2                 bool
	NotBefore, NotAfter time.Time
}

// Versions are key versions as supplement.Assess takes them: it asks a key for the length and the form of what it makes, and nothing else.
func Versions(all []Version) (*supplement.KeyRing, error) {
	keys := make([]supplement.Key, len(all))
	for i, v := range all {
		l := looks{supplement.CiphertextLen, supplement.CiphertextLen, func([]byte) bool { return true }}
		if v.SM2 {
			l.shortest, l.longest = supplement.SM2CiphertextLen()
			l.form = supplement.SM2HasForm
		}
		keys[i] = supplement.Key{Version: v.Name, NotBefore: v.NotBefore, NotAfter: v.NotAfter, Encrypter: l}
	}
	return supplement.NewKeyRing(keys)
}

// looks takes the place of a key that is not here.
type looks struct {
	shortest, longest int
	form              func(ciphertext []byte) bool
}

func (l looks) CiphertextLen() (shortest, longest int) { return l.shortest, l.longest }

func (l looks) HasForm(ciphertext []byte) bool { return l.form(ciphertext) }

func (looks) Encrypt([]byte, []byte) ([]byte, error) {
	return nil, errors.New("a relay agent has no key of the monitoring centre")
}
