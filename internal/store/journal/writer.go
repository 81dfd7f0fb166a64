package journal

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// writer is the one goroutine that writes records to the local store: group commit
// without a timer. While one commit runs, the next batch fills in the queue: a record that comes
// alone waits for one commit, and ten thousand share a few.
type writer struct {
	at       *localfile.Place
	lock     lockWait
	queue    chan *request
	observer store.Observer
	ended    chan struct{} // closed when the goroutine has ended
	progress progress

	mu     sync.RWMutex // guards closed against sends to queue
	closed bool

	// Owned by the goroutine.
	db     *sql.DB // one connection
	direct *direct
	insert inserter
	held   *request // received from the queue but not taken: the batch before it had no room
	inTurn bool     // the last commit left the files in their place, and the goroutine has not waited since
	seq    int64    // last seq given out
	doubt  error    // an ErrInDoubt while a restart may find records whose COMMIT failed

	broken atomic.Pointer[error] // once set, nothing is written any more
}

// startWriter opens a writer and starts its goroutine.
func startWriter(ctx context.Context, at *localfile.Place, opt Options) (*writer, error) {
	w, conn, err := openWriter(ctx, at, opt)
	if err != nil {
		return nil, err
	}
	go w.run(conn)
	return w, nil
}

// openWriter opens the writer's connection, migrates the schema, notes which files it opened (at), and finds the last seq.
func openWriter(ctx context.Context, at *localfile.Place, opt Options) (*writer, *sql.Conn, error) {
	db, err := localfile.Open(at.Path, opt.files(), 1, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := localfile.Migrate(ctx, db); err != nil {
		return nil, nil, errors.Join(localfile.Classify(err), db.Close())
	}
	w := &writer{
		at:       at,
		lock:     lockWait{path: at.Path},
		queue:    make(chan *request, opt.QueueRows),
		observer: store.ObserverOrNone(opt.Observer),
		ended:    make(chan struct{}),
		progress: newProgress(),
		db:       db,
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, nil, errors.Join(localfile.Classify(err), db.Close())
	}
	if err = w.prepare(ctx, conn); err == nil {
		w.seq, err = MaxSeq(ctx, conn)
	}
	if err != nil {
		w.unprepare()
		return nil, nil, errors.Join(localfile.Classify(err), conn.Close(), db.Close())
	}
	w.progress.advance(w.seq)
	at.Settle()
	return w, conn, nil
}

// prepare prepares what runs at each commit; unprepare gives it back, also after an error.
func (w *writer) prepare(ctx context.Context, conn *sql.Conn) (err error) {
	if w.direct, err = newDirect(ctx, conn); err != nil {
		return err
	}
	w.insert, err = newInserter(ctx, w.direct)
	return err
}

func (w *writer) unprepare() {
	w.insert.close()
	w.direct.close()
}

// close lets the goroutine finish what is queued and waits for its end.
func (w *writer) close() error {
	w.mu.Lock()
	first := !w.closed
	w.closed = true
	if first {
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.ended
	if !first {
		return nil
	}
	return w.db.Close()
}

func (w *writer) run(conn *sql.Conn) {
	defer close(w.ended)
	defer conn.Close()
	defer w.unprepare()
	for {
		r, ok := w.next()
		if !ok {
			return
		}
		switch {
		case r.isRecords():
			w.letOthersAppend()
			w.commit(conn, w.fill(r))
		case r.work != nil:
			w.inTurn = false // it may take long
			err := w.transact(conn, r.work)
			if err == nil && r.writes {
				w.doubt = nil
			}
			w.tell([]*request{r}, err)
		default:
			w.tell([]*request{r}, w.doubt)
		}
	}
}

// next waits for a request and takes it; false when the queue is closed and empty.
func (w *writer) next() (*request, bool) {
	for {
		r := w.held
		if w.held = nil; r == nil {
			var ok bool
			if r, ok = w.receive(); !ok {
				return nil, false
			}
		}
		if r.take() {
			return r, true
		}
	}
}

// receive waits for a request, and notes whether it had to.
func (w *writer) receive() (r *request, ok bool) {
	select {
	case r, ok = <-w.queue:
	default:
		w.inTurn = false
		r, ok = <-w.queue
	}
	return r, ok
}

// letOthersAppend lets goroutines that are ready come first, while that brings more records: a sync costs as much processor time for
// one record as for twenty. A record that comes alone waits for no timer: nothing else is ready, and the writer goes on at once.
func (w *writer) letOthersAppend() {
	for range maxYields {
		n := len(w.queue)
		if runtime.Gosched(); len(w.queue) == n {
			return
		}
	}
}

// maxYields bounds letOthersAppend: a queue that grows faster than it is read keeps no record waiting for longer.
const maxYields = 16

// fill takes what else waits, up to MaxCommitRows, and waits for nothing.
func (w *writer) fill(first *request) []*request {
	batch, rows := []*request{first}, first.rows()
	for {
		select {
		case r, ok := <-w.queue:
			if !ok {
				return batch
			}
			if !r.isRecords() || rows+r.rows() > MaxCommitRows {
				w.held = r
				return batch
			}
			if !r.take() {
				continue
			}
			batch, rows = append(batch, r), rows+r.rows()
		default:
			return batch
		}
	}
}

// commit writes the records of batch in one transaction and tells all of them its fate.
func (w *writer) commit(conn *sql.Conn, batch []*request) {
	start, seq, rows := time.Now(), w.seq, 0
	for _, r := range batch {
		rows += r.rows()
	}
	err := w.transactHere(conn, func(ctx context.Context, conn *sql.Conn) error {
		if w.direct.changed() {
			found, err := MaxSeq(ctx, conn)
			if err != nil {
				return err
			}
			seq = max(seq, found)
		}
		for _, r := range batch {
			seq += int64(r.rows())
			r.seq = seq
		}
		return w.insert.insert(ctx, batch)
	})
	// Advanced also if the commit failed: a seq is never given out twice.
	w.seq = seq
	if err == nil {
		w.direct.note()
		w.progress.advance(seq)
	} else {
		w.direct.forget()
	}
	w.observer.LocalCommit(rows, time.Since(start), err)
	w.tell(batch, err)
}

// tell answers the requests of done with err. If the file was locked, it answers all that are queued
// with the same error: they have waited too, and would wait as long again. A caller that tries again
// after this waits for the lock anew.
func (w *writer) tell(done []*request, err error) {
	if _, locked := errors.AsType[*LockedError](err); locked {
		done = append(done, w.waiting()...)
	}
	for _, r := range done {
		r.done <- err
	}
}

// waiting receives all requests that are queued now.
func (w *writer) waiting() (all []*request) {
	queued := len(w.queue) // only the writer's goroutine receives
	if w.held != nil {
		all, w.held = append(all, w.held), nil
	}
	for range queued {
		all = append(all, <-w.queue)
	}
	return all
}
