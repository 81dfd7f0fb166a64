package verify

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/show"
)

// maxManifest is the longest manifest in bytes that is read.
const maxManifest = 1 << 20

// manifest is what verify needs of what `report export` or `report merge` wrote.
type manifest struct {
	Kind string `json:"kind"`
	// Vendors are those of a merge's lines.
	Vendors map[string]int64        `json:"vendor_ids"`
	Rows    int64                   `json:"rows"`
	SHA256  string                  `json:"sha256"`
	Inputs  []struct{ Kind string } `json:"inputs"` // of a merge
	// FrontsMissing are the fronts that may hold what the file lacks.
	FrontsMissing []struct {
		FrontID int32  `json:"front_id"`
		Host    string `json:"host"`
		Problem string `json:"problem"`
	} `json:"fronts_missing"`
	// Waived are the obstacles in spite of which it was written, those fronts among them.
	Waived []struct {
		Kind   string    `json:"kind"`
		Where  string    `json:"where"`
		What   string    `json:"what"`
		By     string    `json:"waived_by"`
		At     time.Time `json:"waived_at"`
		Reason string    `json:"reason"`
	} `json:"waived"`
}

// kindMerged is the file of several seats, whose software may be of several vendors.
const kindMerged = "merged"

// expectedVendors are those that a line may have: those that were asked for, and in a merged file
// those that the merge read. A wrong one of a seat is found where that seat's own file is verified.
func expectedVendors(o *Options) (all []string) {
	for _, v := range o.VendorIDs {
		if v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	var m manifest
	data, err := readManifest(o.Path)
	if err != nil || json.Unmarshal(data, &m) != nil || m.Kind != kindMerged {
		return all // judgeManifest tells what is wrong with it
	}
	for _, v := range slices.Sorted(maps.Keys(m.Vendors)) {
		if isVendor([]byte(v)) && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

// kindHandedIn is the obstacle of a report that took the place of one that was handed in.
const kindHandedIn = "report_handed_in"

// kindPartial is that of an export from before the window closed.
const kindPartial = "partial"

// judgeManifest compares the file with what was written beside it when it was made, if that
// is there: the only thing that can tell of a cut exactly between two lines.
func judgeManifest(path string, read *chunker, found *findings) error {
	data, err := readManifest(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var m manifest
	switch err := json.Unmarshal(data, &m); {
	case err != nil || m.SHA256 == "":
		found.add(FileManifest, 0, "the manifest cannot be read")
	case m.Rows != read.lines:
		found.add(FileManifest, 0, fmt.Sprintf("%s, the manifest says %d", plural(int(read.lines), "line"), m.Rows))
	case m.SHA256 != hex.EncodeToString(read.sum.Sum(nil)):
		found.add(FileManifest, 0, "as many lines, but another SHA-256")
	}
	m.judgeKind(found)
	return nil
}

func (m *manifest) judgeKind(found *findings) {
	for _, w := range m.Waived {
		if w.Kind == kindHandedIn {
			continue // nothing is missing for it
		}
		found.add(FileIncomplete, 0, fmt.Sprintf("its manifest says: %s; waived by %s at %s: %s",
			w.Where+" "+w.What, w.By, show.Time(w.At), w.Reason))
	}
	for _, f := range m.FrontsMissing {
		if len(m.Waived) > 0 {
			break // told with who waived it
		}
		found.add(FileIncomplete, 0, fmt.Sprintf("its manifest says: front %d (host %s) %s", f.FrontID, f.Host, f.Problem))
	}
	if m.Kind == kindPartial {
		found.add(FilePartial, 0, "its manifest says so")
	}
	for _, in := range m.Inputs {
		if in.Kind == kindPartial {
			found.add(FilePartial, 0, "its manifest says that it was merged from one")
			return
		}
	}
}

// judgeWindow tells of a report whose day still goes on, also if its manifest says otherwise, or if
// there is none. Without a time that the check was made at nothing can be said.
func judgeWindow(o *Options, win Window, found *findings) {
	if !o.Now.IsZero() && o.Now.Before(win.End) && found.count[FilePartial] == 0 {
		found.add(FilePartial, 0, "the window of its day closes at "+show.Time(win.End))
	}
}

func readManifest(path string) ([]byte, error) {
	f, err := files.Open(path + ".manifest.json")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxManifest))
}
