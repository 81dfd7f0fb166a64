//go:build linux

package journalcopy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/processor"
	"github.com/tradefront/tradefront/test/testmain"
)

// way is one of those in which a record becomes durable before its login is answered.
type way struct {
	name   string
	append func(context.Context, *store.Record) error
	settle func()               // returns when all is done that follows an answer
	others func() time.Duration // processor time of the processes beside the front
}

// trips are the round trips of the networks: to the same rack, and to another site of the same town.
var trips = []time.Duration{100 * time.Microsecond, 500 * time.Microsecond}

// allWays starts what they need. Each has a journal of its own.
func allWays(b *testing.B) (all []*way) {
	all = append(all, journalAlone(b))
	copying := func(name, dir string, trip time.Duration) {
		n := startNeighbour(b, dir)
		address := n.address
		if trip > 0 {
			address, name = away(b, name, address, trip)
		}
		c := startCopier(b, newJournal(b), address)
		all = append(all, &way{name, c.Append, func() {}, func() time.Duration { return processor.Time(n.pid) }})
	}
	copying("neighbour", b.TempDir(), 0)
	copying("neighbour, in memory", memory(b), 0)
	for _, trip := range trips {
		copying("neighbour", b.TempDir(), trip)
	}
	disk, fast, pair := pgtest.StartIn(b, ""), pgtest.Start(b), pgtest.StartIn(b, "")
	all = append(all, recording(b, "forwarded", disk, disk.Address(), forward.AfterLocal))
	all = append(all, recording(b, "postgres", disk, disk.Address(), forward.AfterPostgres))
	all = append(all, recording(b, "postgres, in memory", fast, fast.Address(), forward.AfterPostgres))
	for _, trip := range trips {
		address, name := away(b, "postgres", disk.Address(), trip)
		all = append(all, recording(b, name, disk, address, forward.AfterPostgres))
	}
	standby := pair.StandbyIn("", "second")
	pair.Synchronous("second")
	return append(all, recording(b, "postgres and standby", pair, pair.Address(), forward.AfterPostgres, standby))
}

// away is the address by which a server is that far away, and the name of the way with it.
func away(b *testing.B, name, target string, trip time.Duration) (address, named string) {
	address, measured := network(b, target, trip)
	return address, fmt.Sprintf("%s, %v away (%v)", name, trip, measured.Round(10*time.Microsecond))
}

func newJournal(b *testing.B) *journal.Journal {
	return storetest.OpenJournalAt(b, filepath.Join(b.TempDir(), "local.db"), journal.Options{})
}

// memory is a folder in memory, for what costs no disk.
func memory(b *testing.B) string {
	dir, err := testmain.MkdirTemp(testmain.Memory(), "journalcopy")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func journalAlone(b *testing.B) *way {
	l := newJournal(b)
	return &way{
		name:   "journal",
		append: func(ctx context.Context, rec *store.Record) error { _, err := l.Append(ctx, rec); return err },
		settle: func() {},
		others: func() time.Duration { return 0 },
	}
}

// recording is a front's recorder with its forwarder, to the cluster at that address.
func recording(b *testing.B, name string, c *pgtest.Cluster, address string, after forward.AnswerAfter, standbys ...*pgtest.Cluster) *way {
	url := fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable", address)
	l := newJournal(b)
	f := forward.New(l, storetest.OpenPostgresAt(b, url, postgres.Options{}), forward.Options{})
	f.Start()
	b.Cleanup(f.Close)
	f.AwaitProbe(b.Context())
	r, err := forward.NewRecorder(l, f, forward.RecorderOptions{AnswerAfter: after})
	if err != nil {
		b.Fatal(err)
	}
	return &way{name, r.Append, func() { storetest.WantEmpty(b, l) }, func() (all time.Duration) {
		for _, server := range append(standbys, c) {
			all += processor.Family(b, server.Processes())
		}
		return all
	}}
}
