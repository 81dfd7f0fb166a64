package gateway

import (
	"net/netip"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// A submission that is sent again is one record, with the content of the first time: what its relay is told is that one,
// also over another connection, from another address, or at another front.

// AddressSealer seals where a relay was, for the column beside the record, and opens it for the answer to the same submission. A
// front whose key does not open it answers with an empty address.
type AddressSealer interface {
	SealAddress(record uuid.UUID, at netip.AddrPort) []byte
	OpenAddress(record uuid.UUID, sealed []byte) (netip.AddrPort, error)
}

// SetAddressSealer replaces what seals addresses of relays, as after a change of the master key; nil seals none.
func (g *Gateway) SetAddressSealer(s AddressSealer) {
	if s == nil {
		g.addresses.Store(nil)
		return
	}
	g.addresses.Store(&s)
}

// sealAddress is the column of a submission, nil if nothing seals it.
func (g *Gateway) sealAddress(record uuid.UUID, at netip.AddrPort) []byte {
	if s := g.addresses.Load(); s != nil {
		return (*s).SealAddress(record, at)
	}
	return nil
}

// openAddress is invalid if there is no address, or it does not open: the record counts all the same.
func (g *Gateway) openAddress(record uuid.UUID, sealed []byte) netip.AddrPort {
	s := g.addresses.Load()
	if s == nil || len(sealed) == 0 {
		return netip.AddrPort{}
	}
	at, err := (*s).OpenAddress(record, sealed)
	if err != nil {
		g.logger.Debug("a submission that came again is answered with an empty RelayIP: the address beside the record does not open",
			zap.Stringer("record_id", record), zap.Error(err))
		return netip.AddrPort{}
	}
	return at
}

// wasRecorded reports whether another session brought the submission before. Of one that its relay says it sends again, and that is the
// first to arrive, PostgreSQL may have this very record.
func (r *recording) wasRecorded() bool { return r.earlier != nil && !r.earlier.LikeSession(r.rec) }

// asRecorded is what the store has of a submission, and items 6 to 9 of that.
func (g *Gateway) asRecorded(r *recording) (*store.Record, session.Via) {
	via, e := r.s.through.via, r.earlier
	if e == nil {
		return r.rec, via
	}
	rec := *r.rec
	rec.KeyVersion, rec.Flag, rec.LoginTime, rec.RelayLoginTime = e.KeyVersion, e.Flag, e.LoginTime, e.RelayLoginTime
	via.LoginTime = e.RelayLoginTime
	if at := g.openAddress(rec.ID, e.RelaySealed); at.IsValid() || !e.LikeSession(r.rec) {
		via.Addr = at // else it is this connection's, as it was: the master key has changed since
	}
	return &rec, via
}
