package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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

	broken atomic.Pointer[error] // once set, nothing is written any more
}

// request is something to be committed: one record, several, or other work. Without any of them it
// only waits until all before it is decided.
type request struct {
	one  *store.Record
	many []store.Record
	work func(context.Context, *sql.Conn) error // in a transaction of its own

	seq int64 // of the last record; set before done is sent to
	// earlier is what the store had already of the record, a submission that was sent again; nil if nothing. It is set
	// before done is sent to.
	earlier *store.Earlier
	done    chan error

	state atomic.Int32 // stateWaiting, then one of the others
}

// The states of a request. What is taken is part of a transaction; what is withdrawn never will be.
const (
	stateWaiting int32 = iota
	stateTaken
	stateWithdrawn
)

func (r *request) take() bool     { return r.state.CompareAndSwap(stateWaiting, stateTaken) }
func (r *request) withdraw() bool { return r.state.CompareAndSwap(stateWaiting, stateWithdrawn) }

// isRecords reports whether r can share a commit with other records.
func (r *request) isRecords() bool { return r.one != nil || r.many != nil }

func (r *request) rows() int {
	if r.one != nil {
		return 1
	}
	return len(r.many)
}

// Append makes rec durable and returns its place in the order of commits. It returns
// when the commit that holds it has returned, so rec may be reused then.
//
// If ctx ends while the record still waits for its turn, it is withdrawn, and the error is
// ctx's: certainly nothing was recorded. If it ends while the commit is under way, as with a
// disk that hangs, the error is ErrInDoubt: the record is there or not, and rec must not be
// changed any more. After ErrOverloaded (a full queue), ErrClosed, and a *FullError (see Measure),
// certainly nothing was recorded. Callers also decide on ErrDiskFull and ErrBroken.
func (l *Journal) Append(ctx context.Context, rec *store.Record) (seq int64, err error) {
	seq, _, err = l.Submit(ctx, rec)
	return seq, err
}

// Submit is Append of a submission. If the same one is in the store, seq is that of its row, and earlier what that says.
func (l *Journal) Submit(ctx context.Context, rec *store.Record) (seq int64, earlier *store.Earlier, err error) {
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	if full := l.full.Load(); full != nil {
		return 0, nil, full
	}
	r := &request{one: rec}
	if err := l.writer.doWithin(ctx, r); err != nil {
		return 0, nil, err
	}
	return r.seq, r.earlier, nil
}

// Put makes recs durable in one commit, all or none; see Store and Append.
func (l *Journal) Put(ctx context.Context, recs []store.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(recs) == 0 {
		return nil
	}
	return l.writer.do(&request{many: recs})
}

// Settle returns nil once the fate of every record is known that Append or Put was given before: it
// is in the store, or never will be. That counts for records in doubt too, of which Append returned
// already. While the disk hangs it returns when ctx ends, with an error that is ctx's; with
// ErrOverloaded and ErrClosed it does not know. It writes nothing.
func (l *Journal) Settle(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := l.writer.doWithin(ctx, &request{})
	if _, locked := errors.AsType[*LockedError](err); locked {
		return nil // told after the commit before it
	}
	return err
}

// do hands r to the goroutine, if the queue has room, and waits for its fate.
func (w *writer) do(r *request) error { return w.doWithin(context.Background(), r) }

// doWithin is do, until ctx ends; see Append. After an error r belongs to the goroutine.
func (w *writer) doWithin(ctx context.Context, r *request) error {
	r.done = make(chan error, 1)
	if err := w.offer(r); err != nil {
		return err
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
	}
	if r.withdraw() {
		return ctx.Err()
	}
	select {
	case err := <-r.done: // the commit returned at the same moment
		return err
	default:
		return fmt.Errorf("%w: %w", store.ErrInDoubt, ctx.Err())
	}
}

func (w *writer) offer(r *request) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return store.ErrClosed
	}
	select {
	case w.queue <- r:
		return nil
	default:
		return store.ErrOverloaded
	}
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
			w.tell([]*request{r}, w.transact(conn, r.work))
		default:
			w.tell([]*request{r}, nil)
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

// transactHere is transact, and fails if the files are not the ones that the next start will find.
// What was committed before the second check failed is in the files that were moved, and its callers
// get the error. The first check keeps a front whose files were moved from writing on to them; it is left out where the second one of the
// commit before was a moment ago.
func (w *writer) transactHere(conn *sql.Conn, f func(context.Context, *sql.Conn) error) error {
	inTurn := w.inTurn
	w.inTurn = false
	if !inTurn {
		if err := w.at.Check(); err != nil {
			return err
		}
	}
	if err := w.transact(conn, f); err != nil {
		return err
	}
	if err := w.at.Check(); err != nil {
		return err
	}
	w.inTurn = true
	return nil
}

// transact runs f in a transaction and commits. It is never cancelled, so that its result is known. If
// we crash before COMMIT has returned, the WAL holds the whole transaction or, after recovery, nothing
// of it.
func (w *writer) transact(conn *sql.Conn, f func(context.Context, *sql.Conn) error) error {
	if broken := w.broken.Load(); broken != nil {
		return *broken
	}
	ctx := context.Background()
	w.lock.begin()
	err := w.inTransaction(ctx, conn, f)
	if localfile.IsBusy(err) {
		if locked := w.lock.err(0); locked != nil {
			return locked
		}
	}
	w.lock.got()
	if err == nil {
		return nil
	}
	return w.noteBroken(localfile.Classify(err))
}

// noteBroken stops all writing if err, of a write or of the forwarder's read, says that the file failed
// or is damaged. It notes damage for the next start, whose check may not find it.
func (w *writer) noteBroken(err error) error {
	if !errors.Is(err, store.ErrBroken) || w.broken.Load() != nil {
		return err
	}
	broken := fmt.Errorf("%w; restart to recover the file", err)
	if localfile.IsDamage(err) {
		broken = fmt.Errorf("%w; restart: the front then sets the file aside and starts anew", err)
		if err := localfile.NoteDamage(w.at.Path, err); err != nil {
			broken = fmt.Errorf("%w (that could not be noted for the start: %w)", broken, err)
		}
	}
	w.broken.CompareAndSwap(nil, &broken)
	return err
}

func (w *writer) inTransaction(ctx context.Context, conn *sql.Conn, f func(context.Context, *sql.Conn) error) error {
	if err := w.direct.run(ctx, &w.direct.begin); err != nil {
		return err
	}
	w.lock.got()
	err := f(ctx, conn)
	if err == nil {
		err = w.direct.run(ctx, &w.direct.commit)
	}
	if err != nil {
		// Some failures have ended the transaction already. Then ROLLBACK fails, and only the first
		// error matters.
		_ = w.direct.run(ctx, &w.direct.rollback)
	}
	return err
}

// MaxSeq is the highest seq in the file, 0 if it holds nothing. The positions of exports
// count: a seq that an export could have seen is never given to a later record.
func MaxSeq(ctx context.Context, conn *sql.Conn) (seq int64, err error) {
	err = conn.QueryRowContext(ctx, `SELECT max(
		coalesce((SELECT max(seq) FROM record), 0),
		coalesce((SELECT max(seq) FROM quarantine), 0),
		coalesce((SELECT max(position) FROM report_export), 0),
		coalesce((SELECT max(arrival) FROM reassigned_from), 0))`).Scan(&seq)
	return seq, err
}
