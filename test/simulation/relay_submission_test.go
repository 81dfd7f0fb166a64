package simulation

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// Messages and fields of relays, encoded by what docs/protocol.md says and by nothing of the front's.

// told is what a relay tells of one terminal.
type told struct {
	app, ip, login string
	port           int
	kind           byte
}

// addr is where the terminal is; invalid if the relay does not say so.
func (t *told) addr() netip.AddrPort {
	addr, err := netip.ParseAddr(t.ip)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(t.port))
}

// at is the login time.
func (t *told) at() time.Time {
	at, err := time.ParseInLocation(time.DateTime, t.login, regulation.Zone)
	if err != nil {
		return time.Time{}
	}
	return at
}

func (t *told) field() []byte {
	b := padded(t.app, 30) + padded(t.ip, 39) + fmt.Sprintf("%05d", t.port) + padded(t.login, 19) + string(t.kind)
	return []byte(b)
}

func padded(s string, width int) string { return s + strings.Repeat(" ", width-len(s)) }

// wireField is FID, length and data.
func wireField(fid uint32, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, fid)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(data))), data...)
}

// wireMessage is a whole frame of fields.
func wireMessage(tid uint32, fields ...[]byte) []byte {
	content := bytes.Join(fields, nil)
	b := []byte{1, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(16+len(content)))
	b = append(b, 2)
	b = binary.BigEndian.AppendUint32(b, tid)
	b = append(b, 'S', 0, 0, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(fields)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(content)))
	return append(b, content...)
}

// submission is what an operator relay reports of one terminal, under one SubmitID.
type submission struct {
	terminalInfo
	number    int
	broker    string
	account   string
	submitID  string
	drawn     time.Time // by the relay's clock
	told      told
	recordID  uuid.UUID
	row, code int  // of what is wrong with it, as docs/protocol.md numbers what a front looks at; 0: nothing, but perhaps its times
	poison    bool // PostgreSQL does not take it
	sendings  []*sending
	wasSent   bool // at least once
	onWire    *wire
	reported  bool      // answered with 0
	renewed   bool      // it reports a visit again
	after     time.Time // it is not sent again before
}

func (s *submission) String() string { return fmt.Sprintf("submission %d for %s", s.number, s.account) }

// sending is a submission as it went over one connection.
type sending struct {
	submission *submission
	wire       *wire
	end        int // of its last byte, among all bytes of its wire
	delivered  bool
	from       int // readings before it was delivered
	permission int // in force when it was delivered
}

// request is SubmitRequest without Attempt.
func (s *submission) request() string {
	return padded(s.broker, 10) + padded(s.account, 18) + padded(s.submitID, 36)
}

func (s *submission) info() []byte {
	return append(append([]byte(padded(s.version, 8)), s.flag), s.ciphertext...)
}

// frame is the TerminalSubmit.
func (s *submission) frame(again bool) []byte {
	attempt := "0"
	if again {
		attempt = "1"
	}
	return wireMessage(0x8002, wireField(0x800A, []byte(s.request()+attempt)), wireField(0x8009, s.told.field()), wireField(0x8006, s.info()))
}

// seal computes the RecordID that docs/relay.md promises.
func (s *submission) seal(relayApp string) {
	content := padded(relayApp, 30) + s.request() + string(s.told.field()) + string(s.info())
	digest := sha256.Sum256([]byte("tradefront relay record 1\x00" + content))
	id, err := uuid.Parse(s.submitID)
	if err != nil {
		return // it has none
	}
	copy(s.recordID[:6], id[:6])
	copy(s.recordID[6:], digest[:10])
	s.recordID[6] = s.recordID[6]&0x0F | 0x80
	s.recordID[8] = s.recordID[8]&0x3F | 0x80
}

// visitOf names the visit: a ciphertext may come again on it.
func (s *submission) visitOf() string { return visitOf(s.account, operatorApp, &s.told) }

func visitOf(account, relayApp string, t *told) string {
	return fmt.Sprint(account, "|", t.app, "|", t.addr(), "|", t.login, "|", relayApp)
}

// newSubmitID draws a UUIDv7 of that instant from the seed.
func (w *world) newSubmitID(at time.Time) string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], w.random.Uint64())
	binary.BigEndian.PutUint64(id[:], uint64(at.UnixMilli())<<16|uint64(w.random.IntN(1<<16)))
	id[6] = id[6]&0x0F | 0x70
	id[8] = id[8]&0x3F | 0x80
	return id.String()
}

// mayBeStored reports whether no answer to it says that there is no record.
func (s *submission) mayBeStored() bool {
	for _, one := range s.sendings {
		if !one.delivered {
			continue
		}
		codes := one.wire.codes[s.submitID]
		if len(codes) < one.wire.sent(s.submitID) {
			return true
		}
		for _, code := range codes {
			if code == 0 || code == 8 || code == 90 {
				return true
			}
		}
	}
	return false
}

// sent is how often a SubmitID was delivered.
func (c *wire) sent(submitID string) (n int) {
	for _, one := range c.sendings {
		if one.delivered && one.submission.submitID == submitID {
			n++
		}
	}
	return n
}

// sendingOf is the first of a submission that was delivered.
func (c *wire) sendingOf(s *submission) *sending {
	for _, one := range c.sendings {
		if one.delivered && one.submission == s {
			return one
		}
	}
	return nil
}

// terminalInfo is what a terminal collected and encrypted, and who brought it.
type terminalInfo struct {
	version    string
	flag       byte
	ciphertext []byte
	visit      string // at a relay; "" in direct mode
	again      bool   // another visit has the same ciphertext
}

// repeats takes over what came before.
func (i *terminalInfo) repeats(earlier *terminalInfo) {
	i.ciphertext, i.version, i.flag = earlier.ciphertext, earlier.version, earlier.flag
	i.again = i != earlier && (earlier.again || i.visit == "" || i.visit != earlier.visit)
	earlier.again = earlier.again || i.again
}

// same reports whether it is the very record.
func same(a, b *store.Record) bool {
	return a.ID == b.ID && bytes.Equal(a.Terminal, b.Terminal) && bytes.Equal(a.Supplement, b.Supplement) &&
		a.LoginTime.Equal(b.LoginTime) && a.TradingDay == b.TradingDay && a.AppID == b.AppID && a.Account == b.Account &&
		a.VendorID == b.VendorID && a.KeyVersion == b.KeyVersion && a.Flag == b.Flag && a.UserType == b.UserType &&
		a.FrontID == b.FrontID && a.SessionID == b.SessionID && a.Provisional == b.Provisional &&
		a.RelayAppID == b.RelayAppID && a.RelayMode == b.RelayMode && a.VisitTime.Equal(b.VisitTime) && a.RelayLoginTime.Equal(b.RelayLoginTime) &&
		bytes.Equal(a.RelaySealed, b.RelaySealed)
}
