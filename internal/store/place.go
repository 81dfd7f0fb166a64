package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrMoved says that the files that a running front has open are not the ones that its paths name:
// they were moved, removed or replaced. What is committed now goes where the next start does not
// look, so no login is answered with success until they are back.
var ErrMoved = errors.New("store: the local store's files are not at their place")

// place is which files a local store has open: SQLite opens by name, once for each connection, and
// would read one file and write another if a name came to mean something else.
type place struct {
	path string
	ids  [len(placeSuffixes)]fileID
}

// placeSuffixes are those of the file, its log and the log's index. None of them changes while one
// connection is open.
var placeSuffixes = [...]string{"", "-wal", "-shm"}

// fileID is which file a name means; zero if there is none.
type fileID struct{ device, inode uint64 }

func identify(path string) fileID {
	var s unix.Stat_t
	if unix.Stat(path, &s) != nil {
		return fileID{}
	}
	return fileID{uint64(s.Dev), s.Ino} //nolint:unconvert // the types differ by system
}

// settle notes the files that are there, once a connection is open and has read.
func (p *place) settle() {
	for i, suffix := range placeSuffixes {
		p.ids[i] = identify(p.path + suffix)
	}
}

// check costs three system calls, beside the sync of a commit.
func (p *place) check() error {
	for i, suffix := range placeSuffixes {
		if p.ids[i] != identify(p.path+suffix) {
			return p.missing(p.path+suffix, p.ids[i])
		}
	}
	return nil
}

func (p *place) missing(name string, id fileID) error {
	where := "it is not known where it is"
	if now, descriptor := openAs(id); strings.HasSuffix(now, " (deleted)") {
		where = fmt.Sprintf("it was removed, and lives as long as this front runs. Save its records before a stop: "+
			"copy /proc/%d/fd/%s to a file, and the log that was beside it to the same name with -wal (%s), "+
			"restart, then tradefront local recover on that file", os.Getpid(), descriptor, p.logDescriptor())
	} else if now != "" && now != name {
		where = fmt.Sprintf("it is %s now", now)
	}
	return fmt.Errorf("%w: %s was moved, removed or replaced under the running front; %s. "+
		"Put %s back with its -wal and -shm, or stop the front, put them back, and start it", ErrMoved, name, where, filepath.Base(p.path))
}

// logDescriptor is where the log can be copied from.
func (p *place) logDescriptor() string {
	if _, descriptor := openAs(p.ids[1]); descriptor != "" {
		return fmt.Sprintf("/proc/%d/fd/%s", os.Getpid(), descriptor)
	}
	return p.path + "-wal"
}

// openAs is the name that the system knows an open file of ours by, and its descriptor; "" if it
// does not tell (it is Linux that does).
func openAs(id fileID) (name, descriptor string) {
	const own = "/proc/self/fd/"
	entries, err := os.ReadDir(own)
	if err != nil {
		return "", ""
	}
	for _, e := range entries {
		if identify(own+e.Name()) == id {
			name, _ = os.Readlink(own + e.Name())
			return name, e.Name()
		}
	}
	return "", ""
}

// placedConnector opens connections to the files of a place only.
type placedConnector struct {
	driver.Connector
	place *place
}

// Connect refuses if the names mean other files, before it opens them or after: what was opened in
// between may be another file.
func (c placedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.place.check(); err != nil {
		return nil, err
	}
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.place.check(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}
