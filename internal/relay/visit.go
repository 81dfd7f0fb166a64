package relay

import (
	"crypto/sha256"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// Visit is one terminal at one relay, from its login there to its end: who, by what, from where, since when, and through
// which relay. A relay that connects anew reports it again.
type Visit struct {
	Account    regulation.Account
	AppID      regulation.AppID
	Addr       netip.AddrPort
	LoginTime  time.Time
	RelayAppID regulation.AppID
}

// Hash names the visit beside the terminal's ciphertext. It is never zero, which is the direct mode's.
func (v *Visit) Hash() store.VisitHash {
	const most = 2*(regulation.MaxAppIDLen+1) + regulation.MaxAccountLen + 1 + regulation.MaxAddrLen + 1 + 2 + 8
	var space [most]byte
	b := append(append(space[:0], v.Account...), 0)
	b = append(append(b, v.AppID...), 0)
	b = append(regulation.AppendAddr(b, v.Addr.Addr()), 0)
	b = append(b, byte(v.Addr.Port()>>8), byte(v.Addr.Port()))
	seconds := uint64(v.LoginTime.Unix())
	for shift := 56; shift >= 0; shift -= 8 {
		b = append(b, byte(seconds>>shift))
	}
	b = append(append(b, v.RelayAppID...), 0)
	sum := sha256.Sum256(b)
	hash := store.VisitHash(sum[:len(store.VisitHash{})])
	if hash == (store.VisitHash{}) {
		hash[0] = 1
	}
	return hash
}
