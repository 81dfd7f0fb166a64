package gateway

import (
	"net/netip"
	"sync"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// A submission that is sent again is one record, with the content of the first time: what its relay is told is that one,
// also over another connection, from another address, or at another front.

// asRecorded is what stands in the store of a submission, and items 6 to 9 of that. Where the relay was at the first time
// is in the ciphertext alone: it is known for the same connection, and for as long as this front remembers it; else it
// is left empty.
func (g *Gateway) asRecorded(r *recording) (*store.Record, session.Via) {
	via, e := r.s.through.via, r.earlier
	if e == nil {
		return r.rec, via
	}
	rec := *r.rec
	rec.KeyVersion, rec.Flag, rec.LoginTime, rec.RelayLoginTime = e.KeyVersion, e.Flag, e.LoginTime, e.RelayLoginTime
	if via.LoginTime = e.RelayLoginTime; !e.OnSession(r.rec) {
		via.Addr = netip.AddrPort{}
		if e.FrontID == r.rec.FrontID {
			via.Addr = g.sentFrom.of(rec.ID, e.SessionID)
		}
	}
	return &rec, via
}

// mostSubmitOrigins bounds either half of submitOrigins, some 80 bytes each: as many as an operator relay submits in half
// a minute.
const mostSubmitOrigins = 1 << 16

// submitOrigins is from where the last submissions were recorded, at least mostSubmitOrigins of them. A restart forgets
// it. The zero value is empty.
type submitOrigins struct {
	mu            sync.Mutex
	young, former map[uuid.UUID]submitOrigin
}

type submitOrigin struct {
	addr    netip.AddrPort
	session int32
}

// note remembers where the relay was, as it was recorded.
func (o *submitOrigins) note(rec *store.Record, addr netip.AddrPort) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.young) >= mostSubmitOrigins {
		o.young, o.former = nil, o.young
	}
	if o.young == nil {
		o.young = make(map[uuid.UUID]submitOrigin)
	}
	o.young[rec.ID] = submitOrigin{addr, rec.SessionID}
}

// of is invalid if it is not remembered for that session.
func (o *submitOrigins) of(id uuid.UUID, sessionID int32) netip.AddrPort {
	o.mu.Lock()
	defer o.mu.Unlock()
	origin, known := o.young[id]
	if !known {
		origin = o.former[id]
	}
	if origin.session != sessionID {
		return netip.AddrPort{}
	}
	return origin.addr
}
