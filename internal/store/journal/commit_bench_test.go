package journal

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// BenchmarkCommit is one commit of so many logins, each with the hash of its ciphertext, without the queue before it: the
// processor time of a record, and the system calls by which its pages are written, do not depend on when logins arrive.
// With TMPDIR on a RAM disk no wait for a disk is in it.
func BenchmarkCommit(b *testing.B) {
	for _, rows := range []int{1, 8, 64} {
		b.Run(fmt.Sprint("rows=", rows), func(b *testing.B) { benchmarkCommit(b, rows) })
	}
}

func benchmarkCommit(b *testing.B, rows int) {
	path := filepath.Join(b.TempDir(), "local.db")
	if err := localfile.Ensure(b.Context(), path, localfile.Options{}); err != nil {
		b.Fatal(err)
	}
	w, conn, err := openWriter(b.Context(), &localfile.Place{Path: path}, Options{QueueRows: 1})
	if err != nil {
		b.Fatal(err)
	}
	close(w.ended) // no goroutine runs
	defer func() {
		w.unprepare()
		if err := conn.Close(); err != nil {
			b.Error(err)
		}
		if err := w.close(); err != nil {
			b.Error(err)
		}
	}()
	batches := make([][]*request, b.N)
	for i := range batches {
		batches[i] = loginsOf(rows)
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime(b)
	for _, batch := range batches {
		w.commit(conn, batch)
		for _, r := range batch {
			if err := <-r.done; err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/1000/float64(b.N*rows), "cpu-µs/record")
}

// loginsOf is a batch of logins that are new.
func loginsOf(rows int) (batch []*request) {
	for range rows {
		rec := &store.Record{
			ID: uuid.Must(uuid.NewV7()), TradingDay: 20260105, LoginTime: time.Now(), VendorID: "tradefront-test", KeyVersion: "1",
			Terminal: make([]byte, 256), Supplement: make([]byte, 256), Flag: '0', AppID: "client_tradefront_1.0", Account: "80000001",
			UserType: '1', FrontID: 1, SessionID: 1, Seen: store.SeenHash(uuid.New()),
		}
		batch = append(batch, &request{one: rec, done: make(chan error, 1)})
	}
	return batch
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
