package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tradefront/tradefront/internal/store"
)

// What a connection must be before anything is written or read on it. Each is asked in the
// simple protocol, which needs nothing of what is being asked.

// relied are the settings that statements and their answers rely on, with the value that every
// connection gets, also if the server, the database or the role has another. Of the timeouts the URL may have others: with those
// statements fail. With others of the rest they would mean something else, or their failure would not be told.
var relied = []struct{ name, value, because string }{
	{"statement_timeout", "0", "an export takes as long as its day"},
	{"lock_timeout", "0", "a migration waits for its turn"},
	{"idle_in_transaction_session_timeout", "0", "an export reads no faster than it can write"},
	{"transaction_timeout", "0", "an export is one transaction"},
	{"idle_session_timeout", "0", "connections wait for logins"},
	{"default_transaction_isolation", "read committed", "records that are sent twice would fail at each other"},
	{"default_transaction_deferrable", "off", "a report would wait for others"},
	{"standard_conforming_strings", "on", "a backslash is a backslash"},
	// A commit that no standby confirmed comes back with a warning and nothing else.
	{"client_min_messages", "notice", "a commit that was not confirmed is told by a warning"},
}

// clientEncoding goes with the first message: the server's error for a failed login is in it
// too. Unlike the role's own settings and the database's, it counts.
const clientEncoding = "UTF8"

// settle makes a new connection fit, or returns why it cannot be used.
func (p *Store) settle(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeoutCause(ctx, connectTimeout, errPatience)
	defer cancel()
	if err := holdsChinese(conn.PgConn()); err != nil {
		return err
	}
	if err := ownSession(ctx, conn); err != nil {
		return err
	}
	if _, err := ask(ctx, conn.PgConn(), settingsSQL(p.inURL)); err != nil {
		return err
	}
	return assertDurable(ctx, conn.PgConn())
}

// settingsSQL sets what is relied on, except timeouts that the URL itself sets. A setting that this
// version of PostgreSQL does not have is left out.
func settingsSQL(inURL map[string]string) string {
	return "SELECT count(set_config(w.name, w.value, false)) FROM (" + reliedValues(inURL) + ") AS w (name, value) JOIN pg_settings USING (name)"
}

// reliedValues are the rows (name, value) of what is relied on, without timeouts that the URL sets.
func reliedValues(inURL map[string]string) string {
	rows := []string{"('client_encoding', '" + clientEncoding + "')"}
	for _, s := range relied {
		if _, named := inURL[s.name]; !named || !strings.HasSuffix(s.name, "_timeout") {
			rows = append(rows, "('"+s.name+"', '"+s.value+"')")
		}
	}
	return "VALUES " + strings.Join(rows, ", ")
}

// ask returns the first row of a query in the simple protocol.
func ask(ctx context.Context, conn *pgconn.PgConn, query string) ([]string, error) {
	results, err := conn.Exec(ctx, query).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(results) != 1 || len(results[0].Rows) == 0 {
		return nil, fmt.Errorf("no answer to %q", query)
	}
	var row []string
	for _, column := range results[0].Rows[0] {
		row = append(row, string(column))
	}
	return row, nil
}

// encodingError is the fault of a database that cannot hold every character of an AppID.
const encodingError = "the database's encoding is %s, which cannot hold every character of an AppID: make one with " +
	"CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and migrate there"

// holdsChinese refuses a database in another encoding than UTF-8. One without any (SQL_ASCII)
// keeps bytes as they come, and Inspect warns of it.
func holdsChinese(conn *pgconn.PgConn) error {
	switch encoding := conn.ParameterStatus("server_encoding"); encoding {
	case "UTF8", "SQL_ASCII", "":
		return nil
	default:
		return &store.UnfitError{Reason: fmt.Sprintf(encodingError, encoding)}
	}
}

// writable refuses a server that takes no records: a standby, or one whose administrator has
// stopped writing. With several hosts in the URL, and after a failover, the next is tried.
func writable(ctx context.Context, conn *pgconn.PgConn) error {
	row, err := ask(ctx, conn, "SELECT current_setting('transaction_read_only'), pg_is_in_recovery()")
	switch {
	case err != nil:
		return err
	case row[1] == "t":
		return &store.UnfitError{Reason: "the server is a standby, which is read only"}
	case row[0] == "on":
		return &store.UnfitError{Reason: "the database is read only for this role: default_transaction_read_only is on, of the server, the database or the role"}
	}
	return nil
}
