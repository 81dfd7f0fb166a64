package collect

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// maxFile bounds what is read of one file. A file that is longer counts up to here.
const maxFile = 4 << 20

// files are those of the machine, or of a folder in its place.
type files struct {
	root   string          // "" for the machine
	denied map[string]bool // paths that a fixture denies
}

var errNotRegular = errors.New("not a regular file")

// bytes reads a file. A pipe or a device that has the file's name does not make it wait.
func (f *files) bytes(path string) ([]byte, error) {
	if f.denied[path] {
		return nil, &fs.PathError{Op: "open", Path: path, Err: unix.EACCES}
	}
	return readRegular(f.root + path)
}

// readRegular reads by system calls alone. os.Open of a file that could be a pipe makes Go's network poller, and a host that closes the
// descriptors of the C library's poller as none of its own would end by Go's hand.
func readRegular(path string) ([]byte, error) {
	fd, err := ignoringEINTR(func() (int, error) {
		return unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, errors.Join(errNotRegular, err)
	}
	return io.ReadAll(io.LimitReader(descriptor(fd), maxFile))
}

// descriptor reads from an open file.
type descriptor int

func (d descriptor) Read(p []byte) (int, error) {
	n, err := ignoringEINTR(func() (int, error) { return unix.Read(int(d), p) })
	switch {
	case err != nil:
		return 0, err
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}

func ignoringEINTR(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

func (f *files) text(path string) (string, error) {
	b, err := f.bytes(path)
	return string(b), err
}

func (f *files) exists(path string) bool {
	_, err := os.Stat(f.root + path)
	return err == nil
}

// names are those of a folder, sd2 before sd10; none if it cannot be read.
func (f *files) names(path string) []string {
	entries, err := os.ReadDir(f.root + path)
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.SortFunc(names, natural)
	return names
}

// natural compares names so that numbers in them count as numbers.
func natural(a, b string) int {
	for a != "" && b != "" {
		numberA, restA := leadingNumber(a)
		numberB, restB := leadingNumber(b)
		if numberA != "" && numberB != "" {
			if len(numberA) != len(numberB) {
				return len(numberA) - len(numberB)
			}
			if c := strings.Compare(numberA, numberB); c != 0 {
				return c
			}
			a, b = restA, restB
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func leadingNumber(s string) (number, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	return strings.TrimLeft(s[:len(s)-len(rest)], "0"), rest
}

// resolve follows the links of a path; "" if it leads nowhere.
func (f *files) resolve(path string) string {
	resolved, err := filepath.EvalSymlinks(f.root + path)
	if err != nil {
		return ""
	}
	root := f.root
	if root != "" {
		if root, err = filepath.EvalSymlinks(root); err != nil {
			return ""
		}
	}
	inside, ok := strings.CutPrefix(resolved, root)
	if !ok {
		return ""
	}
	return inside
}
