package localfile

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/store"
)

// Place is the files that a local store has open. SQLite opens by name, once for each connection, and
// would read one file and write another if a name came to mean another file.
type Place struct {
	Path string
	ids  [len(placeSuffixes)]fileID
}

// placeSuffixes are those of the main file, the WAL and the WAL's index. SQLite replaces none of them
// while a connection is open.
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

// Settle notes the files that are there. Call it once a connection is open and has read.
func (p *Place) Settle() {
	for i, suffix := range placeSuffixes {
		p.ids[i] = identify(p.Path + suffix)
	}
}

// Check is store.ErrMoved if one of the names means another file than at Settle. It costs three
// system calls.
func (p *Place) Check() error {
	for i, suffix := range placeSuffixes {
		if p.ids[i] != identify(p.Path+suffix) {
			return p.missing(p.Path+suffix, p.ids[i])
		}
	}
	return nil
}

func (p *Place) missing(name string, id fileID) error {
	where := "it is not known where it is"
	if now, descriptor := openAs(id); strings.HasSuffix(now, " (deleted)") {
		where = fmt.Sprintf("it was removed, and lives as long as this front runs. Save its records before a stop: "+
			"copy /proc/%d/fd/%s to a file, and the log that was beside it to the same name with -wal (%s), "+
			"restart, then tradefront local recover on that file", os.Getpid(), descriptor, p.walDescriptor())
	} else if now != "" && now != name {
		where = fmt.Sprintf("it is %s now", now)
	}
	return fmt.Errorf("%w: %s was moved, removed or replaced under the running front; %s. "+
		"Put %s back with its -wal and -shm, or stop the front, put them back, and start it", store.ErrMoved, name, where, filepath.Base(p.Path))
}

// walDescriptor is the path that the WAL can be copied from.
func (p *Place) walDescriptor() string {
	if _, descriptor := openAs(p.ids[1]); descriptor != "" {
		return fmt.Sprintf("/proc/%d/fd/%s", os.Getpid(), descriptor)
	}
	return p.Path + "-wal"
}

// openAs is the name by which the system knows an open file of ours, and its descriptor; "" if it is
// not known. Only Linux tells.
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

// placedConnector opens connections to the files of a place, and no others.
type placedConnector struct {
	driver.Connector
	place *Place
}

// Connect fails if the names mean other files before it opens them, or after: in between they may have
// been replaced.
func (c placedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.place.Check(); err != nil {
		return nil, err
	}
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.place.Check(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}
