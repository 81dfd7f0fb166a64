package journal

import (
	"context"
	"strings"
)

// chunkRows is how many rows one INSERT of a large batch holds.
const chunkRows = 16

// chunkInserter writes rows through two prepared statements: one for chunkRows rows, and one for
// each row that fills no chunk. The caller appends the values of a row to args, and calls added. All but close is called
// inside direct.do.
type chunkInserter struct {
	single, chunk directStmt
	width         int   // values of a row
	args          []any // of the rows that wait
	inserted      int64 // since begin; the others were there
}

// prepareInserter prepares "INSERT INTO target VALUES (…) conflict" for rows of width values. The caller closes it, also
// after an error.
func prepareInserter(ctx context.Context, d *direct, target string, width int, conflict string) (i *chunkInserter, err error) {
	row := "(?" + strings.Repeat(",?", width-1) + ")"
	insert := "INSERT INTO " + target + " VALUES " + row
	i = &chunkInserter{width: width}
	if i.single, err = d.prepare(ctx, insert+conflict, width); err != nil {
		return i, err
	}
	i.chunk, err = d.prepare(ctx, insert+strings.Repeat(","+row, chunkRows-1)+conflict, chunkRows*width)
	return i, err
}

// close gives the statements back. While SQLite has one, a connection stays half open, and the WAL
// is not folded into the file at the end.
func (i *chunkInserter) close() {
	i.single.close()
	i.chunk.close()
}

// begin forgets rows of a batch that failed.
func (i *chunkInserter) begin() { i.args, i.inserted = i.args[:0], 0 }

// added writes the rows that wait once they fill a chunk.
func (i *chunkInserter) added(ctx context.Context) error {
	if len(i.args) < chunkRows*i.width {
		return nil
	}
	err := i.exec(ctx, &i.chunk, i.args)
	i.args = i.args[:0]
	return err
}

func (i *chunkInserter) exec(ctx context.Context, s *directStmt, args []any) error {
	n, err := s.exec(ctx, args)
	i.inserted += n
	return err
}

// end writes the rows that fill no chunk, and keeps no value alive.
func (i *chunkInserter) end(ctx context.Context) error {
	defer func() { clear(i.args[:cap(i.args)]) }()
	for n := 0; n < len(i.args); n += i.width {
		if err := i.exec(ctx, &i.single, i.args[n:n+i.width]); err != nil {
			return err
		}
	}
	return nil
}
