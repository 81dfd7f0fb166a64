package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/tradefront/tradefront/test/testmain"
)

// initial is the data folder that each cluster of this binary copies: initdb takes a second of
// CPU time, a copy a tenth. Main removes it.
var initial initialData

type initialData struct {
	once sync.Once
	root string // "" before the first cluster
	data string
	err  error
}

// initialize fills the server's data folder.
func (s *server) initialize() error {
	if shared.managed.Load() {
		if initial.once.Do(func() { initial.make() }); initial.err != nil {
			return initial.err
		}
		if out, err := s.runAny("cp", "-Rp", initial.data, s.data()); err != nil {
			return fmt.Errorf("copy of initdb's folder: %w\n%s", err, out)
		}
		return nil
	}
	return s.initdb()
}

func (i *initialData) make() {
	s := &server{}
	if s.bin, i.err = binaries(); i.err != nil {
		return
	}
	if s.root, i.err = testmain.MkdirTemp(testmain.Memory(), folders); i.err != nil {
		return
	}
	i.root, i.data = s.root, filepath.Join(s.root, "data")
	if i.err = s.own(); i.err == nil {
		i.err = s.initdb()
	}
}

func (i *initialData) remove() {
	if i.root != "" {
		_ = os.RemoveAll(i.root)
	}
}

func (s *server) initdb() error {
	if out, err := s.run("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--locale=C", "--no-sync"); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}
