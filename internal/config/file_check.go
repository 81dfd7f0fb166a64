package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"github.com/tradefront/tradefront/internal/files"
)

// CheckFiles reports every file that the configuration needs and that cannot be read, and
// every folder that it would write into and that is not there. It is apart from Load
// because some commands make these files. The contents are judged by those who use them.
func (c *Config) CheckFiles() Faults { return checkFiles(c.files()) }

func checkFiles(named []named) (faults Faults) {
	for _, f := range named {
		if f.written() {
			faults.folder(f.key, f.path)
			continue
		}
		faults.readable(&f)
		if f.private() {
			faults.notPublic(f.key, f.path)
		}
	}
	faults = append(faults, sharedFiles(named)...)
	faults.sort()
	return faults
}

// named is a file that the configuration names.
type named struct {
	*field
	key  string
	path string
	err  error // of a credential that is not there
}

// files are those that the configuration names, in the order of its keys.
func (c *Config) files() []named { return filesOf(schema(), reflect.ValueOf(*c)) }

func filesOf(root *field, v reflect.Value) (all []named) {
	root.values(v, "", func(f *field, key string, v reflect.Value) {
		n := named{field: f, key: key}
		if file, is := v.Interface().(File); is {
			n.path, n.err = file.Path, file.Err()
		} else if f.written() {
			n.path = v.String()
		}
		if n.path != "" {
			all = append(all, n)
		}
	})
	return all
}

// sharedFiles: what the front writes into must be nothing that it reads or writes elsewhere. An
// audit log would be appended to a key, which no start could read again.
func sharedFiles(all []named) (faults Faults) {
	for i, w := range all {
		for j, other := range all {
			// Of two that are written, the first has the fault.
			if !w.written() || i == j || other.written() && j < i {
				continue
			}
			if sameFile(w.path, other.path) {
				faults.add(w.key, w.path+" is the file of "+other.key+" too", "name another file")
			}
		}
	}
	return faults
}

func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	first, errA := os.Stat(a)
	second, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(first, second)
}

func (faults *Faults) readable(f *named) {
	var lacking Faults
	if errors.As(f.err, &lacking) {
		*faults = append(*faults, lacking...)
		return
	}
	if err := opens(f.path); err != nil {
		faults.add(f.key, f.path+reason(err), f.tag.Get("missing"))
	}
}

// notPublic: a secret that all users of the machine can read is none. Its group may: that is
// how root hands it to the daemon.
func (faults *Faults) notPublic(key, path string) {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o007 != 0 {
		faults.add(key, fmt.Sprintf("mode %04o of %s lets all users in", info.Mode().Perm(), path), files.ModeAdvice(path, "chmod o="))
	}
}

func opens(path string) error {
	f, err := files.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

func (faults *Faults) folder(key, path string) {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		faults.add(key, "the folder "+dir+reason(err), "make the folder")
	case !info.IsDir():
		faults.add(key, dir+" is not a folder", "")
	}
}

func reason(err error) string {
	var other *files.KindError
	switch {
	case errors.As(err, &other):
		return " " + other.Error()
	case errors.Is(err, fs.ErrNotExist):
		return " does not exist"
	case errors.Is(err, fs.ErrPermission):
		return " may not be read by this user"
	}
	return ": " + err.Error()
}
