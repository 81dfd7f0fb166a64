package verify

import (
	"fmt"
	"os"

	"github.com/tradefront/tradefront/internal/files"
)

// watched is a file that is held to staying as it was when it was opened.
type watched struct {
	*os.File
	before os.FileInfo
}

func openWatched(path string) (*watched, error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &watched{f, info}, nil
}

// judge adds a fault if the bytes that were read may not be those that are there now.
func (w *watched) judge(read int64, f *findings) error {
	after, err := w.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(w.Name())
	switch {
	case err != nil:
		f.add(FileChanged, 0, "it was removed")
	case !os.SameFile(w.before, there):
		f.add(FileChanged, 0, "another file has taken its name")
	case after.Size() != w.before.Size():
		f.add(FileChanged, 0, fmt.Sprintf("it had %d bytes and has %d", w.before.Size(), after.Size()))
	case read != w.before.Size():
		f.add(FileChanged, 0, fmt.Sprintf("it had %d bytes, and %d were read", w.before.Size(), read))
	case !after.ModTime().Equal(w.before.ModTime()):
		f.add(FileChanged, 0, "it was written to")
	}
	return nil
}
