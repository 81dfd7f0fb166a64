package verify

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/tradefront/tradefront/internal/extsort"
)

const (
	// sortMemory is the most that finding repeats may use, in bytes.
	sortMemory = 20 << 20
	// topAddresses is how many addresses with the most logins are kept.
	topAddresses = 10
)

// A fingerprint is 29 bytes: what is the same of repeats (16), what it is of (1), the visit at a relay (4),
// and the line (8), so that sorting puts repeats beside each other in the order of their lines. A visit is 0 but
// of the terminal item of a relayed line that was opened: a relay that connects anew reports its terminals again
// with the ciphertexts that it has, so that one that appears twice under one visit is no repeat.
//
// Of a ciphertext the 16 bytes are half of its SHA-256: two that differ collide once in
// 2^64 lines. Of an address they are the address itself, last byte first, because sorting
// is fastest if the first bytes differ.
const (
	supplementPrint = 's'
	terminalPrint   = 't'
	addressPrint    = 'a'

	sameLen  = 16 + 1
	visitEnd = sameLen + 4
	printLen = visitEnd + 8
)

func (w *worker) fingerprint(of byte, ciphertext []byte, number int64) {
	sum := sha256.Sum256(ciphertext)
	w.print(of, sum[:16], number)
}

func (w *worker) addressFingerprint(addr netip.Addr, number int64) {
	b := addr.As16()
	slices.Reverse(b[:])
	w.print(addressPrint, b[:], number)
}

func (w *worker) print(of byte, same []byte, number int64) {
	w.prints = append(append(w.prints, same...), of, 0, 0, 0, 0)
	w.prints = binary.BigEndian.AppendUint64(w.prints, uint64(number))
}

// setVisit says at whose visit the terminal item was sent whose fingerprint ends at that place.
func (w *worker) setVisit(end int, items []string) {
	if end == 0 {
		return // the terminal sent nothing
	}
	sum := sha256.Sum256([]byte(strings.Join(items[1:6], "@") + "@" + items[9])) // but not items 7 to 9: another connection has others
	visit := w.prints[end-8-4 : end-8]
	copy(visit, sum[:])
	visit[0] |= 1
}

// repeats finds what appears more than once, in bounded memory.
type repeats struct {
	mu     sync.Mutex
	sorter *extsort.Sorter
}

// newRepeats needs no more memory than half of a file of fileBytes: a record has 350 bytes at
// least, and three fingerprints of it with their places in memory 135.
func newRepeats(dir string, fileBytes int64) *repeats {
	return &repeats{sorter: extsort.New(dir, int(min(sortMemory, fileBytes/2)))}
}

func (r *repeats) close() error { return r.sorter.Close() }

func (r *repeats) add(prints []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for one := range slices.Chunk(prints, printLen) {
		if err := r.sorter.Add(one); err != nil {
			return err
		}
	}
	return nil
}

// addresses is what the opened lines say together about where logins came from.
type addresses struct {
	distinct int64
	top      []addressCount // most logins first
}

type addressCount struct {
	addr  netip.Addr
	count int64
}

// find adds what appears twice to f, and counts the addresses.
func (r *repeats) find(ctx context.Context, f *findings) (addresses, error) {
	var all addresses
	sorted, err := r.sorter.SortContext(ctx)
	if err != nil {
		return all, err
	}
	var (
		group [sameLen]byte
		first int64 // line of the group, 0 for none yet
		count int64
		visit uint32 // of the line before
	)
	for n := 0; ; n++ {
		p, err := sorted.Next()
		if n%(1<<16) == 0 && err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, io.EOF) {
			all.add(group, count)
			return all, nil
		}
		if err != nil {
			return all, err
		}
		number, before := int64(binary.BigEndian.Uint64(p[visitEnd:])), visit
		visit = binary.BigEndian.Uint32(p[sameLen:])
		if [sameLen]byte(p) != group || first == 0 {
			all.add(group, count)
			group, first, count = [sameLen]byte(p), number, 1
			continue
		}
		count++
		if visit != 0 && visit == before {
			continue // the same visit, reported again
		}
		switch group[sameLen-1] {
		case supplementPrint:
			f.addExample(SupplementTwice, Example{Line: number, OtherLine: first})
		case terminalPrint:
			f.addExample(TerminalTwice, Example{Line: number, OtherLine: first})
		}
	}
}

// add takes a group of fingerprints into account, if it is an address.
func (a *addresses) add(group [sameLen]byte, count int64) {
	if count == 0 || group[sameLen-1] != addressPrint {
		return
	}
	a.distinct++
	if len(a.top) == topAddresses && count <= a.top[topAddresses-1].count {
		return
	}
	b := [16]byte(group[:16])
	slices.Reverse(b[:])
	one := addressCount{netip.AddrFrom16(b).Unmap(), count}
	at, _ := slices.BinarySearchFunc(a.top, one, func(x, y addressCount) int {
		if x.count != y.count {
			return int(y.count - x.count)
		}
		return x.addr.Compare(y.addr)
	})
	a.top = slices.Insert(a.top, at, one)
	a.top = a.top[:min(len(a.top), topAddresses)]
}
