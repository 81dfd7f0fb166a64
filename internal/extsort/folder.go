package extsort

import (
	"fmt"
	"os"
)

// CheckFolder refuses a folder for temporary files that is none: a Sorter would notice only
// when its memory is full. "" is the system's.
func CheckFolder(path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder", path)
	}
	if err != nil {
		return fmt.Errorf("folder for temporary files: %w", err)
	}
	return nil
}
