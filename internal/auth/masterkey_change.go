package auth

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tradefront/tradefront/internal/files"
)

// A change of the master key, beside running fronts. In each state every front opens every
// code, whichever of the files of this state or the one before it has:
//
//	files       codes in the database     how it goes on
//	old         old                       BeginMasterKey on one machine: a file with both keys
//	new, old    old                       the file is copied to every machine, and reloaded there
//	new, old    old ─ Reseal ─▶ new       in one transaction, or not at all
//	new, old    new                       FinishMasterKey on each machine, and reload
//	new         new
//
// Crash anywhere: a file is as before or after (it is replaced by rename), the database is
// as before or after, and the next run of the same step does what is left. A crash while a
// file is replaced leaves its temporary file beside it (.NAME and a number, mode 0600 or 0640) with
// keys in it; the next replacement removes it.

const changeHeader = "# A change of the key is under way: the new key, then the old one.\n"

// BeginMasterKey puts a new random key before the one in the file. A change that is under
// way already is a *MasterKeyError that wraps fs.ErrExist.
func BeginMasterKey(path string) error {
	keys, info, err := readKeys(path)
	if err != nil {
		return err
	}
	defer clearAll(keys)
	if len(keys) > 1 {
		return &MasterKeyError{path, "holds two keys: a change is under way", "go on with it, see: tradefront masterkey rotate --help", fs.ErrExist}
	}
	fresh := make([]byte, masterKeyLen)
	_, _ = rand.Read(fresh) // never fails: it ends the program instead
	defer clear(fresh)
	return replaceKeyFile(path, info, keyFile(fresh, keys[0]))
}

// FinishMasterKey leaves only the new key in the file. Its caller has seen that no
// code needs the old one. A file with one key is left as it is.
func FinishMasterKey(path string) error {
	keys, info, err := readKeys(path)
	if err != nil {
		return err
	}
	defer clearAll(keys)
	if len(keys) == 1 {
		return nil
	}
	return replaceKeyFile(path, info, keyFile(keys[0]))
}

// replaceKeyFile wipes text. The file keeps its owner, and its group what it may; a link stays one.
func replaceKeyFile(path string, info fs.FileInfo, text []byte) error {
	defer clear(text)
	fault := func(err error) error {
		return &MasterKeyError{path, "cannot be replaced", "check the folder and its permissions; a credential of systemd is changed where it comes from", err}
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fault(err)
	}
	perm := fs.FileMode(0o600)
	if files.HandedByRoot(info) {
		perm = 0o640 // else the daemon, which is in that group, could not read it any more
	}
	pending, err := files.Create(target, perm)
	if err != nil {
		return fault(err)
	}
	_, err = pending.Write(text)
	err = errors.Join(err, keepOwner(pending.File, info))
	if err == nil {
		err = pending.CloseAtomicallyReplace()
	}
	if err != nil {
		return fault(errors.Join(err, pending.Cleanup()))
	}
	if err := files.SyncFolder(filepath.Dir(target)); err != nil {
		return fault(err)
	}
	return nil
}

// Leftovers are the files with keys in them that a change of the file at path left when it was
// killed. Programs before this one worked in the system's folder for temporary files; what lies
// beside the file goes with the next change.
func Leftovers(path string) []string {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		target = path
	}
	left := files.Leftovers(target)
	if elsewhere := filepath.Join(os.TempDir(), filepath.Base(target)); filepath.Dir(elsewhere) != filepath.Dir(target) {
		left = append(left, files.Leftovers(elsewhere)...)
	}
	return left
}

// Reseal seals the codes of a anew under the new key. A previous code whose time has run
// out is dropped. With ErrNotSealed a code opened under neither key, and a is unchanged.
func (k *MasterKey) Reseal(a *App, now time.Time) error {
	if len(k.keys) < 2 {
		return errors.New("there is one master key only, nothing to seal anew")
	}
	next := *a
	var err error
	if next.Sealed, err = k.resealOne(a.Sealed, []byte(a.AppID)); err != nil {
		return &RowError{a.AppID, err}
	}
	if next.Previous.ValidAt(now) {
		if next.Previous.Sealed, err = k.resealOne(a.Previous.Sealed, boundPrevious(a.AppID, a.Previous.Until)); err != nil {
			return &RowError{a.AppID, fmt.Errorf("previous authcode: %w", err)}
		}
	} else {
		next.Previous = Predecessor{}
	}
	*a = next
	return nil
}

func (k *MasterKey) resealOne(sealed, bound []byte) ([]byte, error) {
	code, err := k.openAny(sealed, bound)
	if err != nil {
		return nil, err
	}
	defer code.Wipe()
	return k.sealUnder(0, code, bound)
}

// Census is under which key the codes of a directory are sealed.
type Census struct {
	Under   []int // codes by key, in the order of Fingerprints
	Neither error // joined *RowErrors, nil if every code opens
}

// Census counts the codes of rows; previous ones whose time has run out do not count.
func (k *MasterKey) Census(rows []App, now time.Time) Census {
	c := Census{Under: make([]int, len(k.keys))}
	var faults []error
	count := func(id []byte, a *App, sealed []byte) {
		code, which, err := k.openWhich(sealed, id)
		if err != nil {
			faults = append(faults, &RowError{a.AppID, err})
			return
		}
		code.Wipe()
		c.Under[which]++
	}
	for i := range rows {
		a := &rows[i]
		count([]byte(a.AppID), a, a.Sealed)
		if a.Previous.ValidAt(now) {
			count(boundPrevious(a.AppID, a.Previous.Until), a, a.Previous.Sealed)
		}
	}
	c.Neither = errors.Join(faults...)
	return c
}

// For is k as it seals beside these rows. While there are two keys that is the old one as
// long as the rows are sealed under it, for some front may not have the new one yet; and
// the new one after that, for some front may not have the old one any more.
func (k *MasterKey) For(rows []App) *MasterKey {
	next := &MasterKey{keys: k.keys, seal: len(k.keys) - 1}
	for i := range rows {
		code, which, err := k.openWhich(rows[i].Sealed, []byte(rows[i].AppID))
		if err == nil {
			code.Wipe()
			if which == 0 {
				next.seal = 0
			}
		}
	}
	return next
}
