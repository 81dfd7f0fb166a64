package proof

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/extsort"
	"github.com/tradefront/tradefront/internal/regulation"
)

// digest is the first half of a ciphertext's SHA-256. The zero digest is that of none.
type digest [16]byte

func digestOf(ciphertext []byte) (d digest) {
	if len(ciphertext) == 0 {
		return d
	}
	sum := sha256.Sum256(ciphertext)
	copy(d[:], sum[:])
	return d
}

// origin says where an entry comes from. Answers come first in the order of a sort.
type origin byte

const (
	fromAnswers origin = iota
	fromLocal
	fromRecords
)

// entry is one answer or one record.
type entry struct {
	id     uuid.UUID
	origin origin
	items  items
	// Of a record: whether its supplement was opened, which address it has, and what is wrong with it, "" for nothing.
	opened  bool
	address netip.AddrPort // of an answer: that the terminal had
	fault   sealing
	detail  string
}

// items are what answer and record must both have.
type items struct {
	day       calendar.TradingDay
	login     time.Time // whole seconds
	frontID   int32
	sessionID int32
	flag      regulation.AbnormalFlag
	text      digest // of the terminal's ciphertext
	account   string
	appID     string
}

// sealing is what is wrong with a supplement.
type sealing byte

const (
	sound      sealing = iota
	unopened           // no key opens it
	contradict         // it says otherwise than the record
)

// append is the form of an entry in a sorter: its RecordID first, then its origin.
func (e *entry) append(b []byte) []byte {
	b = append(append(b, e.id[:]...), byte(e.origin), byte(e.fault), boolByte(e.opened))
	b = binary.BigEndian.AppendUint32(b, uint32(e.items.day))
	b = binary.BigEndian.AppendUint64(b, uint64(e.items.login.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(e.items.frontID))
	b = binary.BigEndian.AppendUint32(b, uint32(e.items.sessionID))
	b = append(append(b, byte(e.items.flag)), e.items.text[:]...)
	address := ""
	if e.address.IsValid() {
		address = e.address.String()
	}
	for _, s := range []string{e.items.account, e.items.appID, address, e.detail} {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
	}
	return b
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// errEntry means that a sorter gave back something else than it got, which its checksums forbid.
var errEntry = errors.New("an entry in the temporary file is not whole")

// entryHead is how long an entry is before its texts, in bytes.
const entryHead = 16 + 3 + 4 + 8 + 4 + 4 + 1 + 16

// read is the inverse of append.
func (e *entry) read(b []byte) error {
	if len(b) < entryHead {
		return errors.Join(errEntry, extsort.ErrDamaged)
	}
	*e = entry{id: uuid.UUID(b[:16]), origin: origin(b[16]), fault: sealing(b[17]), opened: b[18] == 1}
	b = b[19:]
	e.items.day = calendar.TradingDay(binary.BigEndian.Uint32(b))
	e.items.login = time.Unix(int64(binary.BigEndian.Uint64(b[4:])), 0)
	e.items.frontID, e.items.sessionID = int32(binary.BigEndian.Uint32(b[12:])), int32(binary.BigEndian.Uint32(b[16:]))
	e.items.flag = regulation.AbnormalFlag(b[20])
	copy(e.items.text[:], b[21:37])
	b = b[37:]
	var address string
	for _, to := range []*string{&e.items.account, &e.items.appID, &address, &e.detail} {
		if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
			return errors.Join(errEntry, extsort.ErrDamaged)
		}
		n := 2 + int(binary.BigEndian.Uint16(b))
		*to, b = string(b[2:n]), b[n:]
	}
	if address == "" {
		return nil
	}
	var err error
	e.address, err = netip.ParseAddrPort(address)
	return err
}
