package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/settlement/verify"
)

// pageFile is the HTML page, nil if none is wanted: whole under its name or not at all.
type pageFile struct{ pending *renameio.PendingFile }

// openPage begins the page before the report is read: to learn at the end of a long check
// that it cannot be written would be a pity. It replaces a page that an earlier check wrote;
// any other file, a key among them, only by force.
func openPage(path, report string, force bool) (pageFile, error) {
	if path == "" {
		return pageFile{}, nil
	}
	if err := replaceable(path, report, force); err != nil {
		return pageFile{}, fmt.Errorf("--html: %w", err)
	}
	pending, err := files.Create(path, 0o640)
	if err != nil {
		return pageFile{}, fmt.Errorf("--html: %w", err)
	}
	return pageFile{pending}, nil
}

func replaceable(path, report string, force bool) error {
	there, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if checked, err := os.Stat(report); err == nil && os.SameFile(there, checked) {
		return errors.New("this is the report itself; name another file")
	}
	if there.IsDir() {
		return fmt.Errorf("%s is a folder; name a file", path)
	}
	if there.Mode().IsRegular() && (force || there.Size() == 0) {
		return nil
	}
	f, err := files.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return err
	}
	if !bytes.Contains(head, []byte(verify.PageMark)) {
		return fmt.Errorf("%s is there, and no check of a report wrote it; name another file, or replace it with --force", path)
	}
	return nil
}

func (p pageFile) write(r *verify.Report) error {
	if p.pending == nil {
		return nil
	}
	err := r.WriteHTML(p.pending)
	if err == nil {
		err = p.pending.CloseAtomicallyReplace()
	}
	if err != nil {
		return fmt.Errorf("--html: %w", err)
	}
	return nil
}

// discard removes what was begun, if write did not finish it.
func (p pageFile) discard() {
	if p.pending != nil {
		_ = p.pending.Cleanup()
	}
}
