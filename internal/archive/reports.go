package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

// addReports writes the files that the ledger's valid exports made, and their manifests. Each must be what was exported.
func (w *writer) addReports(ctx context.Context, dir string, exports []store.Export) error {
	for i := range exports {
		e := &exports[i]
		path := filepath.Join(dir, filepath.Base(e.File))
		sum, _, err := reportfile.Sum(ctx, path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("the report %s is not in %s: name its folder with --reports, or archive --without-reports", e.File, dir)
		case err != nil:
			return err
		case sum != e.SHA256:
			return fmt.Errorf("%s is not what was exported (sha256 %x, the ledger has %x): find the file that was, or archive --without-reports", path, sum, e.SHA256)
		}
		if err := w.addFile(reportsFolder+filepath.Base(path), path); err != nil {
			return err
		}
		manifest := reportfile.ManifestName(path)
		if err := w.addFile(reportsFolder+filepath.Base(manifest), manifest); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (w *writer) addFile(name, path string) (err error) {
	f, err := files.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return w.add(name, func(to io.Writer) error {
		_, err := io.Copy(to, f)
		return err
	})
}
