package journal

// LocalLinesSQL is the query of a local store's snapshot.
const LocalLinesSQL = localLinesSQL

// WaitsForLock reports whether the writer has met a lock of another process and has not got it yet.
func (l *Journal) WaitsForLock() bool { return l.writer.lock.since.Load() != nil }

// Queued is how many requests wait behind those that the writer has taken.
func (l *Journal) Queued() int { return len(l.writer.queue) }
