package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// KindError is the error of a name that leads to something that is no regular file.
type KindError struct{ Kind string }

func (e *KindError) Error() string { return "is " + e.Kind + ", not a regular file" }

// Open opens a regular file for reading. Anything else is an *fs.PathError of a *KindError.
func Open(path string) (*os.File, error) {
	// Without O_NONBLOCK the open of a pipe waits for a writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: &KindError{"a socket"}}
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: &KindError{kind(info.Mode())}}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "no regular file"
}

// Read reads a regular file of at most most bytes.
func Read(path string, most int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, path, most)
}

// readAll leaves no copy behind that the caller cannot wipe: it wipes a buffer that it outgrows.
func readAll(r io.Reader, name string, most int64) ([]byte, error) {
	data := make([]byte, 0, min(most, 4096)+1)
	for {
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > most:
			clear(data)
			return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("is longer than %d bytes", most)}
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			clear(data)
			return nil, err
		}
		if len(data) == cap(data) {
			grown := append(make([]byte, 0, min(2*int64(cap(data)), most+1)), data...)
			clear(data)
			data = grown
		}
	}
}
