package site

import (
	"fmt"
	"os/exec"
)

// Build builds the program into path, with the race detector if the tests have it. The
// working folder must lie in the module.
func Build(path string, tags ...string) error {
	args := []string{"build", "-o", path}
	if raceFlag != "" {
		args = append(args, raceFlag)
	}
	for _, tag := range tags {
		args = append(args, "-tags", tag)
	}
	out, err := exec.Command("go", append(args, "github.com/tradefront/tradefront/cmd/tradefront")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}
