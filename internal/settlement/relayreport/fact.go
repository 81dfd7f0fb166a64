package relayreport

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/verify"
)

// A fact about a record in the second sort: the relay's number (2), what it is (1), and
//
//	'a'  address 17, account     which accounts come from an address
//	'c'  account                 how many accounts there are
//	'm'  terminal 16, login 8    whether a terminal comes with several login times
//	'p'  port 2, account         which accounts have a port
//	't'  age 8                   percentiles
//	'v'  visit 16                whether a visit comes again
//	'x'  account                 accounts with a ciphertext of another
const (
	factAddress  = 'a'
	factAccount  = 'c'
	factMoved    = 'm'
	factPort     = 'p'
	factAge      = 't'
	factVisit    = 'v'
	factReplayed = 'x'

	factHead = 3
)

// facts hands all facts of a record to add.
func (t *told) facts(relay int, add func([]byte) error) error {
	head := binary.BigEndian.AppendUint16(nil, uint16(relay))
	var err error
	put := func(what byte, parts ...[]byte) {
		if err == nil {
			err = add(append(append(slices.Clone(head), what), bytes.Join(parts, nil)...))
		}
	}
	account := []byte(t.Account)
	put(factAccount, account)
	if t.Addr.IsValid() {
		addr := t.Addr.Addr().As16()
		put(factAddress, []byte{b2i(t.Addr.Addr().Is4())}, addr[:], account)
		put(factPort, binary.BigEndian.AppendUint16(nil, t.Addr.Port()), account)
	}
	terminal := sha256.Sum256([]byte(t.Account + "@" + t.AppID + "@" + t.Addr.String()))
	login := binary.BigEndian.AppendUint64(nil, uint64(t.LoginTime.Unix()))
	put(factMoved, terminal[:16], login)
	visit := sha256.Sum256(append(terminal[:], login...))
	put(factVisit, visit[:16])
	put(factAge, binary.BigEndian.AppendUint64(nil, uint64(t.At.Sub(t.LoginTime).Milliseconds())^1<<63))
	if t.Replayed {
		put(factReplayed, account)
	}
	return err
}

func b2i(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// group is the facts of one relay with the same first bytes: of one address, port, terminal or visit.
type group struct {
	relay     int
	what      byte
	key       []byte
	records   int64
	different int64  // behind the key: accounts, or login times
	last      []byte // of these
}

// keyLen is how many bytes after the head tell groups of a kind apart; −1 for all of them.
func keyLen(what byte) int {
	switch what {
	case factAddress:
		return 17
	case factMoved:
		return 16
	case factPort:
		return 2
	}
	return -1
}

// takes adds a fact, or reports that it begins another group.
func (g *group) takes(fact []byte) bool {
	relay, what, rest := int(binary.BigEndian.Uint16(fact)), fact[2], fact[factHead:]
	n := keyLen(what)
	if n < 0 {
		n = len(rest)
	}
	key, behind := rest[:n], rest[n:]
	if g.records == 0 {
		g.relay, g.what, g.key = relay, what, append(g.key[:0], key...)
	} else if relay != g.relay || what != g.what || !bytes.Equal(key, g.key) {
		return false
	}
	if g.records == 0 || !bytes.Equal(behind, g.last) {
		g.different++
		g.last = append(g.last[:0], behind...)
	}
	g.records++
	return true
}

// end gives a whole group to its relay.
func (r *Relay) end(g *group) {
	switch g.what {
	case factAccount:
		r.Accounts++
	case factReplayed:
		r.ReplayedAccounts++
	case factVisit:
		r.ReReported += g.records - 1
	case factMoved:
		r.TimeMoved += g.different - 1
	case factAddress:
		r.endAddress(g)
	case factPort:
		r.PortsDistinct++
		r.Ports = keepTop(r.Ports, Place{Name: fmt.Sprint(binary.BigEndian.Uint16(g.key)), Accounts: g.different, Records: g.records}, byRecords)
	}
}

func (r *Relay) endAddress(g *group) {
	addr := netip.AddrFrom16([16]byte(g.key[1:]))
	if g.key[0] == 1 {
		addr = addr.Unmap()
	}
	kind := verify.AddressKind(addr)
	if kind != verify.PublicAddress {
		r.NotPublic += g.records
	}
	r.AddressesDistinct++
	r.Addresses = keepTop(r.Addresses, Place{
		Name: string(regulation.AppendAddr(nil, addr)), Kind: kind, Accounts: g.different, Records: g.records,
	}, byAccounts)
}

// topKept is how many addresses and ports of a relay are named.
const topKept = 10

// keepTop inserts p where it belongs, behind its equals.
func keepTop(all []Place, p Place, order func(a, b *Place) int) []Place {
	at, _ := slices.BinarySearchFunc(all, p, func(a, b Place) int { return cmp.Or(order(&a, &b), -1) })
	if at == topKept {
		return all
	}
	all = slices.Insert(all, at, p)
	return all[:min(len(all), topKept)]
}

func byAccounts(a, b *Place) int {
	return cmp.Or(cmp.Compare(b.Accounts, a.Accounts), cmp.Compare(b.Records, a.Records))
}

func byRecords(a, b *Place) int { return cmp.Compare(b.Records, a.Records) }

// ages reads one relay's ages, which come in their order.
type ages struct {
	n, of   int64
	buckets []int64
}

func (a *ages) take(r *Relay, fact []byte) {
	age := time.Duration(int64(binary.BigEndian.Uint64(fact[factHead:])^1<<63)) * time.Millisecond
	seconds := age.Seconds()
	if a.n++; a.n == 1 {
		r.Age.Least = seconds
	}
	r.Age.Most = seconds
	for _, q := range []struct {
		share float64
		into  *float64
	}{{0.5, &r.Age.Median}, {0.9, &r.Age.P90}, {0.99, &r.Age.P99}} {
		if a.n == int64(math.Ceil(q.share*float64(a.of))) {
			*q.into = seconds
		}
	}
	at := len(ageBuckets)
	for i, b := range ageBuckets {
		if age < b.below {
			at = i
			break
		}
	}
	if a.buckets == nil {
		a.buckets = make([]int64, len(ageBuckets)+1)
	}
	a.buckets[at]++
}

func (a *ages) named() []Named {
	all := make([]Named, 0, len(a.buckets))
	for i, n := range a.buckets {
		name := ageBeyond
		if i < len(ageBuckets) {
			name = ageBuckets[i].name
		}
		all = append(all, Named{name, n, rounded(n, a.of)})
	}
	return all
}

// rounded is a share with four decimals.
func rounded(n, of int64) float64 { return math.Round(share(n, of)*1e4) / 1e4 }
