package extsort

import (
	"errors"
	"fmt"
	"io"
)

// Reader hands out the records of a Sorter in order. It is valid until the Sorter is closed.
type Reader struct {
	s      *Sorter
	left   int64   // records that have not been handed out
	next   int     // of the refs, if everything is in memory
	merged *merger // nil if everything is in memory
}

// Len is how many records Next has still to give.
func (r *Reader) Len() int64 { return r.left }

// Next returns the next record, valid until the next call, or io.EOF after the last. Any
// other error stays.
func (r *Reader) Next() ([]byte, error) {
	if r.s.err != nil {
		return nil, r.s.err
	}
	rec, err := r.take()
	switch {
	case err == nil:
		r.left--
		return rec, nil
	case errors.Is(err, io.EOF) && r.left == 0:
		return nil, io.EOF
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("%w: %d records are missing", ErrDamaged, r.left)
	}
	return nil, r.s.fail(err)
}

// Close closes the Sorter.
func (r *Reader) Close() error { return r.s.Close() }

func (r *Reader) take() ([]byte, error) {
	if r.merged != nil {
		return r.merged.next()
	}
	if r.next == len(r.s.refs) {
		return nil, io.EOF
	}
	rec := r.s.record(r.s.refs[r.next])
	r.next++
	return rec, nil
}
