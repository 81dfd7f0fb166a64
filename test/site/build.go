package site

import (
	"fmt"
	"os"
	"os/exec"

	"github.com/tradefront/tradefront/test/testmain"
)

// Build builds the program into path, with the race detector if the tests have it. The
// working folder must be in the module.
func Build(path string) error { return BuildProgram(path, "cmd/tradefront") }

// BuildProgram builds another program of the module, named by its folder.
func BuildProgram(path, folder string) error {
	args := []string{"build", "-o", path}
	if testmain.Raced {
		args = append(args, "-race", "-gcflags=modernc.org/sqlite/lib=-race=false") // as the Makefile's RACE
	}
	out, err := exec.Command("go", append(args, "github.com/tradefront/tradefront/"+folder)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// EndAtOnce makes the processes of this one end without the second that the race detector
// waits at the end of each. A race is reported when it is found.
func EndAtOnce() error {
	if os.Getenv("GORACE") != "" {
		return nil // a GORACE of the caller's is kept
	}
	return os.Setenv("GORACE", "atexit_sleep_ms=0")
}
