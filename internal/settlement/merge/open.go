package merge

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tradefront/tradefront/internal/extsort"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
)

// commonName is the unit and day that all inputs agree on.
func commonName(paths []string) (reportfile.Name, error) {
	if len(paths) < 2 {
		return reportfile.Name{}, errors.New("want at least two reports")
	}
	var first reportfile.Name
	for i, path := range paths {
		name, err := reportfile.ParseName(path)
		switch {
		case err != nil:
			return reportfile.Name{}, err
		case i == 0:
			first = name
		case name.UnitID != first.UnitID:
			return reportfile.Name{}, fmt.Errorf("%s is of unit %s, %s of unit %s: reports of different companies cannot be merged",
				paths[0], first.UnitID, path, name.UnitID)
		case name.Day != first.Day:
			return reportfile.Name{}, fmt.Errorf("%s is of %s, %s of %s: reports of different days cannot be merged",
				paths[0], first.Day, path, name.Day)
		}
	}
	return first, nil
}

// open opens all files, before anything is read, so that what can be refused is refused at
// once.
func (m *merge) open() (err error) {
	for _, path := range m.opt.Inputs {
		in, err := reportfile.Open(path)
		if err != nil {
			return err
		}
		m.inputs = append(m.inputs, in)
		m.total += in.Size()
	}
	if err := extsort.CheckFolder(m.opt.TempDir); err != nil {
		return err
	}
	name := reportfile.FileName(m.result.UnitID, m.result.Day)
	m.result.Path = filepath.Join(m.opt.OutDir, name)
	m.result.Manifest = reportfile.ManifestName(m.result.Path)
	if err := m.checkPlaces(); err != nil {
		return err
	}
	if m.out, err = reportfile.Create(m.opt.OutDir, name); err != nil {
		return err
	}
	if m.opt.SkipBad != "" {
		m.rejected, err = createRejected(m.opt.SkipBad)
	}
	return err
}

// checkPlaces keeps the files that are read and written apart, under any names.
func (m *merge) checkPlaces() error {
	for i, in := range m.inputs {
		for _, other := range m.inputs[:i] {
			if os.SameFile(in.Info(), other.Info()) {
				return fmt.Errorf("%s and %s are the same file", other.Path(), in.Path())
			}
		}
		same, err := isFile(m.result.Path, in.Info())
		if err != nil {
			return fmt.Errorf("output directory: %w", err)
		}
		if same {
			return fmt.Errorf("the result would replace the input %s; name another folder with --out", in.Path())
		}
	}
	if err := m.checkManifestPlace(); err != nil {
		return err
	}
	if m.opt.SkipBad == "" || filepath.Base(m.opt.SkipBad) != filepath.Base(m.result.Path) {
		return nil
	}
	dir, err := os.Stat(filepath.Dir(m.opt.SkipBad))
	if err != nil {
		return fmt.Errorf("--skip-bad: %w", err)
	}
	same, err := isFile(m.opt.OutDir, dir)
	if err == nil && same {
		err = errors.New("--skip-bad names the report itself; name another file")
	}
	return err
}

// isFile reports whether path leads to the file that info is of.
func isFile(path string, info os.FileInfo) (bool, error) {
	found, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(found, info), err
}
