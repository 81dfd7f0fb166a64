package pgtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// admin is a connection that makes and drops databases, one after the other: a connection for each would
// cost more than the database does.
type admin struct {
	mu   sync.Mutex // one statement at a time
	conn *pgconn.PgConn
}

func newAdmin(s *server) (*admin, error) {
	conn, err := pgconn.Connect(context.Background(), s.url("postgres"))
	return &admin{conn: conn}, err
}

// run runs one statement that returns no rows.
func (a *admin) run(statement string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := a.conn.Exec(context.Background(), statement).ReadAll(); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// close ends the connection.
func (a *admin) close() { _ = a.conn.Close(context.Background()) }

// create makes a database. Its files are copied: by default PostgreSQL 15 and newer write each page of the new
// database to the log, which takes two and a half times the processor. Older ones know no other way than copying.
func (a *admin) create(s *server, name, options string) error {
	major, err := s.major()
	if err != nil {
		return err
	}
	if major >= 15 {
		options += " STRATEGY file_copy"
	}
	return a.run("CREATE DATABASE " + name + " " + options)
}

// drop drops a database, connections or not.
func (a *admin) drop(name string) error { return a.run("DROP DATABASE " + name + " WITH (FORCE)") }

// major is the major version that the cluster was made by.
func (s *server) major() (int, error) {
	text, err := os.ReadFile(filepath.Join(s.data(), "PG_VERSION"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}
