package reportfile

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// maxManifest is the longest manifest in bytes that is read.
const maxManifest = 1 << 20

// MergedKind is the kind in the manifest of a merged file. The ledger has no such exports, and so no
// export takes a merged file for one of its own.
const MergedKind store.ExportKind = "merged"

// Manifest describes an exported report, in <name>.manifest.json beside it: what the file holds
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
	FrontsMissing []MissingFront `json:"fronts_missing,omitempty"`
	// Waived are all obstacles in spite of which the file was written, those fronts among them.
	Waived []Waived `json:"waived,omitempty"`

	Store     ManifestStore `json:"store"`
	Version   string        `json:"program_version"`
	Host      string        `json:"host"`
	Generated time.Time     `json:"generated"`
}

// MissingFront is a front that may hold records of a day that the store lacks.
type MissingFront struct {
	FrontID     int32     `json:"front_id"`
	Host        string    `json:"host"`
	Pending     int64     `json:"pending"`
	Quarantined int64     `json:"quarantined"`
	SetAside    int       `json:"set_aside"`
	Seen        time.Time `json:"last_seen"` // in UTC+8
	Problem     string    `json:"problem"`
	Next        string    `json:"next"`
}

func (f *MissingFront) String() string {
	return fmt.Sprintf("front %d (host %s, last seen %s) %s: %s", f.FrontID, f.Host,
		show.Time(f.Seen), f.Problem, f.Next)
}

// Waived is an obstacle with who waived it, when and why.
type Waived struct {
	store.Obstacle
	At     time.Time `json:"waived_at"` // in UTC+8
	By     string    `json:"waived_by"` // user@machine
	Reason string    `json:"reason"`
}

func (w *Waived) String() string {
	return fmt.Sprintf("%s %s (waived by %s at %s: %s)", w.Where, w.What, w.By, show.Time(w.At), w.Reason)
}

// ManifestWindow is half-open: [Start, End).
type ManifestWindow struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// ManifestStore says what of the store the file holds: everything of the day that
// Position covers and After does not.
type ManifestStore struct {
	Kind string `json:"kind"`
	// ID tells the store from others: see Identity of either store. Manifests of older programs lack it.
	ID       string         `json:"id,omitempty"`
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

// Explains reports whether the manifest is that of an export of this day, unit and store that
// made a file of that sum: the ledger may lack its line, if we crashed before it. Of a manifest without the store's
// ID it is not known which store that was.
func (m *Manifest) Explains(unitID, storeID string, day calendar.TradingDay, sum [32]byte) bool {
	if m.Store.ID != "" && storeID != "" && m.Store.ID != storeID {
		return false
	}
	switch m.Kind {
	case store.FullExport, store.PartialExport, store.SupplementExport:
		return m.UnitID == unitID && m.TradingDay == day.String() && m.SHA256 == hex.EncodeToString(sum[:]) &&
			m.Store.Position != ""
	}
	return false
}

// Missing lists what the file may lack, in sentences; manifests of older programs have fronts alone.
func (m *Manifest) Missing() (all []string) {
	for i := range m.Waived {
		all = append(all, m.Waived[i].String())
	}
	if len(all) > 0 {
		return all
	}
	for i := range m.FrontsMissing {
		all = append(all, m.FrontsMissing[i].String())
	}
	return all
}

// RemoveOrphan removes the manifest of a report that could not be given its name. If an earlier report has
// that name, the manifest stays and does not match it, which verify reports. The caller must have made the manifest.
func RemoveOrphan(report string) {
	if _, err := os.Lstat(report); errors.Is(err, fs.ErrNotExist) {
		_ = os.Remove(ManifestName(report)) // settlement.Exporter.Export says what follows if it stays
	}
}
