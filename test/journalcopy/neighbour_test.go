//go:build linux

package journalcopy

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/child"
)

// neighbour is the process that keeps copies.
type neighbour struct {
	address string
	path    string // of its journal
	pid     int
	end     func()
}

// startNeighbour starts this binary as a neighbour with a journal below dir.
func startNeighbour(t testing.TB, dir string) *neighbour {
	t.Helper()
	n := &neighbour{path: filepath.Join(dir, "neighbour.db")}
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), neighbourPath+"="+n.path), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = child.Start(cmd)
	}
	if err != nil {
		t.Fatal(err)
	}
	n.pid = cmd.Process.Pid
	n.end = sync.OnceFunc(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error("the neighbour: ", err)
		}
	})
	t.Cleanup(n.end)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("the neighbour: ", err)
	}
	n.address = strings.TrimSpace(line)
	return n
}

// serveNeighbour is the process: it appends each batch to its journal, and answers after the commit, until its standard input ends.
func serveNeighbour(path string) error {
	l, err := journal.Open(context.Background(), path, journal.Options{})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go keepCopies(conn, l)
		}
	}()
	fmt.Println(listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return errors.Join(listener.Close(), l.Close())
}

// keepCopies serves one front. A failure ends the connection, and so the benchmark.
func keepCopies(conn net.Conn, l *journal.Journal) {
	defer conn.Close()
	in, answer := gob.NewDecoder(bufio.NewReader(conn)), []byte{1}
	for {
		var batch []store.Record
		if in.Decode(&batch) != nil || l.Put(context.Background(), batch) != nil {
			return
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// copier is a front's side: it appends to a journal and to a neighbour.
type copier struct {
	local *journal.Journal
	conn  net.Conn
	w     *bufio.Writer
	out   *gob.Encoder // into w
	queue chan *copied
}

type copied struct {
	rec  *store.Record
	done chan error
}

// startCopier connects to the neighbour at address.
func startCopier(t testing.TB, local *journal.Journal, address string) *copier {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(conn, 1<<20)
	c, ended := &copier{local, conn, w, gob.NewEncoder(w), make(chan *copied, journal.DefaultQueueRows)}, make(chan struct{})
	go func() {
		defer close(ended)
		c.run()
	}()
	t.Cleanup(func() {
		close(c.queue)
		<-ended
		_ = conn.Close()
	})
	return c
}

// Append returns when both have rec.
func (c *copier) Append(ctx context.Context, rec *store.Record) error {
	r := &copied{rec, make(chan error, 1)}
	c.queue <- r
	_, err := c.local.Append(ctx, rec)
	return errors.Join(err, <-r.done)
}

// run sends one batch at a time: all that came while the one before was on its way.
func (c *copier) run() {
	for first := range c.queue {
		batch := []*copied{first}
		for len(batch) < journal.MaxCommitRows && len(c.queue) > 0 {
			batch = append(batch, <-c.queue)
		}
		recs := make([]store.Record, len(batch))
		for i, r := range batch {
			recs[i] = *r.rec
		}
		err := c.send(recs)
		for _, r := range batch {
			r.done <- err
		}
	}
}

// send returns when the neighbour has answered.
func (c *copier) send(recs []store.Record) error {
	if err := errors.Join(c.out.Encode(recs), c.w.Flush()); err != nil {
		return err
	}
	_, err := io.ReadFull(c.conn, make([]byte, 1))
	return err
}

func TestNeighbourHasEachRecord(t *testing.T) {
	t.Parallel()
	local, n := storetest.OpenJournal(t), startNeighbour(t, t.TempDir())
	c := startCopier(t, local, n.address)
	recs := storetest.Records(storetest.Day, 100)
	errs := make(chan error, len(recs))
	for i := range recs {
		go func() { errs <- c.Append(t.Context(), &recs[i]) }()
	}
	for range recs {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	n.end()
	storetest.WantExactly(t, local, storetest.Day, recs)
	storetest.WantExactly(t, storetest.OpenJournalAt(t, n.path, journal.Options{}), storetest.Day, recs)
}
