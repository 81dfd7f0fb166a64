package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
)

// Shelf is archive files in which logins are looked up. It changes nothing, and reads a member's checksum alone: Verify judges a file.
type Shelf struct{ files []*File }

// OpenShelf opens them all, or none.
func OpenShelf(paths []string) (*Shelf, error) {
	s := new(Shelf)
	for _, path := range paths {
		f, err := Open(path)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.files = append(s.files, f)
	}
	return s, nil
}

// Close closes the files.
func (s *Shelf) Close() (err error) {
	for _, f := range s.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// Find is the record of that RecordID and the path of the file that has it; store.ErrNotFound without one.
func (s *Shelf) Find(ctx context.Context, id uuid.UUID) (found store.Record, path string, err error) {
	for _, f := range s.files {
		n := 0
		err := f.Records(func(r *store.Record, _ int64) error {
			if n++; n%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			switch bytes.Compare(r.ID[:], id[:]) {
			case 0:
				found, path = *r, f.path
				return errEnough
			case 1: // they are in the order of their IDs
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return found, "", fmt.Errorf("archive: %s: %w", f.path, err)
		}
		if path != "" {
			return found, path, nil
		}
	}
	return found, "", store.ErrNotFound
}

// UnpackAudit writes the audit logs of the files into dir, as FILE/001-NAME, and returns their paths.
func (s *Shelf) UnpackAudit(ctx context.Context, dir string) (paths []string, err error) {
	for _, f := range s.files {
		folder := filepath.Join(dir, filepath.Base(f.path))
		if err := os.Mkdir(folder, 0o700); err != nil {
			return nil, fmt.Errorf("archive: %s: %w", f.path, err)
		}
		for _, m := range f.auditMembers() {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			path := filepath.Join(folder, filepath.Base(m.Name))
			if err := f.unpack(m, path); err != nil {
				return nil, fmt.Errorf("archive: %s: %w", f.path, err)
			}
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// unpack writes a member as a file. A damaged one may unpack to anything: what is longer than the manifest says must not fill the disk.
func (a *File) unpack(m *Member, path string) (err error) {
	in, err := a.open(m.Name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	n, err := io.Copy(out, io.LimitReader(in, m.Bytes+1))
	if err != nil {
		return fmt.Errorf("%s: %w", m.Name, err)
	}
	if n != m.Bytes {
		return fmt.Errorf("%s is not what the manifest says", m.Name)
	}
	return nil
}
