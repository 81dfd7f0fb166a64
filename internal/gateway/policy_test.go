package gateway

import (
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/supplement"
)

// hooked runs a function whenever a login uses the key.
type hooked struct {
	supplement.Encrypter
	use func()
}

func (h hooked) CiphertextLen() (shortest, longest int) {
	h.use()
	return h.Encrypter.CiphertextLen()
}

func (h hooked) Encrypt(dst, plaintext []byte) ([]byte, error) {
	h.use()
	return h.Encrypter.Encrypt(dst, plaintext)
}

// A reload while the terminal information is judged, or the supplement is encrypted: the
// trading day is still that of the set from which the key came.
func TestReloadBetweenKeyAndDay(t *testing.T) {
	pair := newSM2(t)
	key := pair.version("1.0", time.Time{}, time.Time{})
	var g *Gateway
	next := Policy{Keys: ring(t, pair.version("2.0", time.Time{}, time.Time{})), Calendar: oneDay(t)}
	uses := 0
	key.Encrypter = hooked{key.Encrypter, func() { uses++; g.SetPolicy(next) }}
	g, r := newGateway(t, key)
	r.now = time.Date(2026, 3, 2, 10, 0, 0, 0, regulation.Zone)
	if _, rec := r.logIn(g, "1.0", make([]byte, 200)); rec.KeyVersion != "1.0" || rec.TradingDay.String() != "20260302" {
		t.Errorf("key %s, day %v", rec.KeyVersion, rec.TradingDay)
	}
	if uses != 2 || g.Policy().Calendar != next.Calendar {
		t.Errorf("the key was used %d times, want 2: once to judge, once to encrypt", uses)
	}
}
