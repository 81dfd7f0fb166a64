package main

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/tradefront/tradefront/test/child"
)

// ownProcess is the test that a process of these tests was started for.
const ownProcess = "TRADEFRONT_TEST_OWN_PROCESS"

// inOwnProcess has a test that waits for seconds run in another process from now on, beside the tests that follow here: those need the folder
// and the signals of the process for themselves. It is true there; here it returns, false, once that has ended.
func inOwnProcess(t *testing.T) bool {
	t.Helper()
	if os.Getenv(ownProcess) == t.Name() {
		return true
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.Command(self, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), ownProcess+"="+t.Name())
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := child.Start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Parallel()
	if err := cmd.Wait(); err != nil || !bytes.Contains(out.Bytes(), []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v\n%s", err, &out)
	}
	return false
}
