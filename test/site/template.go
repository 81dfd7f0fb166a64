package site

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tradefront/tradefront/internal/demo"
)

// Template is a firm with an AppID, and perhaps an account, that the program's commands have set up once, for all
// tests of a binary that begin with the same. A copy costs some files; the commands cost 50 ms of CPU each.
type Template struct {
	apps  []demo.App
	users []demo.Account
	files map[string][]byte // what the commands made: the master key, and an embedded store
}

// NewTemplate sets the firm up in a folder that is gone when it returns; account "" is none. more runs further commands with that
// configuration. In a PostgreSQL it leaves what the commands have written: for each copy the caller copies that database.
func NewTemplate(o Options, appID, account, password string, more ...func(config string) error) (*Template, error) {
	dir, err := os.MkdirTemp("", "site")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	config := filepath.Join(dir, configuration)
	if err := o.writeFiles(dir); err != nil {
		return nil, err
	}
	if err := setUp(&o, config); err != nil {
		return nil, err
	}
	app, err := addApp(o.Binary, config, appID)
	if err != nil {
		return nil, err
	}
	p := &Template{apps: []demo.App{app}}
	if account != "" {
		user, err := addAccount(o.Binary, config, account, password, "1")
		if err != nil {
			return nil, err
		}
		p.users = []demo.Account{user}
	}
	for _, run := range more {
		if err := run(config); err != nil {
			return nil, err
		}
	}
	p.files, err = readFolder(dir)
	return p, err
}

// New is a copy of the firm with those options, of the same driver.
func (p *Template) New(t testing.TB, o Options) *Site {
	t.Helper()
	s := newSite(t, o)
	for name, data := range p.files {
		if _, err := os.Stat(filepath.Join(s.Dir, name)); err != nil { // but for what newSite has written for these options
			s.Write(name, data)
		}
	}
	s.Apps, s.Users = slices.Clone(p.apps), slices.Clone(p.users)
	return s
}

func readFolder(dir string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[filepath.Base(path)], err = os.ReadFile(path)
		return err
	})
	return files, err
}
