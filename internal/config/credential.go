package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/pgurl"
)

// A file that is only read can be named as credential:NAME: systemd keeps it (LoadCredential=
// or LoadCredentialEncrypted= of the unit) in a folder for this service alone, and tells
// the folder in the variable CREDENTIALS_DIRECTORY.
const (
	credentialPrefix   = "credential:" //nolint:gosec // G101: a prefix, no credential
	credentialVariable = "CREDENTIALS_DIRECTORY"
)

// credentialsFolder is systemd's, "" if this process was given none.
func credentialsFolder(env []string) string {
	for _, line := range env {
		if folder, ok := strings.CutPrefix(line, credentialVariable+"="); ok && filepath.IsAbs(folder) {
			return folder
		}
	}
	return ""
}

// checkCredentials judges the names; a name can lead to no other folder.
func (c *Config) checkCredentials() (faults Faults) {
	for _, f := range c.fileNames() {
		name, is := strings.CutPrefix(*f.name, credentialPrefix)
		switch {
		case !is:
		case f.key == "audit_log" || f.key == "store.path":
			faults.add(f.key, "a credential can only be read, and the front writes this file", "name a file")
		case name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00"):
			faults.add(f.key, "want "+credentialPrefix+" and the name of a credential, without a folder", "")
		}
	}
	return faults
}

// Missing is the fault of a key that names a credential while systemd gave this process
// none; nil for any other. It is no fault of the file: commands that do not need that
// credential work all the same.
func (c *Config) Missing(key string) error {
	for _, f := range c.fileNames() {
		if f.key == key && strings.HasPrefix(*f.name, credentialPrefix) {
			return Faults{missingCredential(key, *f.name)}
		}
	}
	return nil
}

func missingCredential(key, name string) Fault {
	return Fault{
		Key: key, Problem: fmt.Sprintf("%s, but systemd gave this process no credentials (%s)", name, credentialVariable),
		Fix: "start it by a unit with LoadCredential=" + strings.TrimPrefix(name, credentialPrefix) + ":FILE, or set " +
			envPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "[", "_", "]", "").Replace(key)) + " to the file itself",
	}
}

// checkOpenPassword: a password in the configuration file is one only if not everybody on
// this machine can read the file.
func (c *Config) checkOpenPassword(path string, env []string) (faults Faults) {
	for _, line := range env {
		if strings.HasPrefix(line, envPrefix+"STORE_URL=") {
			return nil // it stands there, not in the file
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o007 == 0 || !holdsPassword(c.Store.URL) {
		return nil
	}
	faults.add("store.url", fmt.Sprintf("holds a password, and mode %04o of %s lets everybody in", info.Mode().Perm(), path),
		"write it into a file of its own and name that in url_file, or "+files.ModeAdvice(path, "chmod o="))
	return faults
}

// holdsPassword: what is not understood is refused for that.
func holdsPassword(database string) bool {
	u, err := pgurl.Parse(database)
	return err == nil && u.HasPassword()
}
