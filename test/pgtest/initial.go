package pgtest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/tradefront/tradefront/test/built"
	"github.com/tradefront/tradefront/test/testmain"
)

var initdbArgs = []string{"-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"}

// initialize fills the server's data folder with what initdb makes. That takes 1.5 s of CPU, and some fifteen packages
// start clusters: the first one keeps an archive of it, which the others unpack in a tenth of that.
func (s *server) initialize() error {
	version, err := s.run("postgres", "--version")
	if err != nil {
		return fmt.Errorf("postgres --version: %w\n%s", err, version)
	}
	sum := sha256.Sum256(fmt.Append(version, s.bin, initdbArgs, os.Getenv("TZ"))) // initdb writes the time zone, too
	archive, err := built.Opened(fmt.Sprintf("initdb-%x.tar", sum[:8]), archiveInitial)
	if err != nil {
		return err
	}
	defer archive.Close()
	cmd := exec.Command("tar", "-x", "-C", s.root)
	cmd.Stdin = archive
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("tar of initdb's folder: %w\n%s", err, out)
	}
	return nil
}

// archiveInitial runs initdb, and puts its folder at path as a tar archive.
func archiveInitial(path string) error {
	s, err := makeServer(testmain.Memory(), (*server).initdb)
	if err != nil {
		return err
	}
	defer s.remove()
	if out, err := exec.Command("tar", "-c", "-f", path, "-C", s.root, filepath.Base(s.data())).CombinedOutput(); err != nil {
		return fmt.Errorf("tar of initdb's folder: %w\n%s", err, out)
	}
	return nil
}

func (s *server) initdb() error {
	if out, err := s.run("initdb", append([]string{"-D", s.data()}, initdbArgs...)...); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}
