package auth

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/textfile"
)

// The file is text: lines that start with # are comments, one line is the key in hex; two
// while it is being changed.
const masterKeyHeader = "# tradefront master key: encrypts the authcodes at rest. Keep a copy in a safe place:\n" +
	"# without it every authcode has to be issued again. Readable by the daemon's user only.\n"

// maxMasterKeyFile bounds what LoadMasterKey reads, in bytes.
const maxMasterKeyFile = 4096

// MasterKeyError says what is wrong with the master key file and what to do about it.
// It never contains any part of the file's content. Err is the cause where the
// operating system gave one (fs.ErrNotExist, fs.ErrExist, fs.ErrPermission), else nil.
type MasterKeyError struct {
	Path    string
	Problem string
	Remedy  string
	Err     error
}

func (e *MasterKeyError) Error() string {
	s := "master key file " + e.Path + ": " + e.Problem
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s + "; " + e.Remedy
}

func (e *MasterKeyError) Unwrap() error { return e.Err }

const createRemedy = "create one with: tradefront masterkey create --config FILE"

// CreateMasterKey writes a new random master key to path, mode 0600, and returns when
// file and folder are on disk. It never overwrites: an existing file, of any
// content, is a *MasterKeyError that wraps fs.ErrExist.
func CreateMasterKey(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return &MasterKeyError{
			path, "is there already and is not overwritten",
			"to start anew, move it away first; authcodes sealed under it will not open any more", err,
		}
	}
	if err != nil {
		return &MasterKeyError{path, "cannot be created", "check the folder and its permissions", err}
	}
	if err := writeMasterKey(f); err != nil {
		// Crash here: the file is incomplete and LoadMasterKey refuses it. Without a
		// crash, leave nothing behind that would stop a second try.
		return &MasterKeyError{path, "cannot be written", "check the disk", errors.Join(err, os.Remove(path))}
	}
	if err := files.SyncFolder(filepath.Dir(path)); err != nil {
		return &MasterKeyError{path, "the folder cannot be brought to disk", "check the disk", errors.Join(err, os.Remove(path))}
	}
	return nil
}

func writeMasterKey(f *os.File) error {
	var key [masterKeyLen]byte
	_, _ = rand.Read(key[:]) // never fails: it ends the program instead
	defer clear(key[:])
	text := keyFile(key[:])
	defer clear(text)
	_, err := f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// keyFile is the text of a file with these keys.
func keyFile(keys ...[]byte) []byte {
	text := make([]byte, 0, len(masterKeyHeader)+len(changeHeader)+2*(2*masterKeyLen+1))
	text = append(text, masterKeyHeader...)
	if len(keys) > 1 {
		text = append(text, changeHeader...)
	}
	for _, key := range keys {
		text = append(hex.AppendEncode(text, key), '\n')
	}
	return text
}

// LoadMasterKey reads what CreateMasterKey wrote. A file that another user than its owner can
// read or write is refused, but for systemd's credentials, which an access control list
// opens to the service's user alone, and what root gave a group of ours to read. A link to the file is fine: its target is judged.
// The error is a *MasterKeyError.
func LoadMasterKey(path string) (*MasterKey, error) {
	keys, _, err := readKeys(path)
	if err != nil {
		return nil, err
	}
	defer clearAll(keys)
	return newMasterKey(keys...)
}

// readKeys returns the one or two keys of the file, and what the file is.
func readKeys(path string) ([][]byte, fs.FileInfo, error) {
	f, err := files.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, &MasterKeyError{path, "is not there", createRemedy, err}
	}
	if err != nil {
		return nil, nil, &MasterKeyError{path, "cannot be opened", "the daemon's user must be able to read it", err}
	}
	defer f.Close()
	info, err := checkPermissions(f, path)
	if err != nil {
		return nil, nil, err
	}
	keys, err := parseKeys(f)
	if err != nil {
		clearAll(keys)
		return nil, nil, &MasterKeyError{path, "is not a master key", "restore it from your copy, or " + createRemedy, err}
	}
	return keys, info, nil
}

func clearAll(keys [][]byte) {
	for _, key := range keys {
		clear(key)
	}
}

// checkPermissions judges the file that was opened, not the one that has the name by now.
func checkPermissions(f *os.File, path string) (fs.FileInfo, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, &MasterKeyError{path, "cannot be examined", "check the disk", err}
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 && !(perm&0o077 == 0o040 && (onlyUsByACL(f) || !hasACL(f) && files.HandedByRoot(info))) {
		return nil, &MasterKeyError{
			path, fmt.Sprintf("mode %04o lets others than its owner in", perm),
			files.ModeAdvice(path, "chmod 600"), nil,
		}
	}
	return info, nil
}

// parseKeys returns one or two keys of 32 bytes, also beside an error: they must be wiped.
// Its errors say nothing of the content.
func parseKeys(r io.Reader) (keys [][]byte, err error) {
	scanner := bufio.NewScanner(io.LimitReader(r, maxMasterKeyFile))
	for first := true; scanner.Scan(); first = false {
		line := scanner.Bytes()
		if first {
			if line, err = textfile.Text(line); err != nil {
				return keys, err
			}
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		name, hidden := textfile.Hidden(line)
		key, err := hex.AppendDecode(nil, line)
		clear(line)
		keys = append(keys, key)
		switch {
		case err != nil && hidden:
			return keys, fmt.Errorf("its line holds %s, which does not show", name)
		case err != nil:
			return keys, errors.New("the key is not hex")
		case len(key) != masterKeyLen:
			return keys, fmt.Errorf("the key has %d bytes, want %d", len(key), masterKeyLen)
		case len(keys) > 2:
			return keys, errors.New("more than two lines are no comments")
		}
	}
	switch {
	case scanner.Err() != nil:
		return keys, scanner.Err()
	case len(keys) == 0:
		return nil, fmt.Errorf("the key has 0 bytes, want %d", masterKeyLen)
	case len(keys) == 2 && bytes.Equal(keys[0], keys[1]):
		return keys, errors.New("the new key and the old one are the same")
	}
	return keys, nil
}
