package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tradefront/tradefront/internal/files"
)

// CheckFiles reports every file that the configuration needs and that cannot be read, and
// every folder that it would write into and that is not there. It is apart from Load
// because some commands make these files. What is in the files is judged by their users.
func (c *Config) CheckFiles() (faults Faults) {
	for i, k := range c.Keys {
		faults.readable(fmt.Sprintf("keys[%d].public_key_file", i), k.PublicKeyFile, "save the monitoring centre's public key there")
	}
	faults.readable("auth.master_key_file", c.Auth.MasterKeyFile, "make one with: tradefront masterkey create")
	faults.readable("calendar_file", c.CalendarFile, "copy configs/calendar.yaml there")
	if c.Store.URLFile != "" {
		faults.readable("store.url_file", c.Store.URLFile, "")
		faults.private("store.url_file", c.Store.URLFile)
	}
	faults.folder("store.path", c.Store.Path)
	if c.AuditLog != "" {
		faults.folder("audit_log", c.AuditLog)
	}
	faults = append(faults, c.sharedFiles()...)
	faults.sort()
	return faults
}

// sharedFiles: what the front writes into must be nothing that it reads or writes elsewhere. An
// audit log would be appended to a key, which no start could read again.
func (c *Config) sharedFiles() (faults Faults) {
	names := c.fileNames()
	for _, written := range names {
		if written.key != "audit_log" && written.key != "store.path" {
			continue
		}
		for _, other := range names {
			// Of the two that are written, the first is told.
			if other.key == written.key || other.key == "audit_log" || *written.name == "" || *other.name == "" {
				continue
			}
			if sameFile(*written.name, *other.name) {
				faults.add(written.key, *written.name+" is the file of "+other.key+" too", "name another file")
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

func (faults *Faults) readable(key, path, fix string) {
	if strings.HasPrefix(path, credentialPrefix) {
		*faults = append(*faults, missingCredential(key, path))
		return
	}
	if err := opens(path); err != nil {
		faults.add(key, path+reason(err), fix)
	}
}

// private: a secret that everybody on the machine can read is none. Its group may: that is
// how root hands it to the daemon.
func (faults *Faults) private(key, path string) {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o007 != 0 {
		faults.add(key, fmt.Sprintf("mode %04o of %s lets everybody in", info.Mode().Perm(), path), files.ModeAdvice(path, "chmod o="))
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
