package settlement

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/store"
)

// maxManifest is the longest manifest in bytes that is read.
const maxManifest = 1 << 20

// Manifest is what stands beside a report, in <name>.manifest.json: what the file holds
// and where it came from. Times are UTC+8.
type Manifest struct {
	File       string           `json:"file"`
	Kind       store.ExportKind `json:"kind"`
	UnitID     string           `json:"report_unit_id"`
	TradingDay string           `json:"trading_day"`
	Window     ManifestWindow   `json:"window"`

	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`

	// How many lines have which value.
	Vendors     map[string]int64 `json:"vendor_ids"`
	KeyVersions map[string]int64 `json:"key_versions"`
	Flags       map[string]int64 `json:"flags"`
	// Provisional lines rest on a trading day that the calendar did not know for certain;
	// OutsideWindow ones have a login time outside the window. Both should be 0.
	Provisional   int64 `json:"provisional"`
	OutsideWindow int64 `json:"outside_window"`
	// FrontsMissing are the fronts that may have held records of the day which the file
	// lacks; it was written all the same.
	FrontsMissing []FrontObstacle `json:"fronts_missing,omitempty"`
	// Waived are all obstacles in spite of which the file was written, those fronts among them.
	Waived []Waived `json:"waived,omitempty"`

	Store     ManifestStore `json:"store"`
	Version   string        `json:"program_version"`
	Host      string        `json:"host"`
	Generated time.Time     `json:"generated"`
}

// ManifestWindow is half-open: [Start, End).
type ManifestWindow struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// ManifestStore says what of the store the file holds: everything of the day that
// Position covers and After does not.
type ManifestStore struct {
	Kind     string         `json:"kind"`
	Position store.Position `json:"position"`
	After    store.Position `json:"after,omitempty"`
}

// ManifestName is the name of the manifest of a report file.
func ManifestName(report string) string { return report + ".manifest.json" }

// ReadManifest reads the manifest of the report at path. One that is not there is an
// fs.ErrNotExist.
func ReadManifest(report string) (*Manifest, error) {
	f, err := files.Open(ManifestName(report))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var m Manifest
	if err := json.NewDecoder(io.LimitReader(f, maxManifest)).Decode(&m); err != nil {
		return nil, fmt.Errorf("%s: not a manifest: %w", f.Name(), err)
	}
	return &m, nil
}

// write puts the manifest beside its report in dir, whole or not at all, and durable.
func (m *Manifest) write(dir string, sync func(string) (bool, error)) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, ManifestName(m.File))
	if err := files.Write(path, append(data, '\n'), reportPerm); err != nil {
		return err
	}
	_, err = sync(dir) // the report's own sync tells of a folder that cannot
	return err
}

// explains reports whether the manifest is that of an export of this day and unit that
// made a file of that sum: the ledger may lack its line, if we crashed before it.
func (m *Manifest) explains(unitID string, day calendar.TradingDay, sum [32]byte) bool {
	switch m.Kind {
	case store.FullExport, store.PartialExport, store.SupplementExport:
		return m.UnitID == unitID && m.TradingDay == day.String() && m.SHA256 == hex.EncodeToString(sum[:]) &&
			m.Store.Position != ""
	}
	return false
}

// missing says in words what the file may lack; those of an older program have fronts alone.
func (m *Manifest) missing() (all []string) {
	for i := range m.Waived {
		all = append(all, m.Waived[i].String())
	}
	if len(all) > 0 {
		return all
	}
	for _, o := range m.FrontsMissing {
		all = append(all, o.String())
	}
	return all
}

// removeOrphan removes the manifest of a report that could not be given its name. With a report from before
// under that name the manifest stays, and does not match it, which verify tells.
func removeOrphan(report string) {
	if _, err := os.Lstat(report); errors.Is(err, fs.ErrNotExist) {
		_ = os.Remove(ManifestName(report)) // what stays is described at Export
	}
}
