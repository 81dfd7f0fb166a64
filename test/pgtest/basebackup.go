package pgtest

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// follow fills the data folder of s with a copy of c's, taken while c runs, and has s stream from it under that
// application name. It is what pg_basebackup does, of which some builds of PostgreSQL have none, and which copies
// from no server that is newer than itself.
func (c *Cluster) follow(s *server, name string) error {
	if out, err := s.runAny("mkdir", "-m", "700", s.data()); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	if err := c.server.backup(s); err != nil {
		return fmt.Errorf("base backup: %w", err)
	}
	if out, err := s.runAny("touch", s.data()+"/standby.signal"); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return s.configure(fmt.Sprintf("primary_conninfo = 'host=127.0.0.1 port=%d user=postgres application_name=%s'\n", c.server.port, name))
}

// backup has the running server send its files, and the log that makes them one moment, and unpacks them for "to".
func (s *server) backup(to *server) error {
	major, err := s.major()
	if err != nil {
		return err
	}
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, s.url("postgres")+"&replication=true")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	tar := exec.Command("tar", "-x", "-p", "-C", to.data())
	tar.Dir = to.root
	tar.SysProcAttr = &syscall.SysProcAttr{Credential: to.user}
	in, err := tar.StdinPipe()
	if err != nil {
		return err
	}
	if err := tar.Start(); err != nil {
		return err
	}
	command := "BASE_BACKUP (LABEL 'standby', CHECKPOINT 'fast', WAL, WAIT false)"
	if major < 15 {
		command = "BASE_BACKUP LABEL 'standby' FAST WAL NOWAIT"
	}
	_, err = conn.CopyTo(ctx, archive{to: in, framed: major >= 15}, command)
	return firstError(err, in.Close(), tar.Wait())
}

// archive takes the messages of a base backup, and writes the archive that is in them. From PostgreSQL 15 on a message
// begins with its kind: a piece of the archive is one of them.
type archive struct {
	to     io.Writer
	framed bool
}

func (a archive) Write(message []byte) (int, error) {
	piece := message
	if a.framed {
		if len(message) == 0 || message[0] != 'd' {
			return len(message), nil
		}
		piece = message[1:]
	}
	if _, err := a.to.Write(piece); err != nil {
		return 0, err
	}
	return len(message), nil
}
