package verify

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxManifest is the longest manifest in bytes that is read.
const maxManifest = 1 << 20

// judgeManifest compares the file with what `report export` wrote beside it, if that is
// there: the only thing that can tell of a cut exactly between two lines.
func judgeManifest(path string, read *chunker, found *findings) error {
	f, err := os.Open(path + ".manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if err != nil {
		return err
	}
	var m struct {
		Rows   int64  `json:"rows"`
		SHA256 string `json:"sha256"`
	}
	switch err := json.Unmarshal(data, &m); {
	case err != nil || m.SHA256 == "":
		found.add(FileManifest, 0, "the manifest cannot be read")
	case m.Rows != read.lines:
		found.add(FileManifest, 0, fmt.Sprintf("%s, the manifest says %d", plural(int(read.lines), "line"), m.Rows))
	case m.SHA256 != hex.EncodeToString(read.sum.Sum(nil)):
		found.add(FileManifest, 0, "as many lines, but another SHA-256")
	}
	return nil
}
