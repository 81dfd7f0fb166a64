package site

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/tradefront/tradefront/test/built"
	"github.com/tradefront/tradefront/test/testmain"
)

// Build puts the program at path, with the race detector if the tests have it. The working
// folder must be in the module.
func Build(path string) error { return BuildProgram(path, "cmd/tradefront") }

// BuildProgram puts another program of the module at path, named by its folder. It is built once for
// all packages that ask; `go build` leaves a program as it is that is up to date.
func BuildProgram(path, folder string) error {
	var flags []string
	if testmain.Raced {
		flags = []string{"-race", "-gcflags=modernc.org/sqlite/lib=-race=false"} // as the Makefile's RACE
	}
	name, err := programName(folder, flags)
	if err != nil {
		return err
	}
	return built.Renewed(path, name, func(path string) error {
		// Without what debuggers read, a fifth of the linking, and without the commit, which git does not tell of a tree of another user's.
		args := append([]string{"build", "-ldflags=-w", "-buildvcs=false", "-o", path}, flags...)
		out, err := exec.Command("go", append(args, "github.com/tradefront/tradefront/"+folder)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("go build: %w\n%s", err, out)
		}
		return nil
	})
}

// programName tells apart the trees of this machine, so that two of them do not build by turns.
func programName(folder string, flags []string) (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	tree := sha256.Sum256(fmt.Append(out, folder, flags))
	return fmt.Sprintf("%s-%x", filepath.Base(folder), tree[:8]), nil
}

// EndAtOnce makes the processes of this one end without the second that the race detector
// waits at the end of each. A race is reported when it is found.
func EndAtOnce() error {
	if os.Getenv("GORACE") != "" {
		return nil // a GORACE of the caller's is kept
	}
	return os.Setenv("GORACE", "atexit_sleep_ms=0")
}
