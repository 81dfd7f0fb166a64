package merge

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

// Manifest describes a merged file, in <name>.manifest.json beside it: what it holds
// and what it was made of.
type Manifest struct {
	File       string           `json:"file"`
	Kind       store.ExportKind `json:"kind"` // merged
	UnitID     string           `json:"report_unit_id"`
	TradingDay string           `json:"trading_day"`
	Vendors    map[string]int64 `json:"vendor_ids,omitempty"` // lines of each: each seat's software may have its own
	Rows       int64            `json:"rows"`
	Bytes      int64            `json:"bytes"`
	SHA256     string           `json:"sha256"`
	Inputs     []ManifestFile   `json:"inputs"`
	// Waived are the obstacles of the inputs, as their manifests have them, and what the merge went on in spite of.
	Waived  []reportfile.Waived `json:"waived,omitempty"`
	Version string              `json:"program_version"`
}

// ManifestFile is one file that was merged.
type ManifestFile struct {
	File   string           `json:"file"`           // without its folder: the seats' differ from firm to firm
	Kind   store.ExportKind `json:"kind,omitempty"` // as its manifest says, if it has one
	Rows   int64            `json:"rows"`           // good ones
	Bad    int64            `json:"bad,omitempty"`  // rejected
	SHA256 string           `json:"sha256"`
}

// What only a merge meets. Neither keeps an export back: the ledger has no merged files.
const (
	LinesRejected   store.ObstacleKind = "lines_rejected"   // an input has bad lines, which the merged file lacks
	ManifestDiffers store.ObstacleKind = "manifest_differs" // an input differs from the manifest beside it
)

// waive notes what the merge goes on in spite of, if it goes on.
func (m *merge) waive(kind store.ObstacleKind, path string, records int64, what, next string) {
	where := fmt.Sprintf("input %d, %s", len(m.result.Inputs)+1, filepath.Base(path)) // seats' files have one name
	m.waived = append(m.waived, reportfile.Waived{
		Obstacle: store.Obstacle{Day: m.result.Day, Kind: kind, Where: where, What: what, Records: records, Next: next},
		At:       m.opt.Waiver.At.In(regulation.Zone), By: m.opt.Waiver.By, Reason: m.opt.Waiver.Reason,
	})
}

// ManifestsError says that inputs of a merge differ from their manifests, and that
// nothing was written.
type ManifestsError struct{ Problems []string }

func (e *ManifestsError) Error() string {
	return "inputs differ from their manifests; nothing was written. Get file and manifest anew from the seat, " +
		"or merge all the same with --skip-bad FILE:\n  " + strings.Join(e.Problems, "\n  ")
}

// compareManifest holds what was read of an input to the manifest beside it, if there is
// one: nothing else shows that a file was cut between two lines.
func (m *merge) compareManifest(in *Input) {
	said, err := reportfile.ReadManifest(in.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	problem := ""
	switch {
	case err != nil:
		problem = err.Error()
	case said.Rows != in.Rows+in.Bad:
		problem = fmt.Sprintf("%s has %d lines, its manifest says %d", in.Path, in.Rows+in.Bad, said.Rows)
	case said.SHA256 != hex.EncodeToString(in.SHA256[:]):
		problem = fmt.Sprintf("%s has as many lines as its manifest says, but another SHA-256", in.Path)
	}
	if problem != "" {
		m.differing.Problems = append(m.differing.Problems, problem)
		m.waive(ManifestDiffers, in.Path, 0, "is not what its manifest tells of", "get file and manifest anew from the seat and merge again")
	}
	if err == nil {
		in.Kind = said.Kind
		m.waived = append(m.waived, said.Waived...)
		for _, o := range said.Missing() {
			m.result.Warnings = append(m.result.Warnings, in.Path+" may lack logins: "+o)
		}
	}
	if in.Kind == store.PartialExport {
		m.result.Warnings = append(m.result.Warnings, in.Path+" is a partial report: the window of the day had not closed when it was made. "+
			"Never hand in what was merged from it: get the seat's full export, and merge again")
	}
}

// checkManifestPlace keeps a merge from the place of an export, by the manifest that
// is there: the export could not be distinguished from the merged file any more. One that cannot
// be read may be an export's, and so may a report without one, whose manifest was moved away.
func (m *merge) checkManifestPlace() error {
	said, err := reportfile.ReadManifest(m.result.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if info, err := os.Lstat(m.result.Path); err == nil && !info.IsDir() {
			return fmt.Errorf("%s is there already, without a manifest that says that a merge made it; move it away, or name another folder with --out", m.result.Path)
		}
		return nil
	case err != nil:
		return fmt.Errorf("the manifest of the file at the place of the result cannot be read; move both away, or name another folder with --out: %w", err)
	case said.Kind != reportfile.MergedKind:
		return fmt.Errorf("%s is a report that an export made (%s), as its manifest says; name another folder with --out", m.result.Path, said.Kind)
	}
	return nil
}

// manifest begins the manifest of the result, durable under a temporary name: what can
// fail for want of room has failed after it.
func (m *merge) manifest() (_ *renameio.PendingFile, err error) {
	data, err := json.MarshalIndent(m.describe(), "", "  ")
	if err != nil {
		return nil, err
	}
	pending, err := files.Create(m.result.Manifest, reportfile.Perm)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = pending.Cleanup()
		}
	}()
	if _, err := pending.Write(append(data, '\n')); err != nil {
		return nil, err
	}
	return pending, pending.Sync()
}

func (m *merge) describe() Manifest {
	r := &m.result
	described := Manifest{
		File: filepath.Base(r.Path), Kind: reportfile.MergedKind, UnitID: r.UnitID, TradingDay: r.Day.String(),
		Rows: r.Rows, Bytes: r.Bytes, SHA256: hex.EncodeToString(r.SHA256[:]), Version: m.opt.Version,
		Vendors: m.vendors, Waived: m.waived,
	}
	for _, in := range r.Inputs {
		described.Inputs = append(described.Inputs, ManifestFile{
			filepath.Base(in.Path), in.Kind, in.Rows, in.Bad, hex.EncodeToString(in.SHA256[:]),
		})
	}
	return described
}

// maxManifest is the longest manifest in bytes that is read.
const maxManifest = 1 << 20

// ReadManifest reads the manifest of a merged file. One that is not there is an fs.ErrNotExist.
func ReadManifest(report string) (*Manifest, error) {
	b, err := files.Read(reportfile.ManifestName(report), maxManifest)
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%s: not a manifest: %w", reportfile.ManifestName(report), err)
	}
	if m.Kind != reportfile.MergedKind {
		return nil, fmt.Errorf("%s: not the manifest of a merged file, but of kind %q", reportfile.ManifestName(report), m.Kind)
	}
	return &m, nil
}
