package directory_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// BenchmarkFirstLogins is a cold morning: each login is the first of its account since the start, as nothing is remembered.
// The default cost of argon2, accounts and verifiers in a local store, 64 logins at once.
func BenchmarkFirstLogins(b *testing.B) {
	for _, c := range []struct {
		name string
		kib  uint32
	}{{"argon2", 0}, {"verifier", 1024}} {
		b.Run(c.name, func(b *testing.B) { firstLogins(b, c.kib) })
	}
}

func firstLogins(b *testing.B, kib uint32) {
	const accounts = 64
	params := local.Params{MemoryKiB: 19456, Iterations: 2}
	l := storetest.OpenJournalAt(b, filepath.Join(b.TempDir(), "local.db"), journal.Options{})
	hash, err := local.HashPassword([]byte("123456"), params)
	if err != nil {
		b.Fatal(err)
	}
	name := func(i int) regulation.Account { return regulation.Account(fmt.Sprintf("u%05d", i%accounts)) }
	rows := make([]local.Account, accounts)
	for i := range rows {
		rows[i] = local.Account{Account: name(i), UserType: regulation.UserCustomer, PasswordHash: hash}
	}
	if err := directory.New(l.Tables()).AddAll(b.Context(), directory.Addition{Accounts: slices.Values(rows)}, nil); err != nil {
		b.Fatal(err)
	}
	v := directory.NewVerifiers(l)
	c, err := local.New(directory.New(l.Tables()), local.Options{
		Params: params, HashQueue: 1000, LockFailures: 9, LockSourceFailures: 9, LockDecay: time.Minute, Verifiers: v, VerifierKiB: kib,
	})
	if err != nil {
		b.Fatal(err)
	}
	c.SetVerifierKeys(local.VerifierKey{ID: "a", Secret: [32]byte{7}})
	if _, err := c.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	login := func(i int) {
		if _, err := c.Verify(b.Context(), &core.Attempt{
			Account: name(i), Password: []byte("123456"), Source: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 1),
		}); err != nil {
			b.Error(err)
		}
	}
	if kib > 0 {
		for i := range accounts {
			login(i)
		}
		if err := v.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	cpu := processCPU(b)
	var next atomic.Int64
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			login(int(next.Add(1)))
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "logins/s")
	b.ReportMetric((processCPU(b)-cpu).Seconds()*1000/float64(b.N), "cpu-ms/login")
}

// processCPU is what this process has used: on a machine that others use, the clock tells about them.
func processCPU(b *testing.B) time.Duration {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
