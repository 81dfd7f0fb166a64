package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"

	"github.com/tradefront/tradefront/internal/files"
)

// PageFile is the HTML page on its way into a file, which appears whole under its name or not at all. The zero value is
// no page.
type PageFile struct{ pending *renameio.PendingFile }

// Page is what can be written as one page.
type Page interface{ WriteHTML(w io.Writer) error }

// CreatePage begins the page before the report is read, so that a page that cannot be written is known before a
// long check. It replaces a page about a report that was written earlier; any other file, a key among them, only with force. The
// file must not be report itself. "" is no page. The caller must call Discard in the end.
func CreatePage(path, report string, force bool) (PageFile, error) {
	if path == "" {
		return PageFile{}, nil
	}
	if err := replaceable(path, report, force); err != nil {
		return PageFile{}, fmt.Errorf("--html: %w", err)
	}
	pending, err := files.Create(path, 0o640)
	if err != nil {
		return PageFile{}, fmt.Errorf("--html: %w", err)
	}
	return PageFile{pending}, nil
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
	if !bytes.Contains(head, []byte(PageMark)) {
		return fmt.Errorf("%s is there, and is no page about a report; name another file, or replace it with --force", path)
	}
	return nil
}

// Write writes the page of a report and gives the file its name.
func (p PageFile) Write(r Page) error {
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

// Discard removes the temporary file, if Write did not finish it.
func (p PageFile) Discard() {
	if p.pending != nil {
		_ = p.pending.Cleanup()
	}
}
