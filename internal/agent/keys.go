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

// Versions are key versions as supplement.Assess takes them: it asks a key for the length of what it makes, and nothing else.
func Versions(all []Version) (*supplement.KeyRing, error) {
	keys := make([]supplement.Key, len(all))
	for i, v := range all {
		l := lengths{supplement.CiphertextLen, supplement.CiphertextLen}
		if v.SM2 {
			l.shortest, l.longest = supplement.SM2CiphertextLen()
		}
		keys[i] = supplement.Key{Version: v.Name, NotBefore: v.NotBefore, NotAfter: v.NotAfter, Encrypter: l}
	}
	return supplement.NewKeyRing(keys)
}

// lengths takes the place of a key that is not here.
type lengths struct{ shortest, longest int }

func (l lengths) CiphertextLen() (shortest, longest int) { return l.shortest, l.longest }

func (lengths) Encrypt([]byte, []byte) ([]byte, error) {
	return nil, errors.New("a relay agent has no key of the monitoring centre")
}
