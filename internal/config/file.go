package config

import (
	"fmt"
	"path/filepath"
	"strings"
)

// File is a file that is only read. In the configuration it is a path, or credential:NAME: systemd
// keeps that (LoadCredential= or LoadCredentialEncrypted= of the unit) in a folder for this service
// alone, and names the folder in the variable CREDENTIALS_DIRECTORY.
type File struct {
	// Path is absolute, or relative to the working folder; "" if no file is named.
	Path string

	lacking Fault // of a credential of which the folder is not known
}

// String is the path.
func (f File) String() string { return f.Path }

const (
	credentialPrefix   = "credential:" //nolint:gosec // G101: a prefix, no credential
	credentialVariable = "CREDENTIALS_DIRECTORY"
)

// Err is the fault of a file that is a credential while systemd gave this process none; nil for any
// other. It is no fault of the configuration: commands that do not need that file work all the same.
func (f File) Err() error {
	if f.lacking.Problem == "" {
		return nil
	}
	return Faults{f.lacking}
}

// credentialsFolder is systemd's, "" if this process was given none.
func credentialsFolder(env []string) string {
	for _, line := range env {
		if folder, ok := strings.CutPrefix(line, credentialVariable+"="); ok && filepath.IsAbs(folder) {
			return folder
		}
	}
	return ""
}

func readFileName(written any, at place) (any, Faults) {
	text := written.(string)
	if faults := fileNameFaults(text); len(faults) > 0 {
		return File{}, faults
	}
	name, isCredential := strings.CutPrefix(text, credentialPrefix)
	switch {
	case !isCredential:
		return File{Path: at.resolve(text)}, nil
	case name == "" || name == "." || name == ".." || strings.Contains(name, "/"):
		return File{}, Faults{{Problem: "want " + credentialPrefix + " and the name of a credential, without a folder"}}
	case at.credentials == "":
		return File{Path: text, lacking: at.lacking(name)}, nil
	}
	return File{Path: filepath.Join(at.credentials, name)}, nil
}

// readWrittenName is of a file that the front writes.
func readWrittenName(written any, at place) (any, Faults) {
	name := written.(string)
	faults := fileNameFaults(name)
	if strings.HasPrefix(name, credentialPrefix) {
		faults.add("", "a credential can only be read, and the front writes this file", "name a file")
	}
	return at.resolve(name), faults
}

func fileNameFaults(name string) (faults Faults) {
	switch {
	case strings.ContainsRune(name, 0):
		faults.add("", "contains a NUL byte", "")
	case name == "":
		faults.add("", "is empty", "name a file")
	}
	return faults
}

func (at place) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(at.folder, path)
}

func (at place) lacking(name string) Fault {
	fix := "start it by a unit with LoadCredential=" + name + ":FILE"
	if !strings.Contains(at.key, "[") {
		fix += ", or set " + variableOf(at.key) + " to the file itself"
	}
	return Fault{
		Key: at.key, Problem: fmt.Sprintf("%s%s, but systemd gave this process no credentials (%s)", credentialPrefix, name, credentialVariable),
		Fix: fix,
	}
}
