package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tradefront/tradefront/internal/files"
)

// IsResult reports whether a file that begins with head is a result in JSON.
func IsResult(head []byte) bool {
	return bytes.HasPrefix(head, []byte("{")) && bytes.Contains(head, []byte(`"format": "`+Format+`"`))
}

// maxFile is the longest result that Read takes, in bytes.
const maxFile = 64 << 20

// Read reads a result that was written as JSON.
func Read(path string) (*Result, error) {
	text, err := files.Read(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	var r Result
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("the result %s: it is no result of a load test, or not whole: %w", path, err)
	}
	if r.Format != Format {
		return nil, fmt.Errorf("result %s: its format is %.60q, and this program knows %q", path, r.Format, Format)
	}
	if err := r.checkSeal(text); err != nil {
		return nil, fmt.Errorf("the result %s: %w", path, err)
	}
	for _, m := range []*map[string]int{&r.Refused, &r.Failed, &r.Hostile, &r.Again} {
		if *m == nil {
			*m = map[string]int{}
		}
	}
	return &r, nil
}

// fits refuses results of different runs.
func (r *Result) fits(other *Result) error {
	if r.Scenario != other.Scenario || r.Target != other.Target {
		return fmt.Errorf("result: %s at %s, and %s at %s, are two runs", r.Scenario, r.Target, other.Scenario, other.Target)
	}
	for _, id := range other.IDs {
		if slices.Contains(r.IDs, id) {
			return fmt.Errorf("result: the run %s is there already", id)
		}
	}
	if r.end().Before(other.Began) || other.end().Before(r.Began) {
		return errors.New("result: one had ended when the other began: they are two runs")
	}
	if r.ConfigHash != other.ConfigHash && r.ConfigHash != "" && other.ConfigHash != "" {
		return fmt.Errorf("result: the front had configuration %.12s in one and %.12s in the other: they are two runs", r.ConfigHash, other.ConfigHash)
	}
	if r.Peak != other.Peak && r.Peak != 0 && other.Peak != 0 {
		return fmt.Errorf("result: the historical peak is %v in one and %v in the other; say which is right by --historical-peak", r.Peak, other.Peak)
	}
	return nil
}
