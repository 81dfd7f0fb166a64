package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/pgurl"
)

// CheckURL is the error of the driver for a URL of PostgreSQL, without connecting and without
// showing any part of it that may be its password.
func CheckURL(url *pgurl.URL) error {
	_, err := poolConfig(url)
	return err
}

// poolConfig is the driver's configuration of a URL. Where it leads is the URL's alone: of the
// PG* variables, which the driver reads too, none names another database or another schema.
func poolConfig(u *pgurl.URL) (*pgxpool.Config, error) {
	if os.Getenv("PGSERVICE") != "" {
		return nil, errors.New("store: PostgreSQL's URL: the environment variable PGSERVICE is set, and what its service file " +
			"says would be mixed in; unset it for tradefront")
	}
	cfg, err := pgxpool.ParseConfig(u.Conn())
	if err != nil {
		return nil, fmt.Errorf("store: PostgreSQL's URL: %w", whichParameter(u))
	}
	// Of PGOPTIONS and PGTZ; a search_path in the first would be another schema.
	for _, name := range []string{"options", "timezone"} {
		if !u.Names(name) {
			delete(cfg.ConnConfig.RuntimeParams, name)
		}
	}
	return cfg, nil
}

// maxPEM bounds what is read of a certificate or key.
const maxPEM = 16 << 20

// whichParameter names what the driver did not take of a URL whose other parts are sound: a
// file that cannot be read, or the parameter without which it takes the rest. The driver's
// own message holds the URL, and so the password.
func whichParameter(u *pgurl.URL) error {
	for _, name := range []string{"sslrootcert", "sslcert", "sslkey"} {
		path := u.Param(name)
		if path == "" || path == "system" {
			continue
		}
		if _, err := files.Read(path, maxPEM); err != nil {
			reason := "cannot be read"
			if e := (*fs.PathError)(nil); errors.As(err, &e) {
				reason += ": " + e.Err.Error()
			}
			return fmt.Errorf("the file that its parameter %s names %s", name, reason)
		}
	}
	for _, name := range u.Parameters() {
		if _, err := pgxpool.ParseConfig(u.Without(name).Conn()); err == nil {
			return fmt.Errorf("its parameter %s has a value that is not understood", name)
		}
	}
	return errors.New("its parameters, or the PG* variables of the environment, are not understood")
}

// connectError is the driver's error for a failed connection, in one line. The driver names
// user, database, host and port: all passed package pgurl.
type connectError struct {
	text string
	err  error
}

func (e *connectError) Error() string { return e.text }
func (e *connectError) Unwrap() error { return e.err }

// oneLine makes one line of the driver's error for a failed connection, with each attempt
// once: sslmode=prefer tries every host twice.
func oneLine(err error) error {
	if failed := (*pgconn.ConnectError)(nil); !errors.As(err, &failed) {
		return err
	}
	var parts []string
	seen := make(map[string]bool)
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" && !seen[line] {
			seen[line] = true
			parts = append(parts, line)
		}
	}
	text := parts[0]
	if len(parts) > 1 {
		text += " " + strings.Join(parts[1:], "; ")
	}
	return &connectError{text, err}
}
