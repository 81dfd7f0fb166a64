package simulation

import (
	"context"
	"database/sql/driver"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// image is the files of a front as they are on its disk at one instant. What SQLite shares
// in memory (-shm) is not in it: it makes that anew.
type image map[string][]byte

var imageFiles = []string{"local.db", "local.db-wal", "audit.jsonl"}

func readImage(dir string) image {
	files := make(image)
	for _, name := range imageFiles {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if os.IsNotExist(err) {
			continue
		}
		must(err)
		files[name] = b
	}
	return files
}

func (i image) write(dir string) {
	must(os.MkdirAll(dir, fs.FileMode(0o700)))
	for name, b := range i {
		must(os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
}

// sector is what a disk writes whole.
const sector = 512

// torn is what a loss of power may leave of a commit between the two instants: of what the
// commit wrote to the WAL, any sectors, in any order. The commit has not returned, so no
// terminal was answered for it. If it went on to copy the WAL into the file (a checkpoint),
// the WAL was synced before; then what may be torn is the file.
func torn(before, after image, random *rand.Rand) image {
	result := make(image)
	for name, b := range after {
		result[name] = b
	}
	name := "local.db-wal"
	if string(before["local.db"]) != string(after["local.db"]) {
		name = "local.db"
	}
	was, is := before[name], append([]byte(nil), after[name]...)
	keep := random.IntN(101) // percent of the sectors that reached the disk
	for at := 0; at < len(is); at += sector {
		if random.IntN(100) < keep {
			continue
		}
		end := min(at+sector, len(is))
		clear(is[at:end])
		if at < len(was) {
			copy(is[at:end], was[at:])
		}
	}
	result[name] = is
	return result
}

// connector puts the gate and the faults of the plan between database/sql and SQLite.
type connector struct {
	driver.Connector
	process *process
}

func (p *process) connector(name string) (driver.Connector, error) {
	inner, err := sqlite.NewConnector(name)
	return connector{inner, p}, err
}

// whole is what SQLite's connection can do; database/sql must find all of it.
type whole interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	sqlite.FileControl
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &connection{inner.(whole), c.process}, nil
}

// connection parks where the writer begins, commits, and has committed. No other part of
// the store executes or prepares these statements: the rest uses transactions of database/sql.
type connection struct {
	whole
	process *process
}

// PrepareContext makes a statement with the gate before it, as before one that is not prepared.
func (c *connection) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	inner, err := c.whole.PrepareContext(ctx, query)
	if err != nil || (query != "BEGIN IMMEDIATE" && query != "COMMIT") {
		return inner, err
	}
	return &statement{inner, c, query}, nil
}

// statement is executed by its connection, under its text.
type statement struct {
	driver.Stmt
	connection *connection
	query      string
}

func (s *statement) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.connection.ExecContext(ctx, s.query, args)
}

func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	gate := c.process.gate
	switch query {
	case "BEGIN IMMEDIATE":
		switch gate.pass("begin") {
		case dead:
			return nil, errDead
		case busy:
			return nil, shared().lockedFile
		}
		if err := c.boundFile(ctx); err != nil {
			return nil, err
		}
	case "COMMIT":
		r := gate.pass("commit")
		switch r {
		case dead:
			return nil, errDead
		case failed:
			return nil, shared().brokenFile
		}
		result, err := c.whole.ExecContext(ctx, query, args)
		if err != nil {
			return nil, err
		}
		if r == failedButDone {
			return nil, shared().brokenFile
		}
		if gate.pass("committed") == dead {
			return nil, errDead
		}
		return result, nil
	}
	return c.whole.ExecContext(ctx, query, args)
}

// boundFile makes the disk full for SQLite, which cannot let the file grow then, or not
// full any more.
func (c *connection) boundFile(ctx context.Context) error {
	pages := "4294967294"
	if c.process.diskFull.Load() {
		pages = "1" // SQLite makes of it what the file has
	}
	_, err := c.whole.ExecContext(ctx, "PRAGMA max_page_count = "+pages, nil)
	return err
}
