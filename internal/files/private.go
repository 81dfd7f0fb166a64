package files

import "fmt"

// ModeError says that other users may read or write a file that holds a secret.
type ModeError struct{ Problem, Fix string }

func (e *ModeError) Error() string { return e.Problem + "; " + e.Fix }

// ReadPrivate reads a regular file of at most most bytes that its owner alone may use: a secret that others
// can read is none. What root gave a group of ours to read is fine.
func ReadPrivate(path string, most int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 && !HandedByRoot(info) {
		return nil, &ModeError{fmt.Sprintf("%s holds secrets, and its mode %04o lets other users in", path, perm), ModeAdvice(path, "chmod 600")}
	}
	return readAll(f, path, most)
}
