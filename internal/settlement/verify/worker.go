package verify

import (
	"bytes"
	"context"
)

// worker judges chunks, one after the other. Workers share nothing that they write to but
// repeats and the counters of a version.
type worker struct {
	rules   *rules
	repeats *repeats
	// versions are those of the rules, and what this worker met besides.
	versions map[string]*version
	vendors  []string // of which each line of the chunk should have one

	found  findings
	shares shares

	terminal, supplement []byte // decoded, reused for each line
	prints               []byte // fingerprints of this chunk
}

func newWorker(r *rules, repeats *repeats) *worker {
	w := &worker{rules: r, repeats: repeats, versions: make(map[string]*version)}
	for _, v := range r.versions {
		w.versions[v.Name] = v
	}
	return w
}

// work judges the lines of a chunk. The error is that of ctx, of the temporary file, or a
// *KeyError; what a line has wrong is a finding.
func (w *worker) work(ctx context.Context, ch chunk) error {
	w.vendors, w.prints = ch.vendors, w.prints[:0]
	number := ch.first
	for data := ch.data; len(data) > 0; number++ {
		text, rest, ended := bytes.Cut(data, []byte{'\n'})
		data = rest
		l, ok := w.judge(number, text, !ended && !ch.long)
		if !ok || !w.rules.keyed {
			continue
		}
		// Opening takes milliseconds: a chunk of it is too long to wait for.
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.open(&l); err != nil {
			return err
		}
	}
	w.shares.lines += number - ch.first
	return w.repeats.add(w.prints)
}

// merge adds what another worker found.
func (w *worker) merge(other *worker) {
	w.found.merge(&other.found)
	w.shares.merge(&other.shares)
}
