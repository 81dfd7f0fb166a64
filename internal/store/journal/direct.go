package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// direct is the writer's connection below database/sql. What runs at each commit is prepared once, and executed without
// the locks, copies and checks of that package, which cost more than SQLite's own work on a row. The connection stays that of
// conn: each use is inside Raw, and all other statements go through conn.
type direct struct {
	conn                    *sql.Conn
	begin, commit, rollback directStmt

	// known is the data version after the last commit of records; valid only if isKnown.
	known   uint32
	isKnown bool
}

// directStmt is a prepared statement, for use inside direct.do.
type directStmt struct {
	stmt  driver.Stmt
	named []driver.NamedValue // its arguments, with their ordinals; used again
}

// versioned is what a connection of SQLite tells of its file: a number that changes with every change of the file's
// content that the connection has made, or finds when it begins a transaction.
type versioned interface {
	FileControlDataVersion(name string) (uint32, error)
}

func newDirect(ctx context.Context, conn *sql.Conn) (*direct, error) {
	d := &direct{conn: conn}
	for _, s := range []struct {
		into  *directStmt
		query string
	}{{&d.begin, "BEGIN IMMEDIATE"}, {&d.commit, "COMMIT"}, {&d.rollback, "ROLLBACK"}} {
		var err error
		if *s.into, err = d.prepare(ctx, s.query, 0); err != nil {
			return d, err
		}
	}
	return d, nil
}

// close gives the statements back, as those of inserter.
func (d *direct) close() {
	for _, s := range []*directStmt{&d.begin, &d.commit, &d.rollback} {
		s.close()
	}
}

// do runs f while no other use of the connection is possible.
func (d *direct) do(f func() error) error { return d.conn.Raw(func(any) error { return f() }) }

// prepare is a statement of so many arguments.
func (d *direct) prepare(ctx context.Context, query string, width int) (s directStmt, err error) {
	err = d.conn.Raw(func(c any) error {
		p, ok := c.(driver.ConnPrepareContext)
		if !ok {
			return fmt.Errorf("store: %T prepares no statements with a context", c)
		}
		s.stmt, err = p.PrepareContext(ctx, query)
		return err
	})
	if err != nil {
		return directStmt{}, err
	}
	s.named = make([]driver.NamedValue, width)
	for i := range s.named {
		s.named[i].Ordinal = i + 1
	}
	return s, nil
}

// run executes s by itself.
func (d *direct) run(ctx context.Context, s *directStmt) error {
	return d.do(func() error {
		_, err := s.exec(ctx, nil)
		return err
	})
}

// exec executes s, and says how many rows it changed. args have types of driver.Value.
func (s *directStmt) exec(ctx context.Context, args []any) (rows int64, err error) {
	e, ok := s.stmt.(driver.StmtExecContext)
	if !ok {
		return 0, fmt.Errorf("store: %T executes nothing with a context", s.stmt)
	}
	if len(args) != len(s.named) {
		return 0, errors.New("store: a statement has other arguments than it was prepared for")
	}
	for i, v := range args {
		s.named[i].Value = v
	}
	result, err := e.ExecContext(ctx, s.named)
	for i := range s.named {
		s.named[i].Value = nil // keep no record alive
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s *directStmt) close() {
	if s.stmt != nil {
		_ = s.stmt.Close()
		s.stmt = nil
	}
}

// changed reports, inside a transaction, whether the file may hold what this connection's last commit of records did not leave
// there: another process wrote to it, or other work of ours did. If the connection cannot tell, it may.
func (d *direct) changed() bool {
	if !d.isKnown {
		return true
	}
	now, ok := d.version()
	return !ok || now != d.known
}

// note is called after a commit of records. The version that it finds is of that commit, also if another process committed since: the
// connection finds that when it begins its next transaction.
func (d *direct) note() { d.known, d.isKnown = d.version() }

// forget is called where it is not known what the file holds.
func (d *direct) forget() { d.isKnown = false }

func (d *direct) version() (version uint32, ok bool) {
	err := d.conn.Raw(func(c any) error {
		v, can := c.(versioned)
		if !can {
			return nil
		}
		var err error
		version, err = v.FileControlDataVersion("main")
		ok = err == nil
		return err
	})
	return version, ok && err == nil
}
